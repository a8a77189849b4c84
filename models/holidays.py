"""Chinese statutory holidays, from the `chinesecalendar` package: days that differ from plain weekdays, and names.

The State Council publishes a year's calendar in the November before; until the package carries it, both answers
say so and nothing is invented.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

_NAMES = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}


@lru_cache(maxsize=64)
def _year(year: int) -> tuple[dict[date, bool], dict[date, str]] | None:
    exceptions: dict[date, bool] = {}
    names: dict[date, str] = {}
    try:
        for day in _days(year):
            works = chinese_calendar.is_workday(day)
            if works != (day.weekday() < 5):
                exceptions[day] = works
            off, english = chinese_calendar.get_holiday_detail(day)
            if off and english:
                names[day] = _NAMES.get(english, english)
    except NotImplementedError:  # how the package says that it has no data for that year
        return None
    return exceptions, names


def statutory(year: int) -> dict[date, bool] | None:
    """Days of that year that work (True, 班) or rest (False, 休) against the weekday rule; None when unpublished."""
    known = _year(year)
    return dict(known[0]) if known else None


def named(year: int) -> dict[date, str]:
    """Every day off of that year's holidays with its name (元旦, 国庆节…); empty when unpublished."""
    known = _year(year)
    return dict(known[1]) if known else {}


def _days(year: int) -> Iterator[date]:
    if not date.min.year <= year <= date.max.year:
        raise NotImplementedError(year)
    day = date(year, 1, 1)
    for offset in range((date(year, 12, 31) - day).days + 1):
        yield day + timedelta(days=offset)
