"""What units send in: words, figures and photos, each traceable to its message."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId


class Report(Base):
    """One report of one unit; `photos` are names of files in the media folder."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    text: Mapped[str]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"), default=None, index=True)
    source_message: Mapped[str] = mapped_column(default="")
    photos: Mapped[list[str]] = mapped_column(default_factory=list)
    withdrawn: Mapped[bool] = mapped_column(default=False)


class Figure(Base):
    """A number with its birth certificate: the words it was read from and the report that carried them.

    `superseded` by a later 累计 it no longer adds to a total; `corrected` by its sender it was never right.
    """

    __tablename__ = "figures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    label: Mapped[str]
    value: Mapped[float]
    vagueness: Mapped[str]
    measure: Mapped[str]
    basis: Mapped[str | None] = mapped_column(default=None)
    words: Mapped[str] = mapped_column(default="")
    superseded: Mapped[bool] = mapped_column(default=False)
    corrected: Mapped[bool] = mapped_column(default=False)


def as_number(value: float) -> int | Decimal:
    """A stored value as the readers write it: an int when it is whole."""
    return int(value) if float(value).is_integer() else Decimal(str(value))


async def between(
    session: AsyncSession, since: datetime | None, until: datetime | None, units: Collection[int] | None
) -> Sequence[Report]:
    """Reports with `since <= at < until`, oldest first."""
    query = select(Report).where(Report.withdrawn.is_(False)).order_by(Report.id)
    if since is not None:
        query = query.where(Report.at >= since)
    if until is not None:
        query = query.where(Report.at < until)
    if units is not None:
        query = query.where(Report.unit_id.in_(units))
    return (await session.scalars(query)).all()


async def figures_of(session: AsyncSession, report_ids: Sequence[int]) -> dict[int, list[Figure]]:
    found: dict[int, list[Figure]] = {r: [] for r in report_ids}
    query = select(Figure).where(Figure.report_id.in_(report_ids)).order_by(Figure.id)
    for figure in await session.scalars(query):
        found[figure.report_id].append(figure)
    return found


async def standing(session: AsyncSession, unit_id: int, label: str, measure: str) -> Sequence[Figure]:
    """The figures of a unit under one label that still count, oldest first."""
    query = (
        select(Figure)
        .join(Report, Report.id == Figure.report_id)
        .where(Report.unit_id == unit_id, Report.withdrawn.is_(False), Figure.superseded.is_(False))
        .where(Figure.label == label, Figure.measure == measure)
        .order_by(Figure.id)
    )
    return (await session.scalars(query)).all()


async def last_of(session: AsyncSession, by: str) -> Report | None:
    query = select(Report).where(Report.by == by, Report.withdrawn.is_(False)).order_by(Report.id.desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def count_between(session: AsyncSession, since: datetime, until: datetime) -> dict[int, int]:
    """How many reports each unit sent."""
    query = (
        select(Report.unit_id, func.count())
        .where(Report.at >= since, Report.at < until, Report.withdrawn.is_(False))
        .group_by(Report.unit_id)
    )
    return {row.unit_id: row[1] for row in await session.execute(query)}


async def shown(session: AsyncSession, photo: str) -> bool:
    """Whether some report shows this photo."""
    rows: Sequence[Any] = (await session.scalars(select(Report.photos).where(Report.withdrawn.is_(False)))).all()
    return any(photo in photos for photos in rows)
