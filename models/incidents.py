"""Incidents: a thread of 首报, numbered 续报 and 终报."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Incident(Base):
    """`number` is the office's own count; `updates` how many 续报 there are; `closed_at` that of the 终报."""

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    number: Mapped[int] = mapped_column(unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    opened_at: Mapped[datetime]
    updates: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


async def open_of(session: AsyncSession, unit_id: int, number: int | None) -> Incident | None:
    """The unit's open incident of that number, or its newest."""
    query = select(Incident).where(Incident.unit_id == unit_id, Incident.closed_at.is_(None))
    if number is not None:
        query = query.where(Incident.number == number)
    return (await session.execute(query.order_by(Incident.id.desc()).limit(1))).scalar_one_or_none()
