"""Periods that people ask about: 今天, 本周, 上周, 这个月, 上个月, 今年."""

from datetime import date, timedelta

WORDS = {
    "今天": "day", "今日": "day", "本周": "week", "这周": "week", "这个星期": "week", "上周": "last week",
    "本月": "month", "这个月": "month", "当月": "month", "上个月": "last month", "上月": "last month",
    "今年": "year", "本年": "year", "全年": "year",
}  # fmt: skip


def read_period(text: str, today: date) -> tuple[str, date, date] | None:
    """The period's own word, its first day and the day after its last; None where none is named."""
    for word in sorted(WORDS, key=len, reverse=True):
        if word in text:
            return (word, *span(WORDS[word], today))
    return None


def span(period: str, today: date) -> tuple[date, date]:
    """First day and the day after the last of a period that `today` lies in or just after."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    match period:
        case "day":
            return today, today + timedelta(days=1)
        case "week":
            return monday, monday + timedelta(days=7)
        case "last week":
            return monday - timedelta(days=7), monday
        case "month":
            return first, (first + timedelta(days=32)).replace(day=1)
        case "last month":
            return (first - timedelta(days=1)).replace(day=1), first
    return today.replace(month=1, day=1), today.replace(year=today.year + 1, month=1, day=1)
