"""Test leads, each for one holder of a key: whoever opens it finds a code inside, and so proves that the key is there."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.due import DueList


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


TABLE = cast(Table, Drill.__table__)
# What should have been opened by then, and of which nobody has been told.
SILENT = DueList(TABLE.c.id, TABLE.c.answer_by, TABLE.c.answered_at.is_(None), TABLE.c.alarmed_at.is_(None))


async def by_id(session: AsyncSession, number: int) -> Drill | None:
    return (await session.execute(select(Drill).where(Drill.id == number))).scalar_one_or_none()


async def open_for(session: AsyncSession, holders: Collection[str]) -> Sequence[Drill]:
    """What these holders have not opened yet, newest first."""
    query = select(Drill).where(Drill.holder.in_(holders), Drill.answered_at.is_(None))
    return (await session.scalars(query.order_by(Drill.id.desc()))).all()
