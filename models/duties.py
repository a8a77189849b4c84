"""Duties: a sentence that raises a notice each period."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.due import DueList


class DutyState(StrEnum):
    DRAFT = "draft"
    ON = "on"
    OFF = "off"


class Duty(Base):
    """`sentence` is the duty as said and what its notices say; `raise_at` is when the next one goes out."""

    __tablename__ = "duties"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    sentence: Mapped[str]
    issuer: Mapped[str]
    created_at: Mapped[datetime]
    audience: Mapped[list[Any]] = mapped_column(default_factory=list)
    state: Mapped[str] = mapped_column(default=DutyState.DRAFT)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    raise_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    due_at: Mapped[datetime | None] = mapped_column(default=None)


async def last_draft(session: AsyncSession, issuer: str) -> Duty | None:
    query = select(Duty).where(Duty.issuer == issuer, Duty.state == DutyState.DRAFT)
    return (await session.execute(query.order_by(Duty.id.desc()).limit(1))).scalar_one_or_none()


async def by_number(session: AsyncSession, number: int) -> Duty | None:
    return (await session.execute(select(Duty).where(Duty.id == number))).scalar_one_or_none()


async def running(session: AsyncSession) -> Sequence[Duty]:
    return (await session.scalars(select(Duty).where(Duty.state == DutyState.ON).order_by(Duty.id))).all()


TABLE = cast(Table, Duty.__table__)
RAISED = DueList(TABLE.c.id, TABLE.c.raise_at, TABLE.c.state == DutyState.ON)
