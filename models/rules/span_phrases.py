"""Spans from now: 24小时内, 半小时内, 3个工作日内, 三日内, 一周内, 两个月内, 收到通知后2日内.

Hours and minutes run on the wall clock and are exact; days count from tomorrow and end like any day without an
hour; working days and working hours follow the office's calendar. 两三天内 and 1-2天内 are two spans: not read.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from models.rules.chinese_numbers import HAN_NUMERALS, read_number, read_whole
from models.rules.moments import AFTER, GAP, WITHIN, Meaning, Moment, Shape, end_of_month, shape

FROM_NOW: Final = (
    r"(?:(?:自|从|在)?(?:收到|接到|收文|来文|接|见|发文|印发|下发|发出|通知|发布)(?:本|此|该)?(?:通知|文件|文|函|消息|信息)?"
    r"(?:下发|印发|发出|发布)?(?:之日|当日)?(?:起|之后|以后|后)|(?:自|从)?(?:即日|今日|今天|现在)(?:之日)?起)[的,]?"
)
"""Starting points that are the moment of speaking, as near as a group chat needs it."""

_MANY = rf"(?P<range>(?:[0-9]{{1,4}}|[{HAN_NUMERALS}]{{1,4}}){GAP}(?:[-~—–、]|至|到|或){GAP})?"
_N = rf"(?P<n>[0-9]{{1,4}}(?:\.[0-9]{{1,2}})?|[{HAN_NUMERALS}]{{1,5}}|半){GAP}"
_START = rf"(?:{FROM_NOW}{GAP})?{_MANY}{_N}"
_HOURS = r"个?(?P<half>半)?(?:小时|钟头)(?P<later_half>半)?|(?:h|H)(?![a-zA-Z])"


def _count(match: re.Match[str]) -> float | None:
    if match["range"]:
        return None
    if match["n"] == "半":
        return 0.5
    value = read_number(match["n"])
    return None if value is None else float(value)


def _whole(match: re.Match[str]) -> int | None:
    return None if match["range"] else read_whole(match["n"])


def _hours(match: re.Match[str], moment: Moment) -> Meaning:
    count = _count(match)
    if not count:
        return ()
    if match["half"] or match["later_half"]:
        count += 0.5
    return moment.now + timedelta(hours=count)


def _minutes(match: re.Match[str], moment: Moment) -> Meaning:
    count = _whole(match)
    return moment.now + timedelta(minutes=count) if count else ()


def _working_hours(match: re.Match[str], moment: Moment) -> Meaning:
    count = _count(match)
    return moment.calendar.add_hours(moment.now, count) if count else ()


def _workdays(match: re.Match[str], moment: Moment) -> Meaning:
    count = _whole(match)
    return (moment.calendar.add_workdays(moment.today, count),) if count and count < 400 else ()


def _days(match: re.Match[str], moment: Moment) -> Meaning:
    count = _whole(match)
    return (moment.ahead(count),) if count else ()


def _weeks(match: re.Match[str], moment: Moment) -> Meaning:
    count = _whole(match)
    return (moment.ahead(7 * count),) if count else ()


def _months(match: re.Match[str], moment: Moment) -> Meaning:
    count = _count(match)
    if count == 0.5:
        return (moment.ahead(15),)
    if not count or count != int(count):
        return ()
    last = end_of_month(moment.today.year, moment.today.month + int(count))
    return (min(last, last.replace(day=min(moment.today.day, last.day))),)


def _next_workday(_: re.Match[str], moment: Moment) -> Meaning:
    return (moment.calendar.next_workday(moment.today),)


def _both(unit: str, meaning_of: Callable[[re.Match[str], Moment], Meaning]) -> tuple[Shape, Shape]:
    """A span with 内, which is a limit, and with 后, which names the day only."""
    return (
        shape(rf"{_START}(?:{unit}){GAP}{WITHIN}", meaning_of, bounded=True),
        shape(rf"{_START}(?:{unit}){GAP}{AFTER}", meaning_of),
    )


SHAPES: Final[tuple[Shape, ...]] = (
    *_both(r"个?工作(?:小时|时)", _working_hours),
    *_both(r"个?工作日", _workdays),
    *_both(_HOURS, _hours),
    *_both(r"分钟|min", _minutes),
    *_both(r"天|日|个?自然日", _days),
    *_both(r"个?(?:周|星期|礼拜)", _weeks),
    *_both(r"个月|(?<=半)月", _months),
    shape(r"(?:下|次|后)[一1]?个?工作日", _next_workday),
)
