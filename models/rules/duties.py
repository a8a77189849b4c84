"""Duties: the rule that a sentence such as 每月25日前报线索数 was read as, and the dates that it gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from models.rules.workdays import WorkCalendar

ANY_MONTH = 0
LAST = -1
DAY, WORKDAY, WEEKDAY = "day", "workday", "weekday"
LEAD_DAYS = {"day": 0, "week": 2, "month": 5, "quarter": 10, "half": 10, "year": 15}
_YEARS_AHEAD = 15


@dataclass(frozen=True)
class Point:
    """One time in a period. `day` counts days of the month, its working days or its weeks, from the end if negative;
    of a week it is the weekday, Monday being 0. `weekday` is set where a week of the month is counted."""

    day: int
    month: int = ANY_MONTH
    counts: str = DAY
    weekday: int = 0


@dataclass(frozen=True)
class DutyRule:
    """`every` is day, week, month, quarter, half or year. `adjust` is what happens on a day off: earlier, later, ""."""

    every: str
    points: tuple[Point, ...]
    at: time
    adjust: str = ""
    zero: bool = False
    since: date | None = None
    until: date | None = None
    times: int | None = None

    @property
    def lead(self) -> int:
        """Working days before it is due at which a period's notice goes out."""
        return LEAD_DAYS[self.every]


def last_day(year: int, month: int) -> date:
    return (date(year, month, 1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def dates(rule: DutyRule, after: datetime, calendar: WorkCalendar, count: int) -> list[datetime]:
    """The next `count` due times after an instant, days off taken into account; fewer where the duty ends."""
    found: list[datetime] = []
    for day in _days(rule, calendar.local(after).date() - timedelta(days=40), calendar):
        if rule.until is not None and day > rule.until:
            break
        if rule.since is not None and day < rule.since:
            continue
        at = datetime.combine(_moved(rule, day, calendar), rule.at, tzinfo=calendar.zone)
        if at > after and at not in found:
            found.append(at)
        if len(found) >= count:
            break
    return found


def ending(rule: DutyRule, after: datetime, calendar: WorkCalendar) -> date | None:
    """The last day of a duty: the one that it names, or that of its last time where it says how often."""
    if rule.times is None:
        return rule.until
    all_times = dates(rule, after, calendar, rule.times)
    return all_times[-1].date() if len(all_times) == rule.times else rule.until


def _moved(rule: DutyRule, day: date, calendar: WorkCalendar) -> date:
    if not rule.adjust or calendar.is_workday(day):
        return day
    return calendar.previous_workday(day) if rule.adjust == "earlier" else calendar.next_workday(day)


def _days(rule: DutyRule, start: date, calendar: WorkCalendar) -> Iterator[date]:
    """Every day of the rule from `start` on, in order, before days off are looked at."""
    if rule.every == "day":
        every_day = rule.points[0].counts == DAY
        ahead = (start + timedelta(days=n) for n in range(366 * _YEARS_AHEAD))
        yield from (day for day in ahead if every_day or calendar.is_workday(day))
        return
    step = _weeks(start) if rule.every == "week" else _months(start)
    for first in step:
        of_this = _of_week if rule.every == "week" else _of_month
        yield from sorted({day for point in rule.points if (day := of_this(point, first, calendar)) is not None})


def _weeks(start: date) -> Iterator[date]:
    monday = start - timedelta(days=start.weekday())
    return (monday + timedelta(weeks=n) for n in range(53 * _YEARS_AHEAD))


def _months(start: date) -> Iterator[date]:
    first = start.year * 12 + start.month - 1
    return (date(n // 12, n % 12 + 1, 1) for n in range(first, first + 12 * _YEARS_AHEAD))


def _of_week(point: Point, monday: date, calendar: WorkCalendar) -> date | None:
    week = [monday + timedelta(days=n) for n in range(7)]
    return week[point.day] if point.counts == DAY else _nth([d for d in week if calendar.is_workday(d)], point.day)


def _of_month(point: Point, first: date, calendar: WorkCalendar) -> date | None:
    if point.month not in (ANY_MONTH, first.month):
        return None
    month = [first + timedelta(days=n) for n in range(last_day(first.year, first.month).day)]
    if point.counts == WORKDAY:
        return _nth([d for d in month if calendar.is_workday(d)], point.day)
    if point.counts == WEEKDAY:
        return _nth([d for d in month if d.weekday() == point.weekday], point.day)
    return month[max(point.day, -len(month))] if point.day < 0 else month[min(point.day, len(month)) - 1]


def _nth(days: list[date], n: int) -> date | None:
    """The n-th of them, counted from the end if negative; the last there is where there are fewer."""
    if not days:
        return None
    return days[max(n, -len(days))] if n < 0 else days[min(n, len(days)) - 1]
