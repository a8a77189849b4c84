"""The hour in a duty: 17时前, 下午5点半, 下班前; closing time where none is named."""

import re
from datetime import time

from models.rules.chinese_numbers import read_whole
from models.rules.workdays import WorkCalendar

_N = r"(?:[0-9]{1,2}|[一二两三四五六七八九十廿]{1,4})"
_HALF = r"(?P<half>凌晨|清晨|早上|上午|早晨|早|中午|午后|下午|傍晚|晚上|晚间|夜间|夜里|晚)?"
_CLOCK = re.compile(
    rf"{_HALF}的?(?P<hour>{_N})(?:[时点](?:钟|整|(?P<thirty>半)|(?P<quarter>[一三])刻|(?P<minutes>{_N})分?)?|:(?P<minute>[0-9]{{2}}))"
    r"(?!左右)"
)
_BARE = re.compile(r"(?P<morning>凌晨|清晨|早上|上午|早晨|早)|(?P<late>中午|傍晚|晚上|晚间|夜间|夜里|晚)|下午|午后")
_BEFORE = re.compile(r"(?:钟|整)?(?:之|以)?前")
_WORDS = re.compile(
    r"(?P<noon>(?:中午|午休)(?:之|以)?前|上午下班前|中午下班前)|(?P<close>下班(?:之|以)?前|下午下班前)|(?P<open>上班(?:之|以)?前|上班时)"
)
_LATE = ("下午", "午后", "傍晚", "晚上", "晚间", "夜间", "夜里", "晚")
_FILL = re.compile(r"(?:的|,|于|在|\(|当[日天]|(?:之|以)?前|含|\))*")


def hour_of(words: str, behind: int, calendar: WorkCalendar) -> time | None:
    """The hour right behind `behind`, else the only one that is followed by 前; None for an impossible one or several."""
    fill = _FILL.match(words, behind)
    start = fill.end() if fill else behind
    found = [m for m in _CLOCK.finditer(words, behind) if m.start() == start or _BEFORE.match(words, m.end())]
    said = {_read(match) for match in found}
    named = {_named(match, calendar) for match in _WORDS.finditer(words)} - {None}
    if len(said | named) > 1:
        return None
    if said or named:
        return next(iter(said | named))
    bare = _BARE.match(words, start)
    if bare is not None and not bare["morning"] and bare["late"]:
        return None  # an evening has no end that everybody knows
    if bare is not None and bare["morning"]:
        return calendar.hours[0][1]
    return calendar.hours[-1][1]


def _named(match: re.Match[str], calendar: WorkCalendar) -> time | None:
    if match["noon"]:
        return calendar.hours[0][1]
    return calendar.hours[-1][1] if match["close"] else calendar.hours[0][0]


def _read(match: re.Match[str]) -> time | None:
    hour, half = read_whole(match["hour"]), match["half"]
    if hour is None:
        return None
    if (half in _LATE and hour < 12) or (half == "中午" and hour < 3):
        hour += 12
    elif half in _LATE and hour == 12:
        return None  # 晚上12点 is of which day?
    minute = 30 if match["thirty"] else {"一": 15, "三": 45}.get(match["quarter"] or "", 0)
    if match["minutes"] or match["minute"]:
        minute = read_whole(match["minutes"] or match["minute"]) or 0
    if hour == 24 and minute == 0:
        return time(23, 59)
    return time(hour, minute) if hour < 24 and minute < 60 else None
