"""What units send in: words, figures and photos, each traceable to its message."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId
from models.notices import Notice


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

    `corrected` by its sender it was never right. `confirmed` is None unless its sender was asked whether it is right:
    a 累计 that falls or jumps. `message` is the one that corrected it, where that is not the report's own.
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
    corrected: Mapped[bool] = mapped_column(default=False)
    confirmed: Mapped[bool | None] = mapped_column(default=None)
    message: Mapped[str] = mapped_column(default="")


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


async def under_label(
    session: AsyncSession, units: Collection[int], label: str, measure: str, before: int | None = None
) -> Sequence[tuple[Figure, int, datetime]]:
    """The figures of units under one label with their unit and instant, oldest first.

    `before` is a report of which only the ones before it are looked at."""
    query = (
        select(Figure, Report.unit_id, Report.at)
        .join(Report, Report.id == Figure.report_id)
        .where(Report.unit_id.in_(units), Report.withdrawn.is_(False), Figure.corrected.is_(False))
        .where(Figure.label == label, Figure.measure == measure)
        .order_by(Report.id, Figure.id)
    )
    if before is not None:
        query = query.where(Report.id < before)
    return [(figure, unit, at) for figure, unit, at in await session.execute(query)]


async def last_of(session: AsyncSession, by: str) -> Report | None:
    return next(iter(await latest_of(session, by, 1)), None)


async def latest_of(session: AsyncSession, by: str, most: int) -> Sequence[Report]:
    """The last reports of a person, newest first."""
    query = select(Report).where(Report.by == by, Report.withdrawn.is_(False)).order_by(Report.id.desc()).limit(most)
    return (await session.scalars(query)).all()


async def doubted(session: AsyncSession, report_id: int) -> Sequence[Figure]:
    """The figures of a report whose sender has been asked about them and has not said."""
    query = select(Figure).where(
        Figure.report_id == report_id, Figure.confirmed.is_(False), Figure.corrected.is_(False)
    )
    return (await session.scalars(query)).all()


async def labels_since(session: AsyncSession, since: datetime) -> Sequence[tuple[str, int, datetime]]:
    """What has been counted of late: label, how many units reported it, and when last."""
    query = (
        select(Figure.label, func.count(Report.unit_id.distinct()), func.max(Report.at))
        .join(Report, Report.id == Figure.report_id)
        .where(Report.at >= since, Report.withdrawn.is_(False), Figure.corrected.is_(False), Figure.label != "")
        .group_by(Figure.label)
    )
    return [(label, units, at) for label, units, at in await session.execute(query)]


async def last_period(
    session: AsyncSession, duty_id: int, before: int, units: Collection[int] | None = None
) -> Sequence[tuple[Figure, int, datetime]]:
    """What was reported to the notice of a duty just before this one, by these units or by all: figure, unit, instant."""
    last = select(func.max(Notice.id)).where(Notice.duty_id == duty_id, Notice.id < before).scalar_subquery()
    query = (
        select(Figure, Report.unit_id, Report.at)
        .join(Report, Report.id == Figure.report_id)
        .where(Report.notice_id == last, Report.withdrawn.is_(False), Figure.corrected.is_(False))
        .order_by(Report.id, Figure.id)
    )
    if units is not None:
        query = query.where(Report.unit_id.in_(units))
    return [(figure, unit, at) for figure, unit, at in await session.execute(query)]


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
