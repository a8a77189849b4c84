"""Acts that need two people: one asks, another approves within a day, and only then is it done."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

STANDS = timedelta(hours=24)


class Approval(Base):
    """`act` and `object` as the journal names them."""

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    act: Mapped[str]
    object: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    approved_by: Mapped[str] = mapped_column(default="")
    approved_at: Mapped[datetime | None] = mapped_column(default=None)

    def open_at(self, now: datetime) -> bool:
        return self.approved_at is None and now < self.asked_at + STANDS


async def ask(session: AsyncSession, act: str, object: str, by: str, at: datetime) -> Approval:
    """Ask for an act; the same one asked again by the same person is not asked twice."""
    for known in await open_about(session, act, object, at):
        if known.asked_by == by:
            return known
    fresh = Approval(act=act, object=object, asked_by=by, asked_at=at)
    session.add(fresh)
    await session.flush()
    return fresh


async def open_about(session: AsyncSession, act: str, object: str, now: datetime) -> list[Approval]:
    """What has been asked about one thing and still waits, oldest first."""
    query = select(Approval).where(Approval.act == act, Approval.object == object, Approval.approved_at.is_(None))
    return [one for one in await session.scalars(query.order_by(Approval.id)) if one.open_at(now)]
