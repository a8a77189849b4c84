"""Days around holidays: 国庆节前, 节前最后一个工作日, 节后第一个工作日, 春节后3个工作日内.

节前 is the last working day before the days off, 节后 counts working days after them. Which days are off comes
from the published calendar. 元旦, 劳动节 and 国庆节 have a date fixed by law (放假办法), so 「…前」 can be read in a
year not yet published; the days after, and every holiday of the lunar year, cannot.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from models.rules.moments import AFTER, BEFORE, GAP, WITHIN, Meaning, Moment, Shape, number, shape

_HOLIDAY = (
    r"(?:(?P<name>元旦|春节|清明|五一(?:国际)?劳动|五一|劳动|端午|中秋|国庆|十一)节?|(?:过|法定)?节)"
    r"(?:小?长假|放?假期?)?"
)
_SAME = {"五一": "劳动", "十一": "国庆"}
_FIXED = {"元旦": (1, 1), "劳动": (5, 1), "国庆": (10, 1)}

Block = tuple[date, date]


def _before(match: re.Match[str], moment: Moment) -> Meaning:
    block = _find(match["name"], moment, lambda first, _: first > moment.today)
    return (moment.calendar.previous_workday(block[0]),) if block else ()


def _after(match: re.Match[str], moment: Moment) -> Meaning:
    nth = number(match, "n") if match["n"] else 1
    block = _find(match["name"], moment, lambda _, last: last >= moment.today)
    if not block or not 0 < nth < 100 or not _end_is_known(block, moment):
        return ()
    return (moment.calendar.add_workdays(block[1], nth),)


def _find(name: str | None, moment: Moment, wanted: Callable[[date, date], bool]) -> Block | None:
    """The nearest block of days off that bears the name (or any holiday's) and is wanted."""
    name = _SAME.get((name or "")[:2], name or "")
    for block in _published(name, moment):
        if wanted(*block):
            return block
    if not name and (moment.today.month, moment.today.day) > (10, 10):
        name = "元旦"  # by law nothing lies between 国庆 or 中秋 and New Year
    if name not in _FIXED:
        return None
    for year in (moment.today.year, moment.today.year + 1):
        block = _around(date(year, *_FIXED[name]), moment)
        if not any(day.year == year for day in moment.holidays) and wanted(*block):
            return block
    return None


def _published(name: str, moment: Moment) -> list[Block]:
    """Blocks of consecutive days off in the published calendar that contain a day of that name."""
    blocks: list[Block] = []
    named: list[bool] = []
    for day in sorted(moment.holidays):
        bears = moment.holidays[day].startswith(name)
        if blocks and day - blocks[-1][1] == timedelta(days=1):
            blocks[-1], named[-1] = (blocks[-1][0], day), named[-1] or bears
        else:
            blocks.append((day, day))
            named.append(bears)
    return [block for block, bears in zip(blocks, named, strict=True) if bears]


def _around(fixed: date, moment: Moment) -> Block:
    """The fixed day with the days off around it, as far as weekdays and the office's own table tell."""
    first = last = fixed
    while not moment.calendar.is_workday(first - timedelta(days=1)) and (fixed - first).days < 10:
        first -= timedelta(days=1)
    while not moment.calendar.is_workday(last + timedelta(days=1)) and (last - fixed).days < 10:
        last += timedelta(days=1)
    return first, last


def _end_is_known(block: Block, moment: Moment) -> bool:
    """Published, entered by the office, or a New Year's Day that touches a weekend, which is never rearranged."""
    known = moment.calendar.days
    if any(day in known or day in moment.holidays for day in block):
        return True
    return (block[1].month, block[1] - block[0]) == (1, timedelta(days=2))


SHAPES: Final[tuple[Shape, ...]] = (
    shape(
        rf"{_HOLIDAY}(?:(?:之|以)?前的?最后[一1]个工作日|{BEFORE})",
        _before,
        bounded=True,
    ),
    shape(
        rf"{_HOLIDAY}{AFTER}(?:上班)?的?(?:(?:第(?P<n>«N»)|首)个?{GAP}(?:工作日|上班日|天上班)|(?:上班)?(?:第[一1]天|首日)(?:上班)?)",
        _after,
    ),
    shape(rf"{_HOLIDAY}{AFTER}(?P<n>«N»){GAP}个工作日{WITHIN}", _after, bounded=True),
)
