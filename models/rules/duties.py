"""Duties as a sentence: 每月25日前报线索数，遇节假日提前，无则零报告. Understood, or asked about; never guessed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from models.rules.chinese_numbers import read_number
from models.rules.plain import plain
from models.rules.workdays import WorkCalendar

NUMBER = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"
WEEKDAYS = {name: day for day, name in enumerate("一二三四五六日")} | {"天": 6, "末": 4}
SHAPES = (
    ("day", re.compile(r"每(?:个)?(?:工作)?[日天](?!报)")),
    ("week", re.compile(r"每(?:个)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])")),
    ("month", re.compile(rf"每(?:个)?月(?:的)?(?:(?P<last>底|末|最后一天)|{NUMBER}[日号])")),
    ("quarter", re.compile(r"每(?:个)?季度?(?:的)?(?:(?P<last>底|末|最后一天|最后一个月)|结束)")),
    ("year", re.compile(rf"每年(?:的)?(?:(?P<last>底|末)|{NUMBER}月(?:(?P<end>底|末)|{NUMBER}[日号]))")),
)
CLOCK = re.compile(rf"(?P<half>上午|下午|晚上|中午)?\s*{NUMBER}\s*(?:[时点](?P<thirty>半)?|[:：](?P<minute>\d{{2}}))")
CLOSING = re.compile("下班")
ADJUST = re.compile(r"(?:遇|逢)[^,，。;；]{0,12}?(提前|顺延|延后)")
ZERO = re.compile(r"零报告|零上报|无则(?:报)?零")
UNTIL = re.compile(
    r"[,，;；]?\s*(?:到|至|截止到?|截至)\s*(?:(\d{4})年)?(\d{1,2})月(?:(\d{1,2})[日号]|底|末)\s*(?:为止|止|结束)?"
)
LEAD_DAYS = {"day": 0, "week": 2, "month": 5, "quarter": 10, "year": 15}


@dataclass(frozen=True)
class DutyRule:
    """`every` is day, week, month, quarter or year; `day` the weekday, the day of the month, or None for its last."""

    every: str
    day: int | None
    month: int | None
    at: time
    adjust: str  # "", "earlier" or "later": what happens when the day is a day off
    zero: bool
    until: date | None

    @property
    def lead(self) -> int:
        """Working days before it is due at which a period's notice goes out."""
        return LEAD_DAYS[self.every]


def read_duty(text: str, now: datetime, calendar: WorkCalendar) -> DutyRule | None:
    """None for what is not understood: no period, an impossible day, two periods."""
    words = plain(text)
    found = [(every, match) for every, pattern in SHAPES if (match := pattern.search(words))]
    if len(found) != 1:
        return None
    every, match = found[0]
    closing = calendar.hours[-1][1]
    at = _clock(words[match.end() : match.end() + 12], closing)
    adjust = ADJUST.search(words)
    day, month = _day(every, match)
    if at is None or day == -1:
        return None
    return DutyRule(
        every=every,
        day=day,
        month=month,
        at=at,
        adjust="" if adjust is None else "earlier" if adjust[1] == "提前" else "later",
        zero=bool(ZERO.search(words)),
        until=_until(words, now.astimezone(calendar.zone).date()),
    )


def _day(every: str, match: re.Match[str]) -> tuple[int | None, int | None]:
    """Day and month; -1 for one that no calendar has."""
    groups = match.groupdict()
    if every == "week":
        return WEEKDAYS[groups["weekday"]], None
    if every in ("day", "quarter") or groups.get("last"):
        return None, None
    numbers = [_number(n) for n in match.groups() if n and (n.isdigit() or set(n) <= set("一二三四五六七八九十"))]
    if every == "month":
        return (numbers[0], None) if 1 <= numbers[0] <= 31 else (-1, None)
    month = numbers[0]
    day = numbers[1] if len(numbers) > 1 else None
    return (day, month) if 1 <= month <= 12 and (day is None or 1 <= day <= 31) else (-1, None)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else int(read_number(text) or 0)


def _clock(words: str, closing: time) -> time | None:
    """The hour that stands right behind the day, else closing time; None for an impossible one."""
    match = CLOCK.match(words.lstrip(" 的"))
    if match is None:
        return closing
    hour = _number(match[2])
    if match["half"] in ("下午", "晚上") and hour < 12:
        hour += 12
    minute = 30 if match["thirty"] else int(match["minute"] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _until(words: str, today: date) -> date | None:
    match = UNTIL.search(words)
    if match is None:
        return None
    month = int(match[2])
    year = int(match[1]) if match[1] else today.year + (month < today.month)
    try:
        return date(year, month, int(match[3])) if match[3] else last_day(year, month)
    except ValueError:
        return None


def last_day(year: int, month: int) -> date:
    return (date(year, month, 1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def dates(rule: DutyRule, after: datetime, calendar: WorkCalendar, count: int) -> list[datetime]:
    """The next `count` due times after an instant, days off taken into account; fewer where the duty ends."""
    found: list[datetime] = []
    for day in _days(rule, calendar.local(after).date() - timedelta(days=400 if rule.every == "year" else 40)):
        if rule.until is not None and day > rule.until:
            break
        if rule.every == "day" and not calendar.is_workday(day):
            continue
        moved = _moved(rule, day, calendar)
        at = datetime.combine(moved, rule.at, tzinfo=calendar.zone)
        if at > after and at not in found:
            found.append(at)
        if len(found) >= count:
            break
    return found


def _moved(rule: DutyRule, day: date, calendar: WorkCalendar) -> date:
    if not rule.adjust or calendar.is_workday(day):
        return day
    return calendar.previous_workday(day) if rule.adjust == "earlier" else calendar.next_workday(day)


def _days(rule: DutyRule, start: date) -> Iterator[date]:
    """Every day of the rule from `start` on, before days off are looked at."""
    day = start
    for _ in range(366 * 12):
        if _fits(rule, day):
            yield day
        day += timedelta(days=1)


def _fits(rule: DutyRule, day: date) -> bool:
    match rule.every:
        case "day":
            return True
        case "week":
            return day.weekday() == rule.day
        case "month":
            return _on_day(rule, day)
        case "quarter":
            return day.month % 3 == 0 and _on_day(rule, day)
    return day.month == (rule.month or 12) and _on_day(rule, day)


def _on_day(rule: DutyRule, day: date) -> bool:
    """Whether it is the rule's day of the month; a month too short takes its last day."""
    last = last_day(day.year, day.month).day
    return day.day == (last if rule.day is None else min(rule.day, last))
