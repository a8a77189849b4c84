"""Reading a duty: 每月25日前报线索数，遇节假日提前，无则零报告. Understood, or refused with what is wrong; never guessed."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from models.rules.chinese_numbers import read_whole
from models.rules.duties import DAY, LAST, WEEKDAY, WORKDAY, DutyRule, Point, last_day
from models.rules.duty_hours import hour_of
from models.rules.duty_shapes import AND, NTH, RANGE, SHAPES, WEEK, N
from models.rules.duty_spans import BadSpan, read_span
from models.rules.plain import plain
from models.rules.workdays import WorkCalendar


class Unread(StrEnum):
    """Why a sentence is no duty; the template has a line for each."""

    NO_PERIOD = "no_period"
    ODD_PERIOD = "odd_period"
    TWO_PERIODS = "two_periods"
    NO_DAY = "no_day"
    BAD_DAY = "bad_day"
    BAD_HOUR = "bad_hour"
    TWO_SHIFTS = "two_shifts"
    BAD_SPAN = "bad_span"


_MONTHS_OF_QUARTER = {"首": (1, 4, 7, 10), "中": (2, 5, 8, 11), "末": (3, 6, 9, 12)}
_ODD = re.compile(
    rf"每隔?(?:{N}|半|几|多)个?(?:小时|[天日周月]|星期|礼拜|季度?|工作日)|每隔?(?:{N}|几|多)年|隔一?[周天日月]|双周|每个?小时|每时"
)
# 每周报送一次，周五17时前 is 每周五17时前 in two breaths.
_IN_TWO = re.compile(
    r"(?P<every>每个?(?:周|月|季度?|半年|年))(?:上?报送?|通报|汇总|统计)?(?:[一1]次)?[^,。;每0-9]{0,8}[,;]请?[于在]?(?:季度?|月)?"
)
_QUOTES = re.compile("[“”\"'「」『』 ]")
_ONCE = re.compile(rf"每个?(?:周|星期|礼拜)[一1](?:报|小结|总结|调度|通报)(?:[,。;、]|制|$)|每个?{WEEK}{N}次")
_PERIOD = re.compile(
    rf"每个?(?:{WEEK}|月|季|半年|年|旬|[单双]月)|按(?:周|月|季|年)|逐[月周]|逢(?:{WEEK}|[单双]月)|[单双]月(?={N}[日号])"
)
_SHIFT = re.compile(
    r"(?:[,;(]|如|若|恰|凡)*(?:遇|逢|节假日|休息日|双休日|周末|公休|假期|假日)[^,。;]{0,16}?(?P<how>提前|往前|前移|提早|顺延|延后|推后|后延|往后|推迟|延期|不变|照报|照常|不顺延|不提前)"
    r"(?:[^,。;]{0,8})"
)
_ZERO = re.compile(
    r"零报告|0报告|零上报|报零|报0|无(?:情况)?(?:则|的|也)(?:报|填)?[零0]|没有(?:的|情况)?也(?:要|须|得)?报"
)
_NOT_ZERO = re.compile(
    r"(?:不|无需|不用|不必|不再|取消)(?:要|实行|搞)?零报告|(?:无|没有)[^,。;]{0,6}(?:不报|免报|不用报|不必报)"
)
_DAYS_OFF_TOO = re.compile(
    r"(?:含|包括|不分|无论)(?:双休日|节假日|周末|休息日)|(?:节假日|双休日|周末)(?:也|照|不休|不停|无休)"
)


def read_duty(text: str, now: datetime, calendar: WorkCalendar) -> DutyRule | Unread:
    """The rule, or why there is none. `now` is when the sentence was said: what it says of dates is meant from there."""
    words = _QUOTES.sub("", plain(text))
    span = read_span(words, calendar.local(now).date())
    if isinstance(span, BadSpan):
        return Unread.BAD_SPAN
    shifts = {_direction(match["how"]) for match in _SHIFT.finditer(span.rest)}
    bare = _joined(_SHIFT.sub(",", span.rest))
    if _ODD.search(bare) or _ONCE.search(bare):
        return Unread.ODD_PERIOD
    found = _found(bare)
    if not found:
        return Unread.NO_DAY if _PERIOD.search(bare) else Unread.NO_PERIOD
    left = "".join(" " if any(m.start() <= at < m.end() for _, m in found) else c for at, c in enumerate(bare))
    others = {m[0].replace("个", "").lstrip("每按逐逢")[:1] for m in _PERIOD.finditer(left)}
    if len(found) > 1 or others - {found[0][1][0].replace("个", "").lstrip("每按逐逢")[:1]}:
        return Unread.TWO_PERIODS
    every, match = found[0]
    points = _points(every, match, bare)
    hour = hour_of(bare[match.start() :], match.end() - match.start(), calendar)
    if not points:
        return Unread.BAD_DAY
    if hour is None:
        return Unread.BAD_HOUR
    if len(shifts) > 1:
        return Unread.TWO_SHIFTS
    return DutyRule(
        every="month" if every == "odd month" else every,
        points=points,
        at=hour,
        adjust=next(iter(shifts), ""),
        zero=bool(_ZERO.search(words)) and not _NOT_ZERO.search(words),
        since=span.since,
        until=span.until,
        times=span.times,
    )


def _joined(words: str) -> str:
    """Said in two breaths, a period and its day are brought together where that gives a sense."""
    match = _IN_TWO.search(words)
    if match is None:
        return words
    joined = words[: match.start()] + match["every"] + words[match.end() :]
    return joined if len(_found(joined)) == 1 and not _found(words) else words


def _direction(how: str) -> str:
    if how in ("不变", "照报", "照常", "不顺延", "不提前"):
        return ""
    return "earlier" if how in ("提前", "往前", "前移", "提早") else "later"


def _found(words: str) -> list[tuple[str, re.Match[str]]]:
    """Every period that is named with its day; of two that overlap the longer."""
    every = [(name, match) for name, shape in SHAPES for match in shape.finditer(words)]
    every.sort(key=lambda pair: (pair[1].start() - pair[1].end(), pair[1].start()))
    kept: list[tuple[str, re.Match[str]]] = []
    for name, match in every:
        if all(match.end() <= other.start() or match.start() >= other.end() for _, other in kept):
            kept.append((name, match))
    return kept


def _points(every: str, match: re.Match[str], words: str) -> tuple[Point, ...]:
    """The times of a period; nothing where a day is named that no calendar has."""
    groups = match.groupdict()
    reader: Callable[[re.Match[str], dict[str, str | None]], Iterable[Point]]
    match every:
        case "day":
            return (Point(0, counts=DAY if _DAYS_OFF_TOO.search(words) else WORKDAY),)
        case "week":
            reader = _of_week
        case "quarter":
            reader = _of_quarter
        case "half":
            reader = _of_half
        case "year":
            reader = _of_year
        case _:
            reader = _of_month
    try:
        return tuple(dict.fromkeys(reader(match, groups)))
    except ValueError:
        return ()


def _number(text: str) -> int:
    """Raises ValueError for what is no number."""
    value = read_whole(text)
    if value is None:
        raise ValueError(text)
    return value


def _between(value: int, most: int) -> int:
    if not 1 <= value <= most:
        raise ValueError(value)
    return value


def _of_week(match: re.Match[str], groups: dict[str, str | None]) -> Iterable[Point]:
    if nth := groups.get("nth"):
        return [Point(_nth(nth, 5), counts=WORKDAY)]
    said = re.sub(WEEK, "", groups["weekdays"] or "")
    days: list[int] = []
    for piece in re.split(AND, said):
        if re.fullmatch(r"[一二三四五六日天]+", piece):
            days += map(_weekday, piece)
            continue
        first, last = _weekday(piece[0]), _weekday(piece[-1])
        if last < first:
            raise ValueError(piece)
        days += range(first, last + 1)
    return [Point(day) for day in days]


def _weekday(char: str) -> int:
    return "一二三四五六日".index(char.replace("天", "日").translate(str.maketrans("123456", "一二三四五六")))


def _nth(words: str, most: int) -> int:
    """第3个, 前3个 → 3; 最后一个 → -1; 倒数第2个 → -2."""
    if "首" in words:
        return 1
    if words.startswith("最"):
        return LAST
    n = _between(_number(re.sub("[第前倒数个]", "", words)), most)
    return -n if "倒数" in words else n


def _of_month(match: re.Match[str], groups: dict[str, str | None]) -> Iterable[Point]:
    months = (1, 3, 5, 7, 9, 11) if groups.get("odd") == "单" else (2, 4, 6, 8, 10, 12) if groups.get("odd") else (0,)
    if "tenth" in groups and groups["tenth"] is not None:
        return [Point(10), Point(20), Point(LAST)]
    return [point for month in months for point in _inside(groups, month)]


def _inside(groups: dict[str, str | None], month: int) -> Iterable[Point]:
    """What the groups of `INSIDE` and `AFTER` say about a month."""
    if listed := groups.get("list"):
        return [Point(day, month) for day in _listed(listed)]
    if nth := groups.get("nth"):
        of = groups.get("of")
        if of is None:
            return [Point(_nth(nth, 20), month, WORKDAY)]
        if "前" in nth:
            raise ValueError(nth)
        return [Point(_nth(nth, 4), month, WEEKDAY, _weekday(of))]
    if groups.get("after"):
        return [Point(_between(_number(groups["after"] or ""), 28), month, WORKDAY if groups.get("work") else DAY)]
    return [Point(_between(_number(groups.get("first") or ""), 28), month)]


def _listed(words: str, most: int = 31) -> list[int]:
    """Days of a month out of 5日、20日 · 5、20日 · 15日和月底 · 1日至5日, of which the last is when it is due."""
    if re.fullmatch(RANGE, words):
        first, last = (_between(_number(each), most) for each in re.findall(N, words))
        if last <= first:
            raise ValueError(words)
        return [last]
    found = []
    for piece in re.split(AND, words):
        number = re.match(N, piece)
        found.append(LAST if number is None or "最后" in piece else _between(_number(number[0]), most))
    return found


def _of_quarter(match: re.Match[str], groups: dict[str, str | None]) -> Iterable[Point]:
    if (nth := groups.get("nth")) and not groups.get("which") and "list" not in groups:
        first = _nth(nth, 20) > 0 and not re.search("[末底]", match[0].partition("季")[2][:3])
        return [Point(_nth(nth, 20), month, WORKDAY) for month in _MONTHS_OF_QUARTER["首" if first else "末"]]
    which = groups.get("which") or ""
    if which:
        kind = (
            "首" if re.search("[首一1]", which) and "最后" not in which else "中" if re.search("[二2]", which) else "末"
        )
        return [point for month in _MONTHS_OF_QUARTER[kind] for point in _inside(groups, month)]
    if any(groups.get(name) for name in ("list", "nth", "after", "first")):
        return [point for month in _MONTHS_OF_QUARTER["首"] for point in _inside(groups, month)]
    return [Point(LAST, month) for month in _MONTHS_OF_QUARTER["末"]]


def _of_half(match: re.Match[str], groups: dict[str, str | None]) -> Iterable[Point]:
    if groups.get("dates"):
        return _of_year(match, groups)
    which = groups.get("which") or ""
    if groups.get("workday"):
        return [Point(LAST, month, WORKDAY) for month in (6, 12)]
    if groups.get("after"):
        return [point for month in (1, 7) for point in _inside(groups, month)]
    if which:
        return [point for month in ((1, 7) if "首" in which else (6, 12)) for point in _inside(groups, month)]
    return [Point(LAST, 6), Point(LAST, 12)]


def _of_year(match: re.Match[str], groups: dict[str, str | None]) -> Iterable[Point]:
    if groups.get("workday") is not None:
        return [Point(LAST, 12, WORKDAY)]
    if not groups.get("dates"):
        return [Point(LAST, 12)]
    points: list[Point] = []
    month, waiting = 0, []  # months that share the day of the one behind them: 6月、12月底
    for piece in re.split(AND, groups["dates"] or ""):
        named = re.match(rf"({N})月份?的?", piece)
        if named:
            month = _between(_number(named[1]), 12)
        inside = piece[named.end() :] if named else piece
        if not inside:
            waiting.append(month)
            continue
        for each in (*waiting, month):
            if nth := re.fullmatch(rf"({NTH})工作日", inside):
                points.append(Point(_nth(nth[1], 20), each, WORKDAY))
            else:
                points += [Point(day, each) for day in _listed(inside, last_day(2024, each).day)]
        waiting = []
    return points
