"""Hours of the day as offices say them: 17时, 17:00, 下午5点半, 中午12点, 下班前, 零点.

A clock phrase gives minutes after midnight, one value when the words leave no choice, two when 5点 may be either half
of the day; the caller takes the half that is still to come or lies in the office's day. 24:00 ends the day, so does
今晚12点. 「5时」 is 24-hour writing and nobody's deadline: unread. 上午 ends at noon, 下午 at closing; 今晚, 傍晚, 凌晨
without an hour have no end that all agree on: unread.
"""

import re
from datetime import time
from typing import Final

from models.rules.chinese_numbers import SMALL, read_whole
from models.rules.moments import GAP
from models.rules.workdays import WorkCalendar

NOON: Final = 12 * 60
MIDNIGHT: Final = 24 * 60

_PERIOD = "凌晨|清晨|早晨|早上|早|上午|中午|正午|午间|下午|午后|傍晚|晚上|晚间|夜里|夜间|深夜|半夜|午夜|晚|夜"
_WHOLE_PERIOD = rf"(?!(?:清晨|早晨|早上|早){GAP}(?:之|以)?前)(?:{_PERIOD})"  # 明早前 is before the morning, not its end
_MINUTES = r"(?:[0-9]{1,2}|[零一二三四五六七八九十]{1,3})"
_HOUR = (
    rf"(?P<h>{SMALL}){GAP}(?:(?P<sep>:){GAP}(?P<min>[0-9]{{2}})(?::00)?(?![0-9])"
    rf"|(?P<word>点钟?|时(?![间候段期效限]))(?:(?P<half>半)|(?P<quarter>[一三13])刻|(?P<exact>整|正)"
    rf"|{GAP}(?P<more>{_MINUTES})(?:分|(?![0-9个天日名条份])))?)"
)
_SHIFT = r"(?P<shift>下班|上班)(?:时间?)?"
CLOCK: Final = rf"(?:(?P<period>{_PERIOD}){GAP})?(?:{_HOUR}|{_SHIFT})|(?P<alone>{_WHOLE_PERIOD})"
CLOCK_BARE: Final = re.sub(r"\(\?P<\w+>", "(?:", CLOCK)
_CLOCK = re.compile(CLOCK)

_FITS: Final[dict[str, dict[int, int]]] = {}
"""Period -> the hours that fit it as said -> the hours of the day that they are."""


def _fits(names: str, table: dict[int, int]) -> None:
    _FITS.update(dict.fromkeys(names.split(), table))


_fits("凌晨", {hour: hour for hour in range(7)})
_fits("清晨 早晨 早上 早", {hour: hour for hour in range(4, 12)})
_fits("上午", {hour: hour for hour in range(6, 13)})
_fits("中午 正午 午间", {11: 11, 12: 12, 1: 13, 2: 14, 13: 13})
_fits("下午 午后", {hour: hour + 12 for hour in range(1, 9)} | {hour: hour for hour in range(13, 21)})
_fits("傍晚", {hour: hour + 12 for hour in range(5, 9)} | {hour: hour for hour in range(17, 21)})
_fits("晚上 晚间 晚 夜里 夜间 夜", {h: h + 12 for h in range(5, 13)} | {h: h for h in range(17, 25)} | {0: 24})
_fits("深夜 半夜 午夜", {10: 22, 11: 23, 12: 24, 22: 22, 23: 23, 24: 24, 0: 24})


def read_clock(phrase: str, calendar: WorkCalendar) -> tuple[int, ...]:
    """Minutes after midnight that the phrase may mean; empty when it cannot be read (25点, 上午17点, 今晚)."""
    match = _CLOCK.fullmatch(phrase)
    if not match:
        return ()
    if match["alone"]:
        return _alone(match["alone"], calendar)
    if match["shift"]:
        return _shift(match["shift"], match["period"], calendar)
    hour, minute = read_whole(match["h"]), _minute(match)
    if hour is None or minute is None or hour > 24 or (hour == 24 and minute):
        return ()
    return tuple(60 * each + minute for each in _hours(match, hour, minute) if 60 * each + minute <= MIDNIGHT)


def _minute(match: re.Match[str]) -> int | None:
    if match["half"]:
        return 30
    if match["quarter"]:
        return 45 if match["quarter"] in "三3" else 15
    raw = match["min"] or match["more"]
    minute = read_whole(raw.removeprefix("零") or "零") if raw else 0
    return minute if minute is not None and minute < 60 else None


def _hours(match: re.Match[str], hour: int, minute: int) -> tuple[int, ...]:
    period = match["period"]
    if period:
        fitting = _FITS[period].get(hour)
        return () if fitting is None or (fitting == 24 and minute) else (fitting,)
    if hour == 0 or hour > 12 or match["h"].startswith("0"):
        return (hour,)
    if match["word"] == "时":
        return (hour,) if hour >= 6 else ()
    if match["sep"] and hour >= 7:
        return (hour,)
    return (hour, hour + 12)


def _alone(period: str, calendar: WorkCalendar) -> tuple[int, ...]:
    if period in ("上午", "中午", "正午", "早上", "早晨", "早"):
        return (NOON,)
    return (_of(calendar.hours[-1][1]),) if period in ("下午", "午后") else ()


def _shift(shift: str, period: str | None, calendar: WorkCalendar) -> tuple[int, ...]:
    """Opening or closing of the day, or of its half when 上午/下午 is said."""
    half = {"上午": 0, "早上": 0, "早": 0, "中午": 0, "下午": -1, None: -1 if shift == "下班" else 0}
    if period not in half or (period == "中午" and shift == "上班"):
        return ()
    block = calendar.hours[half[period]]
    return (_of(block[1] if shift == "下班" else block[0]),)


def _of(clock: time) -> int:
    return clock.hour * 60 + clock.minute
