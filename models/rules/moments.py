"""What the readers of time phrases share: the moment of speaking, and a phrase shape with its meaning."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from models.rules.chinese_numbers import SMALL, read_whole
from models.rules.late import LatePattern
from models.rules.workdays import WorkCalendar

GAP: Final = r"\s*"
WITHIN: Final = r"(?:之|以)?内(?![部容外勤控涵设])"
AFTER: Final = r"(?:之|以)?后"
BEFORE: Final = (
    r"(?:之|以)?前(?![往来去后述期者夕]|提(?![交供出报请])"
    r"|[一二三四五六七八九十两几数半0-9]{0,3}个?(?:[天日晚周月]|工作日|小时))"
)
"""前 as the end of a limit; not in 周五前往, 前期, 12月1日前三天. But 周五前提交, 前线索 and 前方案 are limits."""

Meaning = tuple[date, ...] | datetime
"""Days in order of preference (empty: unreadable), or one exact instant."""


@dataclass(frozen=True)
class Moment:
    """When the phrase was said (`now` on the office's wall clock) and the calendars to read it by."""

    now: datetime
    calendar: WorkCalendar
    holidays: Mapping[date, str]

    @property
    def today(self) -> date:
        return self.now.date()

    def ahead(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def monday(self, weeks: int = 0) -> date:
        """Weeks begin on Monday, so 下周一 said on a Sunday is tomorrow."""
        return self.ahead(7 * weeks - self.today.weekday())


@dataclass(frozen=True)
class Shape:
    """One way of naming a day. `bounded`: the words themselves say that it is a limit (3日内, 节前)."""

    pattern: LatePattern
    meaning: Callable[[re.Match[str], Moment], Meaning]
    bounded: bool = False

    @property
    def bare(self) -> str:
        """The pattern without group names, to stand among others in one larger pattern."""
        return re.sub(r"\(\?P<\w+>", "(?:", self.pattern.pattern)


def shape(pattern: str, meaning: Callable[[re.Match[str], Moment], Meaning], bounded: bool = False) -> Shape:
    """`N` between angle quotes stands for a small number: «N»月."""
    return Shape(LatePattern(pattern.replace("«N»", SMALL)), meaning, bounded)


def day_of(year: int, month: int, day: int) -> tuple[date, ...]:
    """The date as a meaning; 2月30日 has none."""
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()


def end_of_month(year: int, month: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def number(match: re.Match[str], name: str) -> int:
    """The named group as a whole number; -1, which no calendar knows, when it cannot be read."""
    value = read_whole(match[name] or "")
    return -1 if value is None else value
