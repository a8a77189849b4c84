"""Days of the calendar as offices name them: 12月1日, 25日, 11.25, 周五, 下下周一, 后天, 月底, 本周内, 四季度末.

What a bare phrase means is decided here, and always for the future where the words allow it:
- 周五 is the next Friday to come; 本周五 is this week's even when it is over. Weeks begin on Monday.
- 12月1日 is this year's; a month at most three ahead across New Year (1月10日 said in November) is next year's.
- 25日 is this month's; when over, next month's if that is at most 15 days away.
- 本周内 and 周末前 end with the last working day of the week; 上旬, 中旬, 月底 end on the 10th, the 20th, the last day.
- 周末, 月初, 下周, 12月前 have no one day: not read.
"""

import re
from datetime import date, timedelta
from typing import Final

from models.rules.chinese_numbers import read_digits
from models.rules.moments import GAP, WITHIN, Meaning, Moment, Shape, day_of, end_of_month, number, shape

_YEAR = r"(?:(?P<y>20[0-9]{2}|[0-9]{2}|[二〇零一三四五六七八九]{4})年|(?P<ry>今年|本年|明年|去年|上年|前年))"
_YEARS = {"明年": 1, "去年": -1, "上年": -1, "前年": -2}
_WEEKDAYS = "一二三四五六日"
_WEEK = r"(?P<rel>本|这个?|(?:下个?)+|(?:上个?)+)"
_MONTH = r"(?:(?P<rel>本|当|这个?|下个?|上个?)月|(?P<m>«N»)月份?)"
_QUARTER = rf"(?:{_YEAR}{GAP})?(?:第?(?P<q>[本这当下一二三四1-4])个?)?"

_DAY_OF_WEEK = r"(?:[一二三四五六日天]|[1-7](?![0-9]))(?![天次个期年届])"
WEEKDAY: Final = rf"(?:周|星期|礼拜){_DAY_OF_WEEK}"


def _year(match: re.Match[str], moment: Moment) -> int | None:
    """The year that was said, None when none was; -1 for an unreadable one."""
    groups = match.groupdict()
    if groups.get("ry"):
        return moment.today.year + _YEARS.get(groups["ry"], 0)
    if not groups.get("y"):
        return None
    year = read_digits(groups["y"])
    return -1 if year is None else year + 2000 if year < 100 else year


def _shift(rel: str | None) -> int:
    """How many weeks or months ahead: 下下周 2, 上个月 -1, 本 or nothing 0."""
    return (rel or "").count("下") - (rel or "").count("上")


def _month_day(match: re.Match[str], moment: Moment) -> Meaning:
    month, day, year = number(match, "m"), number(match, "d"), _year(match, moment)
    if year is not None:
        return day_of(year, month, day)
    return _this_or_next_year(moment, month, day)


def _this_or_next_year(moment: Moment, month: int, day: int) -> tuple[date, ...]:
    today = moment.today
    wraps = month < today.month and (month - today.month) % 12 <= 3
    return day_of(today.year + wraps, month, day)


def _day(match: re.Match[str], moment: Moment) -> Meaning:
    day, today = number(match, "d"), moment.today
    if match["rel"] == "次":
        return ()  # the month after which one is in the context, if anywhere
    months = [_shift(match["rel"])]
    if not match["rel"] and 0 < day < today.day:
        months.append(1)
    found: list[date] = []
    for ahead in months:
        first = end_of_month(today.year, today.month + ahead).replace(day=1)
        found += day_of(first.year, first.month, day)
    if len(found) == 2 and (found[1] - today).days > 15:
        found.pop()
    return tuple(found)


def _weekday(match: re.Match[str], moment: Moment) -> Meaning:
    raw = match["d"].replace("天", "日")
    index = int(raw) - 1 if raw.isdigit() else _WEEKDAYS.index(raw)
    that = moment.monday(_shift(match["rel"])) + timedelta(days=index)
    return (that,) if match["rel"] else (that, that + timedelta(days=7))


def _week_end(match: re.Match[str], moment: Moment) -> Meaning:
    """Last working day of the week; its Sunday when nobody works in it."""
    sunday = moment.monday(_shift(match["rel"])) + timedelta(days=6)
    week = [sunday - timedelta(days=back) for back in range(7)]
    return (next((day for day in week if moment.calendar.is_workday(day)), sunday),)


def _week_start(match: re.Match[str], moment: Moment) -> Meaning:
    monday = moment.monday(_shift(match["rel"]))
    week = [monday + timedelta(days=ahead) for ahead in range(7)]
    return tuple(day for day in week if moment.calendar.is_workday(day))[:1]


def _named_month(match: re.Match[str], moment: Moment) -> date | None:
    """The last day of the month that the words name."""
    groups, today = match.groupdict(), moment.today
    if not groups.get("m"):
        return end_of_month(today.year, today.month + _shift(groups.get("rel")))
    first = _this_or_next_year(moment, number(match, "m"), 1)
    year = _year(match, moment)
    if not first or year == -1:
        return None
    return end_of_month(year or first[0].year, first[0].month)


def _part_of_month(match: re.Match[str], moment: Moment) -> Meaning:
    last = _named_month(match, moment)
    if last is None:
        return ()
    return (last.replace(day={"上": 10, "中": 20}.get(match["part"][0], last.day)),)


def _workday_of_month(match: re.Match[str], moment: Moment) -> Meaning:
    last = _named_month(match, moment)
    if last is None:
        return ()
    if match["nth"] is None:
        return (last if moment.calendar.is_workday(last) else moment.calendar.previous_workday(last),)
    nth = 1 if match["nth"] == "首" else number(match, "n")
    found = moment.calendar.add_workdays(last.replace(day=1) - timedelta(days=1), nth) if 0 < nth < 24 else last
    return (found,) if 0 < nth < 24 and found <= last else ()


def _year_end(match: re.Match[str], moment: Moment) -> Meaning:
    return day_of(_year(match, moment) or moment.today.year, 12, 31)


def _quarter_end(match: re.Match[str], moment: Moment) -> Meaning:
    quarter, today = match["q"] or "本", moment.today
    if quarter in "本这当下":
        month = (today.month + 2) // 3 * 3 + (3 if quarter == "下" else 0)
    else:
        month = 3 * (int(quarter) if quarter.isdigit() else "一二三四".index(quarter) + 1)
    return (end_of_month(_year(match, moment) or today.year, month),)


_FROM_TODAY = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}

SHAPES: Final[tuple[Shape, ...]] = (
    shape(r"(?P<y>20[0-9]{2})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})[日号]?", _month_day),
    shape(rf"(?:{_YEAR}{GAP})?(?P<m>«N»){GAP}月{GAP}(?P<d>«N»)(?:{GAP}[日号]|(?![0-9点时:个]))", _month_day),
    shape(r"(?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})[日号]?(?![0-9.:/%-])", _month_day),
    shape(
        rf"(?:(?P<rel>本|当|这个?|下个?|上个?|次)月(?:的|份)?)?(?P<d>«N»){GAP}[日号](?!{WITHIN}|(?:之|以)?后|起)", _day
    ),
    shape(rf"(?:{_YEAR}{GAP})?(?:{_MONTH}|月)月?(?P<part>底|末|上旬|中旬|下旬|的?最后[一1]天)", _part_of_month),
    shape(r"(?P<part>上旬|中旬|下旬)", _part_of_month),
    shape(rf"(?:{_MONTH}|月)(?P<part>{WITHIN})", _part_of_month, bounded=True),
    shape(rf"(?:{_MONTH}|月底?)的?(?:最后[一1]个|(?P<nth>第(?P<n>«N»)|首)个)工作日", _workday_of_month),
    shape(rf"(?:{_YEAR}年?|年)(?:底|末)", _year_end),
    shape(rf"(?:{_YEAR}年?|年)度?{WITHIN}", _year_end, bounded=True),
    shape(rf"{_QUARTER}季度?(?:底|末)", _quarter_end),
    shape(rf"{_QUARTER}季度?{WITHIN}", _quarter_end, bounded=True),
    shape(rf"{_WEEK}?周{WITHIN}", _week_end, bounded=True),
    shape(rf"{_WEEK}?周末(?=(?:之|以)?前)", _week_end),
    shape(rf"{_WEEK}周的?最后[一1]个工作日", _week_end),
    shape(rf"{_WEEK}周的?(?:第[一1]|首)个工作日", _week_start),
    shape(rf"{_WEEK}?(?:周|星期|礼拜)(?P<d>{_DAY_OF_WEEK})", _weekday),
    shape(
        rf"(?P<d>大前|前|昨|今|明|(?<!明)后|大后)(?:(?:[天日]|儿个?(?![童子女科]))(?:{WITHIN})?|(?={GAP}[早晚夜]))",
        lambda match, moment: (moment.ahead(_FROM_TODAY[match["d"]]),),
    ),
)
