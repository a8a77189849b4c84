"""Test leads, each for one holder of a key: whoever opens it finds a code inside, and so proves that the key is there."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Drill(Base):
    """`lead_id` is the envelope, which goes when the drill is over; `alarmed_at` is when its silence was told."""

    __tablename__ = "drills"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    lead_id: Mapped[int]
    holder: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_by: Mapped[str] = mapped_column(default="")
    alarmed_at: Mapped[datetime | None] = mapped_column(default=None)


async def by_id(session: AsyncSession, number: int) -> Drill | None:
    return (await session.execute(select(Drill).where(Drill.id == number))).scalar_one_or_none()


async def open_for(session: AsyncSession, holders: Collection[str]) -> Sequence[Drill]:
    """What these holders have not opened yet, newest first."""
    query = select(Drill).where(Drill.holder.in_(holders), Drill.answered_at.is_(None))
    return (await session.scalars(query.order_by(Drill.id.desc()))).all()


async def silent(session: AsyncSession, now: datetime, limit: int) -> list[int]:
    """Those that should have been opened by now and of which nobody has been told."""
    query = select(Drill.id).where(Drill.answered_at.is_(None), Drill.alarmed_at.is_(None), Drill.answer_by <= now)
    return list(await session.scalars(query.order_by(Drill.id).limit(limit)))


async def next_silent(session: AsyncSession) -> datetime | None:
    query = select(func.min(Drill.answer_by)).where(Drill.answered_at.is_(None), Drill.alarmed_at.is_(None))
    at: datetime | None = (await session.execute(query)).scalar_one()
    return at
