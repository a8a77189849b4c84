"""Deadlines in Chinese: a phrase typed as one (`read_due`), and the one inside a notice (`find_due`).

1. A notice's last words win when they stand by themselves: 「…收到请回复。 明天下班前」. Behind a comma they must say
   that they are a limit (前, 内, 最迟…); 「…会议，11月20日9点」 is when the meeting is.
2. Else every phrase in the text that says it is a limit counts: 「…前」, 「…内」, 「最迟…」, 「于周五报送」.
   One instant: that. Two different ones still to come: UNREAD, with both in `phrase`; the person chooses.
3. Not limits: dates that date something (11月3日会议, 11月10日前的线索, 近三日内), duties (每月25日前), spans from an
   event that has not happened (发现后2小时内), what stands in 《》.
What looks like a limit and cannot be read (25点前, 2月30日前, 会前 or 尽快 as the last words) is UNREAD, never guessed.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from models.rules.chinese_numbers import HAN_NUMERALS
from models.rules.due_readings import WHEN, Due, DueState, is_bounded, read_when
from models.rules.list_marks import without_list_marks
from models.rules.moments import BEFORE, GAP, Moment
from models.rules.places import place
from models.rules.plain import plain
from models.rules.span_phrases import FROM_NOW
from models.rules.workdays import WorkCalendar

__all__ = ["Due", "DueState", "find_due", "read_due", "say_due"]

_BEFORE = rf"{BEFORE}(?:\(含[^)]{{0,6}}\))?"
_UNTIL = r"(?:为止|截止|到期|止)"
_ADJUST = (
    rf"{GAP}[(,]?{GAP}(?:如|若|逢)?遇到?(?:法定|节假日|周末|休息日|双休日|节日|假日|[、或和])+[则的时自动]*"
    rf"(?P<adjust>提前|顺延|延后|推后|往后)[^,。;)]{{0,10}}\)?"
)
_LIMIT = rf"{GAP}(?:\(含[^)]{{0,6}}\){GAP})?(?P<mark>{_BEFORE}|{_UNTIL})?(?:{_ADJUST})?"
_LEAD = (
    r"(?:(?:报送|上报|完成|反馈|回复|提交|报名)?截止(?:时间|日期)?|(?:完成|报送|上报|反馈|回复|提交|报名)(?:时间|时限|日期)"
    r"|最后(?:期限|时间|时限)|时间截止|最迟|最晚|至迟|不(?:得|能|要)?[晚迟]于|不(?:得|能|要)?超过|期限|时限|限期?于?)(?:为|是|:|到|至|在|于)*"
)
_OPENERS = (
    rf"(?:{_LEAD}|改[成为到至在]?|延期[到至]?|延[到至]|推迟[到至]?|顺延[到至]|截至|请|要求|务必|必须|需要?|须|要|于|在|到|至|赶在?"
    r"|就|那就|[:,\s])*"
)
_CLOSERS = (
    r"(?:[\s。.!,~;]|吧|哦|啊|呢|交[齐到]?|报[送齐到]?|上报|上交|完成|反馈|回复|提交|办结"
    r"|[给发报]{1,2}我|即可|都?行|可以|谢谢)*"
)
_TITLE = re.compile(r"《[^《》]*》")
_LED = re.compile(rf"{_LEAD}{GAP}$")
_VAGUE = re.compile(
    r"(?:请|务必|要|需|须)?(?:尽快|尽早|尽速|从速|马上|立即|立刻|即刻|即时|速|(?:明后天|这两天|近两天|这几天|近几天|今明两天|过几天)前?|第一时间|稍后|越快越好|待定|另行通知)"
    r"(?:[报上送交办完成反馈回复提]{0,4})[。!]*"
)
_LOOKS_LIKE = re.compile(
    r"[^,。;!?:\s]{1,10}?(?:(?<![目当提此从眼面日先空以之史生产跟])(?:之|以)?前|(?<=[天日时周月年期])(?:之|以)?内|下班)[。!]*"
)
_BOUNDARY = re.compile(r"^|[\s。;!?,:…]+")
_DUTY = re.compile(
    r"(?:[每逐]|按)(?:个?(?:月|周|星期|礼拜|季度?|年|日|天|旬|半月|半年))?的?(?:[0-9一二三四五六七八九十]+[日号]前?[、和及,])*$"
)
_EVENT_AHEAD = re.compile(
    r"(?:后|起|发生|情况|事件|事故|案|警|险|受理|立案|发现|到达|结束|会|近|过去|最近|前|连续|[0-9一二两三四五六七八九十][-~—至到、])$"
)
_SAID_NOW = re.compile(rf"(?:{FROM_NOW}|[。;!?,:\s])$")
_HAND_IN = re.compile(
    r"(?:是|为).{0,4}(?:截止|最后)|[^,。;!?\s0-9~—-]{0,8}?(?:交|发[我给到至来]|报(?![纸道刊社告表名警销])|反馈|回复|提交|完成|汇总|答复|回执|办结|签收)(?![^,。;!?\s]{0,2}[了的过])"
)
_RANGE = re.compile(rf"\s*(?:[-~—]|至|到)\s*(?:[0-9{HAN_NUMERALS}]|周|明|后|本|下)")
_OVER = re.compile(r"已经?[于在]?$|曾[于在]?$")
_GATHERING = re.compile(r"会议|开会|参会|参加|召开|举行|培训|活动|集合|报到|演练|仪式|座谈")
_DATES_SOMETHING = re.compile(r"的|未|没|尚")
_NARRATES = re.compile(r"[,\s]*(?:已|曾|发生|产生|形成|印发|出台|下发|累计|共(?!同)|全?[市县区省]|各地|我[市县区局])")
_MAX = 20_000  # what the chat takes; a longer text is read as far as this


@cache
def _whole_phrase() -> re.Pattern[str]:
    """The two great patterns take a tenth of a second to compile: not at every start, but when the first phrase comes."""
    return re.compile(rf"{_OPENERS}(?P<core>{WHEN}{_LIMIT}){_CLOSERS}")


@cache
def _phrase_inside() -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?<![0-9.〔\[第:/{HAN_NUMERALS}-])(?=[0-9年月日季{HAN_NUMERALS}])|(?=[^0-9年月日季{HAN_NUMERALS}]))"
        rf"(?P<core>{WHEN}{_LIMIT})"
    )


def read_due(phrase: str, now: datetime, calendar: WorkCalendar, holidays: Mapping[date, str] | None = None) -> Due:
    """Read a phrase that was typed as a deadline and nothing else: 「周五」, 「改到 11.25上午10点」, 「3个工作日内」.

    `now` is aware; `holidays` names the days off of the published years. NONE only for an empty phrase.
    """
    text = plain(without_list_marks(phrase[:_MAX]))
    if not text:
        return Due(DueState.NONE, None, "")
    return _read_whole(text, _moment(now, calendar, holidays)) or Due(DueState.UNREAD, None, text, 0, len(phrase))


def find_due(text: str, now: datetime, calendar: WorkCalendar, holidays: Mapping[date, str] | None = None) -> Due:
    """The deadline that a notice carries, or NONE. `start` and `end` are places in `text` as handed in; they are -1
    when the phrase has no one place (two deadlines) or levelling the text moved it."""
    text = without_list_marks(text[:_MAX])
    level = plain(text)
    moment = _moment(now, calendar, holidays)
    due = _tail(level, moment) or _inside(level, moment)
    if due.state is DueState.NONE:
        due = _vague_tail(level) or due
    if due.start < 0:
        return due
    start, end = place(text, level, due.start, due.end)
    return Due(due.state, due.at, due.phrase, start, end)


def say_due(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The absolute echo: 11月19日（周四）18:00; with the year when it is not this one; midnight is its day's 24:00."""
    at, today = at.astimezone(zone), now.astimezone(zone).date()
    day, clock = at.date(), f"{at:%H:%M}"
    if clock == "00:00":
        day, clock = day - timedelta(days=1), "24:00"
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）{clock}"


def _moment(now: datetime, calendar: WorkCalendar, holidays: Mapping[date, str] | None) -> Moment:
    return Moment(calendar.local(now), calendar, holidays or {})


def _read_whole(text: str, moment: Moment) -> Due | None:
    match = _whole_phrase().fullmatch(text)
    if not match:
        return None
    state, at = read_when(match, moment, match["adjust"])
    return Due(state, at, match["core"].strip(), match.start("core"), match.end("core"))


def _tail(text: str, moment: Moment) -> Due | None:
    """The last words, when they stand by themselves and are a deadline; the longest such ending."""
    unread: Due | None = None
    for boundary in _BOUNDARY.finditer(text, max(0, len(text) - 60)):
        start, tail = boundary.end(), text[boundary.end() :]
        ahead = text[:start].rstrip(" :")
        if not tail or _DUTY.search(ahead) or (ahead.endswith(("时间", "日期", "地点")) and not _LED.search(ahead)):
            continue
        due = _read_whole(tail, moment)
        if due and not _limits(tail) and not _LED.search(text[:start]):
            aside, gathers = bool(set(boundary[0]) & set(",:")), bool(_GATHERING.search(text))
            if aside and gathers:
                continue
            if aside or gathers:
                due = Due(DueState.UNREAD, None, due.phrase, due.start, due.end)
        if due and due.state in (DueState.FOUND, DueState.PAST):
            return Due(due.state, due.at, due.phrase, start + due.start, start + due.end)
        if due and not unread:
            unread = Due(DueState.UNREAD, None, due.phrase, start + due.start, start + due.end)
        elif not unread and len(tail) <= 12 and _LOOKS_LIKE.fullmatch(tail):
            unread = Due(DueState.UNREAD, None, tail, start, len(text))
    return unread


def _vague_tail(text: str) -> Due | None:
    """尽快 and its like as the last words by themselves: somebody wanted a limit and set none."""
    for boundary in _BOUNDARY.finditer(text, max(0, len(text) - 20)):
        tail = text[boundary.end() :]
        if _VAGUE.fullmatch(tail) and not set(boundary[0]) & set(",:"):
            return Due(DueState.UNREAD, None, tail, boundary.end(), len(text))
    return None


def _limits(tail: str) -> bool:
    """Whether the words say themselves that they are a limit."""
    match = _whole_phrase().fullmatch(tail)
    return bool(match and (match["mark"] or _bounded(match) or re.match(rf"[^,]*?{_LEAD}", tail)))


def _bounded(match: re.Match[str]) -> bool:
    return is_bounded(match) or "下班" in (match["clock"] or match["lone"] or "")


def _inside(text: str, moment: Moment) -> Due:
    """All limits in running text, weighed against each other."""
    ahead: dict[datetime, Due] = {}
    rest: list[Due] = []
    for match in _phrase_inside().finditer(_TITLE.sub(lambda title: "□" * len(title[0]), text)):
        due = _judge(match, text, moment)
        if due and due.state is DueState.FOUND and due.at:
            ahead.setdefault(due.at, due)
        elif due:
            rest.append(due)
    unread = [due for due in rest if due.state is DueState.UNREAD]
    found = list(ahead.values())
    if len(found) == 1 and not unread:
        return found[0]
    if found:
        return Due(DueState.UNREAD, None, "、".join(due.phrase for due in found + unread))
    return (unread or rest or [Due(DueState.NONE, None, "")])[-1]


def _judge(match: re.Match[str], text: str, moment: Moment) -> Due | None:
    """One time phrase in running text: a deadline with its state, or None when it is no deadline."""
    before, after = text[: match.start()], text[match.end() :]
    led, bounded = bool(_LED.search(before[-20:])), is_bounded(match)
    if _DUTY.search(before[-20:]) or _DATES_SOMETHING.match(after) or _OVER.search(before[-4:]):
        return None
    if match["core"].startswith(("去年", "上年", "前年", "往年")):
        return None
    if bounded and _EVENT_AHEAD.search(before[-12:]) and not _SAID_NOW.search(before[-20:]):
        return None
    marked = bool(match["mark"] or bounded or led)
    so_far = before.endswith("截至")  # "as of" far more often than "until": a limit only for a day to come
    if not marked and not so_far and not _HAND_IN.match(after):
        return None
    state, at = (DueState.UNREAD, None) if _RANGE.match(after) else read_when(match, moment, match["adjust"])
    if not marked and (at is None or state is not DueState.FOUND or (so_far and at.date() <= moment.today)):
        return None
    if (state is DueState.PAST or led or so_far) and _NARRATES.match(after):
        return None
    return Due(state, at, match["core"].strip(), match.start("core"), match.end("core"))
