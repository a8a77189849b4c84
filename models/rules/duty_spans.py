"""From when and until when a duty runs: 自2027年1月起, 到12月31日为止, 至2027年6月止, 为期半年, 共报12次."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from models.rules.chinese_numbers import read_digits, read_whole

_N = r"(?:[0-9]{1,2}|[一二两三四五六七八九十廿卅]{1,4})"
_YEAR = r"(?:(?P<year>[0-9]{4}|[二〇零一二三四五六七八九]{4}|今|本|当|明|后|次)年)"
_UNTIL = re.compile(
    rf"[,;(]*(?:一直|持续|坚持)?(?P<to>截止到?|截至|直到|直至|到|至)?(?P<at>{_YEAR}?(?:度)?(?P<month>{_N})月(?:份)?(?:(?P<day>{_N})[日号]|[底末])?"
    rf"|{_YEAR.replace('year', 'year2')}(?:年)?[底末]?|年[底末])(?(to)(?:为?止|结束|截止|终止|前为止|前)?|(?:为止|截止|结束|终止))\)?"
)
_RANGE = re.compile(
    rf"{_YEAR}?(?P<from>{_N})月(?:份)?(?:至|到|-|~)(?:(?P<year2>[0-9]{{4}}|明|次)年)?(?P<to>{_N})月(?:份)?(?![0-9一二三四五六七八九十]|[底末]?前报)(?:期间)?,?(?=每)"
)
_SINCE = re.compile(
    rf"[,;(]*(?:自|从|由)?{_YEAR}?(?P<month>{_N})月(?:份)?(?:(?P<day>{_N})[日号])?(?:之日)?(?:起|开始)\)?"
    r"|[,;(]*(?:自|从|由)?(?P<word>下个?月|下个?星期|下周|明年|明天|明日|次月|本月|今天|即日|即刻|今日|现在)(?:起|开始)\)?"
)
_SINCE_NOW = re.compile(r"(?:自|从)[^,。;]{0,12}之日起")
_LASTING = re.compile(rf"[,;(]*(?:为期|持续|连续|今后|未来|期限为?)(?P<n>{_N}|半)(?P<unit>个月|周|个?星期|天|日|年)\)?")
_TIMES = re.compile(rf"[,;(]*(?:共|总共|一共|连续|只)(?:报|计|上报)?(?P<n>{_N})(?:次|期)(?:为止)?\)?")
_ENDS = re.compile(r"为止|(?<![截防禁停])止(?=$|[,。;)])|截止|(?:到|至|直到)[^,。;每]{1,14}结束")
_STARTS = re.compile(r"(?:自|从)[^,。;每]{1,12}(?:起(?!草|诉)|开始)")


@dataclass(frozen=True)
class Span:
    """`rest` is the sentence without it."""

    rest: str
    since: date | None = None
    until: date | None = None
    times: int | None = None


@dataclass(frozen=True)
class BadSpan:
    """Something is said about beginning or end that names no date."""

    words: str


def read_span(words: str, today: date) -> Span | BadSpan:
    since = until = times = None
    try:
        if match := _RANGE.search(words):
            since, until = _range(match, today)
            words = _without(words, match)
        if match := _SINCE.search(words):
            since, words = _since(match, today), _without(words, match)
        words = _SINCE_NOW.sub(",", words)
        if match := _UNTIL.search(words):
            until, words = _until(match, today), _without(words, match)
        elif match := _LASTING.search(words):
            until, words = _lasting(match, since or today), _without(words, match)
        if match := _TIMES.search(words):
            times, words = read_whole(match["n"]), _without(words, match)
    except ValueError:
        return BadSpan(words)
    if (until is None and _ENDS.search(words)) or _STARTS.search(words) or times == 0:
        return BadSpan(words)
    if since is not None and until is not None and until < since:
        return BadSpan(words)
    return Span(rest=words, since=since, until=until, times=times)


def _without(words: str, match: re.Match[str]) -> str:
    return words[: match.start()] + "," + words[match.end() :]


def _whole(text: str) -> int:
    """Raises ValueError for what is no number."""
    value = read_whole(text)
    if value is None:
        raise ValueError(text)
    return value


def _year(word: str | None, today: date) -> int | None:
    if word is None:
        return None
    near = {"今": 0, "本": 0, "当": 0, "明": 1, "次": 1, "后": 2}.get(word)
    return read_digits(word) if near is None else today.year + near


def _last(year: int, month: int) -> date:
    return (date(year, month, 1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _until(match: re.Match[str], today: date) -> date:
    """Without a year it is the next such date; without a day the month's last."""
    year = _year(match["year"] or match["year2"], today)
    if match["month"] is None:
        return date(year or today.year, 12, 31)
    month = _whole(match["month"])
    if not 1 <= month <= 12:
        raise ValueError(match[0])
    found = _day(year or today.year, month, match["day"])
    return found if year is not None or found >= today else _day(today.year + 1, month, match["day"])


def _day(year: int, month: int, day: str | None) -> date:
    return date(year, month, _whole(day)) if day else _last(year, month)


def _range(match: re.Match[str], today: date) -> tuple[date, date]:
    first, last = _whole(match["from"]), _whole(match["to"])
    year = _year(match["year"], today)
    if year is None:
        year = today.year + (last < today.month and last >= first)
    ends = _year(match["year2"], today) or year + (last < first)
    return date(year, first, 1), _last(ends, last)


def _since(match: re.Match[str], today: date) -> date | None:
    match match["word"]:
        case None:
            year, month = _year(match["year"], today), _whole(match["month"])
            day = _whole(match["day"]) if match["day"] else 1
            if year is None:
                year = today.year + (month < today.month)
            return date(year, month, day)
        case "下月" | "下个月" | "次月":
            return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        case "下周" | "下星期" | "下个星期" | "下个周":
            return today + timedelta(days=7 - today.weekday())
        case "明年":
            return date(today.year + 1, 1, 1)
        case "明天" | "明日":
            return today + timedelta(days=1)
    return None


def _lasting(match: re.Match[str], start: date) -> date:
    if match["n"] == "半" and match["unit"] != "年":
        raise ValueError(match[0])
    n = 0.5 if match["n"] == "半" else _whole(match["n"])
    if match["unit"] in ("天", "日"):
        return start + timedelta(days=int(n) - 1)
    if "月" not in match["unit"] and match["unit"] != "年":
        return start + timedelta(weeks=int(n), days=-1)
    months = start.year * 12 + start.month - 1 + int(n * 12 if match["unit"] == "年" else n)
    first = date(months // 12, months % 12 + 1, 1)
    return min(first + timedelta(days=start.day - 1), _last(first.year, first.month)) - timedelta(days=1)
