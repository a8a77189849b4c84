"""Acts that need more than one person: one asks, others agree, and only then is it done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

STANDS = timedelta(hours=24)
CONFIGURATION = "config"
"""Who asks for what stands in the configuration: an administrator, of whom only the file is known."""


class Approval(Base):
    """`act` and `object` as the journal names them; `subject` is what it takes to do it: ids, never a lead's words.

    `who` are the roles that may agree, `needs` how many people other than the one who asked, `about` whom it concerns,
    who may not agree to it either. What a person asks for stands for a day, what the configuration asks for until it
    asks for something else.
    """

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    act: Mapped[str]
    object: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    who: Mapped[list[str]]
    needs: Mapped[int] = mapped_column(default=1)
    about: Mapped[str] = mapped_column(default="")
    subject: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    agreed_by: Mapped[list[str]] = mapped_column(default_factory=list)
    told_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[str] = mapped_column(default="")

    def open_at(self, now: datetime) -> bool:
        lasting = self.asked_by == CONFIGURATION or now < self.asked_at + STANDS
        return self.ended_at is None and lasting

    def end(self, outcome: str, at: datetime) -> None:
        """`done`, `refused`, or `superseded` by another wish about the same thing."""
        self.outcome, self.ended_at = outcome, at


async def ask(session: AsyncSession, fresh: Approval) -> Approval:
    """Ask for an act; the very same one asked again by the same person is not asked twice, another one takes its place."""
    for known in await open_about(session, fresh.act, fresh.object, fresh.asked_at):
        if known.asked_by != fresh.asked_by:
            continue
        if known.subject == fresh.subject:
            return known
        known.end("superseded", fresh.asked_at)
    session.add(fresh)
    await session.flush()
    return fresh


async def open_about(session: AsyncSession, act: str, object: str, now: datetime) -> list[Approval]:
    """What has been asked about one thing and still waits, oldest first."""
    query = select(Approval).where(Approval.act == act, Approval.object == object, Approval.ended_at.is_(None))
    return [one for one in await session.scalars(query.order_by(Approval.id)) if one.open_at(now)]


async def by_id(session: AsyncSession, number: int) -> Approval | None:
    return (await session.execute(select(Approval).where(Approval.id == number))).scalar_one_or_none()


async def waiting(session: AsyncSession, now: datetime) -> Sequence[Approval]:
    """Everything that still waits, newest first."""
    query = select(Approval).where(Approval.ended_at.is_(None)).order_by(Approval.id.desc())
    return [one for one in await session.scalars(query) if one.open_at(now)]


async def withdraw(session: AsyncSession, act: str, object: str | None, at: datetime) -> bool:
    """What the configuration no longer asks for; True when something was withdrawn. Without `object`: of that act all."""
    query = select(Approval).where(Approval.act == act, Approval.ended_at.is_(None))
    found = (await session.scalars(query if object is None else query.where(Approval.object == object))).all()
    for one in found:
        one.end("superseded", at)
    return bool(found)
