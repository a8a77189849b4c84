"""Working days and working hours of an office: statutory calendar, own 休/班 table, else the weekday rule.

All instants are aware; any zone may come in, results are in the calendar's zone. A naive datetime is a
programming error (ValueError). No method fails for a year that nobody has published; `uncovered` names it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import isfinite
from zoneinfo import ZoneInfo

from models.rules.day_table import parse_days

__all__ = ["WorkCalendar", "parse_days"]

_EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
_LATEST = datetime(9998, 12, 31, tzinfo=UTC)
_FAR_DAYS = 3660  # a search that finds no working day in ten years gives up: the table says 休 for ever

Block = tuple[datetime, datetime]


@dataclass(frozen=True)
class WorkCalendar:
    """`hours`: the half-day blocks of a working day, in order; `days`: explicit 休 (False) and 班 (True);
    `covered`: the years whose statutory calendar is known."""

    zone: ZoneInfo
    hours: tuple[tuple[time, time], ...]
    days: Mapping[date, bool]
    covered: frozenset[int]

    def __post_init__(self) -> None:
        overlap = any(ended > begins for (_, ended), (begins, _) in pairwise(self.hours))
        if not self.hours or overlap or any(start >= end for start, end in self.hours):
            raise ValueError("工作时间须为先后相接、互不重叠的时段，例如 08:00-12:00、14:30-18:00")

    def local(self, at: datetime) -> datetime:
        """The same instant on this office's wall clock; kept within the years that datetime can count."""
        if at.tzinfo is None:
            raise ValueError("an instant without a zone")
        return min(max(at, _EARLIEST), _LATEST).astimezone(self.zone)

    def is_workday(self, day: date) -> bool:
        return self.days.get(day, day.weekday() < 5)

    def uncovered(self, *dates: date) -> set[int]:
        """Years among the dates for which only weekdays and the office's own table are known."""
        return {day.year for day in dates} - self.covered

    # --- days -----------------------------------------------------------------------------------------------

    def next_workday(self, day: date) -> date:
        """The first working day after `day`, never `day` itself."""
        return self._walk(day, 1)

    def previous_workday(self, day: date) -> date:
        """The last working day before `day`, never `day` itself."""
        return self._walk(day, -1)

    def add_workdays(self, day: date, n: int) -> date:
        """The n-th working day after `day` (before it for negative n); 0 gives `day` back."""
        for _ in range(min(abs(n), _FAR_DAYS)):
            day = self._walk(day, 1 if n > 0 else -1)
        return day

    def opening(self, day: date) -> datetime:
        """When work begins on that day, as if it were a working day."""
        return self._at(day, self.hours[0][0])

    def closing(self, day: date) -> datetime:
        """When the last block of that day ends (18:00), as if it were a working day."""
        return self._at(day, self.hours[-1][1])

    # --- hours ----------------------------------------------------------------------------------------------

    def is_open(self, at: datetime) -> bool:
        """Inside working hours; a block's first instant is, its last is not."""
        now = self.local(at)
        return any(start <= now < end for start, end in self._blocks(now.date()))

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself when open, else the next instant at which work begins."""
        now = self.local(at)
        return now if self.is_open(now) else self.next_half_day(now)

    def next_half_day(self, at: datetime) -> datetime:
        """The first opening of a half-day block strictly after `at`: 8:00 and 13:00 give 14:30, 18:00 the next 8:00."""
        now = self.local(at)
        return next((start for start, _ in self._ahead(now) if start > now), now)

    def half_day(self, at: datetime) -> tuple[date, int]:
        """The block that an instant counts for, as (day, index): a block holds both its edges, and time
        between blocks, nights and holidays belong to the coming block."""
        now = self.local(at)
        start = next((start for start, end in self._ahead(now) if now <= end), None)
        if start is None:
            return now.date(), 0
        return start.date(), [block[0] for block in self.hours].index(start.timetz().replace(tzinfo=None))

    def add_hours(self, at: datetime, hours: float) -> datetime:
        """The instant when that many working hours have passed since `at`; may end exactly on a closing."""
        if hours < 0:
            return self.subtract_hours(at, -hours)
        now, left = self.next_opening(at), _span(hours)
        if not left:
            return now
        last = now
        for start, end in self._ahead(now):
            worked = _between(max(start, now), end)
            if worked >= left:
                return _plus(max(start, now), left)
            left -= max(worked, timedelta())
            last = end
        return last

    def subtract_hours(self, at: datetime, hours: float) -> datetime:
        """The latest instant from which that many working hours remain until `at`."""
        if hours < 0:
            return self.add_hours(at, -hours)
        now, left = self.local(at), _span(hours)
        if not left:
            return now
        last = now
        for start, end in self._behind(now):
            worked = _between(start, min(end, now))
            if worked >= left:
                return _plus(min(end, now), -left)
            left -= max(worked, timedelta())
            last = min(start, now)
        return last

    def working_hours_between(self, a: datetime, b: datetime) -> float:
        """Working hours from `a` to `b`; negative when `b` is the earlier."""
        if b < a:
            return -self.working_hours_between(b, a)
        since, until = self.local(a), self.local(b)
        total = timedelta()
        for start, end in self._ahead(since):
            if start >= until:
                break
            total += max(_between(max(start, since), min(end, until)), timedelta())
        return total / timedelta(hours=1)

    # --- inside ---------------------------------------------------------------------------------------------

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone)

    def _blocks(self, day: date) -> list[Block]:
        return [(self._at(day, a), self._at(day, b)) for a, b in self.hours] if self.is_workday(day) else []

    def _walk(self, day: date, step: int) -> date:
        """The next working day in that direction; `day` itself when there is none in sight or the calendar ends."""
        found = day
        for _ in range(_FAR_DAYS):
            try:
                found += timedelta(days=step)
            except OverflowError:
                return day
            if self.is_workday(found):
                return found
        return day

    def _ahead(self, now: datetime) -> Iterator[Block]:
        """Blocks of this day and the following, the endless search cut off where no office looks."""
        day, idle = now.date(), 0
        while idle < _FAR_DAYS and day < date(9999, 1, 1):
            blocks = self._blocks(day)
            idle = 0 if blocks else idle + 1
            yield from blocks
            day += timedelta(days=1)

    def _behind(self, now: datetime) -> Iterator[Block]:
        day, idle = now.date(), 0
        while idle < _FAR_DAYS and day > date(1, 1, 2):
            blocks = self._blocks(day)
            idle = 0 if blocks else idle + 1
            yield from reversed(blocks)
            day -= timedelta(days=1)


def _span(hours: float) -> timedelta:
    if not isfinite(hours):
        raise ValueError("a number of hours must be finite")
    return timedelta(hours=min(hours, 100_000))


def _between(a: datetime, b: datetime) -> timedelta:
    """Real time; subtracting wall clocks of one zone would count a clock change as work."""
    return b.astimezone(UTC) - a.astimezone(UTC)


def _plus(at: datetime, span: timedelta) -> datetime:
    return (at.astimezone(UTC) + span).astimezone(at.tzinfo)
