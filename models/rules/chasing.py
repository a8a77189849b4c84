"""When the bot reminds by itself: the plan of a notice, and the caps that protect a unit (R1 to R5, R12)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from models.rules.workdays import WorkCalendar

PER_HALF_DAY, PER_DAY = 1, 2
DEFAULT_ACK_HOURS = 4.0
BEFORE, AFTER, OFFICE = 0, 1, 2


@dataclass(frozen=True)
class Plan:
    """`before` and `after` are private chases around the due time, `sheet` is when the office gets the call sheet."""

    before: datetime | None
    after: datetime
    sheet: datetime


def plan(issued: datetime, due: datetime, calendar: WorkCalendar) -> Plan:
    """Once a working hour before it is due (halfway when the window is shorter than two working hours), once at the
    opening of the next half-day after it, and a working hour later it is the office's turn."""
    window = calendar.working_hours_between(issued, due)
    if window >= 2:
        before: datetime | None = calendar.subtract_hours(due, 1)
    elif window > 0:
        before = calendar.add_hours(issued, window / 2)
    else:
        before = None
    after = calendar.next_half_day(due)
    return Plan(before=before, after=after, sheet=calendar.add_hours(after, 1))


def upcoming_step(now: datetime, due: datetime, calendar: WorkCalendar) -> tuple[datetime | None, int]:
    """The next of a unit's own reminders around its own due time, and which it is."""
    for step, at in ((BEFORE, calendar.subtract_hours(due, 1)), (AFTER, calendar.next_half_day(due))):
        if at > now:
            return at, step
    return None, OFFICE


def capped_until(now: datetime, chased: Iterable[datetime], calendar: WorkCalendar) -> datetime | None:
    """None when a unit may be chased now, else the opening at which it may be again (R2).

    What is said outside working hours leaves at the next opening, and counts for the half-day that begins there."""
    now = calendar.next_opening(now)
    here = calendar.half_day(now)
    days = [calendar.half_day(calendar.next_opening(at)) for at in chased]
    if sum(day[0] == here[0] for day in days) >= PER_DAY:
        at = now
        while calendar.half_day(at)[0] == here[0]:
            at = calendar.next_half_day(at)
        return at
    if days.count(here) >= PER_HALF_DAY:
        return calendar.next_half_day(now)
    return None


def next_step(step: int, before: datetime | None, after: datetime | None, now: datetime) -> tuple[datetime | None, int]:
    """After the step just taken: when the next comes, and which it is. `OFFICE` has no time of its own."""
    if step == BEFORE and after is not None:
        return (after, AFTER) if after > now else (None, OFFICE)
    return None, OFFICE
