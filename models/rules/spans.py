"""A span of days as people write leave: 12月1日-5日, 明天到周五, 今天."""

import re
from datetime import date, datetime

from models.rules.deadlines import Due, DueState, read_due
from models.rules.plain import plain
from models.rules.workdays import WorkCalendar

PARTS = re.compile(r"(.{1,12}?)\s*(?:-|–|—|~|至|到)\s*(.{1,12})")
DAY_ONLY = re.compile(r"(\d{1,2})[日号]?")
MONTH = re.compile(r"(\d{1,2})月")
LONGEST = 366


def read_span(text: str, now: datetime, calendar: WorkCalendar) -> tuple[date, date] | None:
    """First and last day, both included; None for what cannot be read, is over, or runs backwards."""
    words = plain(text).strip(" ,。")
    parts = PARTS.fullmatch(words)
    first_words, last_words = (parts[1], parts[2]) if parts else (words, words)
    month = MONTH.search(first_words)
    if parts and month and DAY_ONLY.fullmatch(last_words):
        last_words = f"{month[0]}{last_words.rstrip('日号')}日"
    first, last = _day(first_words, now, calendar), _day(last_words, now, calendar)
    today = calendar.local(now).date()
    if first is None or last is None or last < first or last < today or (last - first).days > LONGEST:
        return None
    return first, last


def _day(words: str, now: datetime, calendar: WorkCalendar) -> date | None:
    if words in ("今天", "今日"):
        return calendar.local(now).date()
    due: Due = read_due(words, now, calendar)
    if due.at is None or due.state not in (DueState.FOUND, DueState.PAST):
        return None
    return calendar.local(due.at).date()
