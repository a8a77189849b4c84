"""One time phrase, day and clock together, turned into an instant.

The rule for an hour that may be either half of the day (5点): the half still to come; when both are, the one inside
the office's day; else it is not read. For a day that is itself open (a bare 周三, no day at all) the other half is
never taken merely because the office's half is over: 「8点前」 said at 15:00 is asked about, 「今天8点前」 is 20:00.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from models.rules import day_phrases, holiday_phrases, span_phrases
from models.rules.clock_phrases import CLOCK_BARE, MIDNIGHT, read_clock
from models.rules.day_phrases import WEEKDAY
from models.rules.moments import GAP, Meaning, Moment, Shape

_SHAPES: Final[tuple[Shape, ...]] = (*span_phrases.SHAPES, *holiday_phrases.SHAPES, *day_phrases.SHAPES)
_DAY = "|".join(each.bare for each in _SHAPES)
WHEN: Final = (
    rf"(?:(?P<day>{_DAY})(?:{GAP}\({GAP}(?P<note>{_DAY}){GAP}\)|{GAP}(?P<tag>{WEEKDAY}))?"
    rf"(?:{GAP}[的,]?{GAP}(?P<clock>{CLOCK_BARE}))?|(?P<lone>{CLOCK_BARE}))"
)
"""A whole time phrase without its 前: a day, perhaps its weekday or date in brackets, perhaps an hour; or an hour."""

_FAR = timedelta(days=3 * 366)  # a date further off is more likely a slip of the pen than a deadline
_WEEKDAY = re.compile(WEEKDAY)


class DueState(StrEnum):
    """FOUND: still to come; PAST: over; UNREAD: a deadline in words not understood; NONE: no deadline."""

    FOUND = "found"
    PAST = "past"
    UNREAD = "unread"
    NONE = "none"


@dataclass(frozen=True)
class Due:
    """What was understood. `at` is aware and set for FOUND and PAST; `phrase` holds the words; `start` and `end` are
    their place in the text that was handed in, -1 when they have none."""

    state: DueState
    at: datetime | None
    phrase: str
    start: int = -1
    end: int = -1


Reading = tuple[DueState, datetime | None]
_UNREAD: Reading = (DueState.UNREAD, None)


def read_when(match: re.Match[str], moment: Moment, adjust: str | None = None) -> Reading:
    """The instant that a match of WHEN stands for. `adjust`: 提前 or 顺延 when the words say so for days off."""
    try:
        state, at = _read(match, moment, adjust)
    except (ValueError, OverflowError):  # a date beyond the calendar
        return _UNREAD
    return _UNREAD if at is not None and at - moment.now > _FAR else (state, at)


def is_bounded(match: re.Match[str]) -> bool:
    """Whether the day phrase of a WHEN match itself says that it is a limit: 3日内, 本周内, 节前."""
    found = _shape_of(match, "day")
    return found is not None and found[0].bounded


def _shape_of(match: re.Match[str], group: str) -> tuple[Shape, re.Match[str]] | None:
    """The shape that matched the group, with its own groups; it sees the text behind, as some ask (今 before 晚)."""
    start, end = match.span(group)
    for each in _SHAPES if start >= 0 else ():
        for found in (each.pattern.match(match.string, start), each.pattern.fullmatch(match.string, start, end)):
            if found and found.end() == end:
                return each, found
    return None


def _days(match: re.Match[str], group: str, moment: Moment) -> Meaning:
    found = _shape_of(match, group)
    return found[0].meaning(found[1], moment) if found else ()


def _read(match: re.Match[str], moment: Moment, adjust: str | None) -> Reading:
    if match["lone"]:
        clocks = read_clock(match["lone"], moment.calendar)
        clocks = (MIDNIGHT,) if clocks == (0,) else clocks  # 零点 without a day is the coming one
        return _choose((moment.today,), clocks, moment, explicit=False)
    days = _days(match, "day", moment)
    if isinstance(days, datetime):
        if match["clock"] or match["note"] or match["tag"]:
            return _UNREAD
        return (DueState.FOUND if days > moment.now else DueState.PAST), days
    days = tuple(_shifted(day, adjust, moment) for day in days if _agrees(day, match, moment))
    if match["clock"]:
        clocks = read_clock(match["clock"], moment.calendar)
        return _choose(days, clocks, moment, explicit=len(days) == 1)
    closing = moment.calendar.hours[-1][1]
    return _choose(days, (closing.hour * 60 + closing.minute,), moment, explicit=True)


def _agrees(day: date, match: re.Match[str], moment: Moment) -> bool:
    """Whether the bracket behind the day, 「11月20日(周五)」, names the same day; a wrong one makes both unreadable."""
    note = match["note"] or match["tag"]
    if not note:
        return True
    if _WEEKDAY.fullmatch(note):
        return "一二三四五六日1234567".index(note[-1].replace("天", "日")) % 7 == day.weekday()
    meant = _days(match, "note", moment)
    return not isinstance(meant, datetime) and day in meant


def _shifted(day: date, adjust: str | None, moment: Moment) -> date:
    if not adjust or moment.calendar.is_workday(day):
        return day
    return moment.calendar.previous_workday(day) if adjust == "提前" else moment.calendar.next_workday(day)


def _choose(days: tuple[date, ...], clocks: tuple[int, ...], moment: Moment, explicit: bool) -> Reading:
    """The first of the days with a reading still to come; PAST with the likeliest reading when all are over."""
    gone: datetime | None = None
    for day in days:
        readings = [_instant(day, minutes, moment) for minutes in clocks]
        ahead = [at for at in readings if at > moment.now]
        office = [at for at in readings if moment.calendar.opening(day) <= at <= moment.calendar.closing(day)]
        if not ahead:
            gone = gone or next(iter(office or readings), None)
            continue
        if len(readings) > 1 and not explicit and office and office[0] <= moment.now:
            return _UNREAD
        likely = ahead if len(ahead) == 1 else [at for at in ahead if at in office]
        return (DueState.FOUND, likely[0]) if len(likely) == 1 else _UNREAD
    return (DueState.PAST, gone) if gone else _UNREAD


def _instant(day: date, minutes: int, moment: Moment) -> datetime:
    if minutes == MIDNIGHT:
        day, minutes = day + timedelta(days=1), 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=moment.calendar.zone)
