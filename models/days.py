"""The office's own table of 休/班 days, laid over the statutory calendar of the year."""

from collections.abc import Mapping
from datetime import date, time
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.bulk import upsert
from models.holidays import statutory
from models.marks import bump, read_mark
from models.rules.workdays import WorkCalendar

FIRST_YEAR, LAST_YEAR = 2024, 2040


class Day(Base):
    """`works` False is 休, True is 班; a day in this table wins over the statutory calendar."""

    __tablename__ = "days"

    day: Mapped[date] = mapped_column(primary_key=True)
    works: Mapped[bool]


SET = upsert(cast(Table, Day.__table__), ["day", "works"], ["day"], ["works"])


async def days_version(session: AsyncSession) -> int:
    return int(await read_mark(session, "days") or 0)


async def set_days(session: AsyncSession, days: Mapping[date, bool]) -> None:
    await SET.run(session, [{"day": day, "works": works} for day, works in days.items()])
    await bump(session, "days")


async def load_calendar(session: AsyncSession, zone: ZoneInfo, hours: tuple[tuple[time, time], ...]) -> WorkCalendar:
    """The calendar as it stands. A year counts as covered when it is published or the office has entered days of it."""
    days: dict[date, bool] = {}
    covered = set()
    for year in range(FIRST_YEAR, LAST_YEAR):
        published = statutory(year)
        if published is not None:
            covered.add(year)
            days.update(published)
    for own in await session.scalars(select(Day)):
        days[own.day] = own.works
        covered.add(own.day.year)
    return WorkCalendar(zone=zone, hours=hours, days=days, covered=frozenset(covered))
