"""通知: from what the office says to a preview; nothing goes out before 发."""

import re
from datetime import datetime, timedelta
from typing import Any

from handlers.agree import wanted
from handlers.press import take_back
from handlers.registry import OFFICE, PASS, Misunderstood, command
from handlers.request import Button, Desk, Request
from models import notices, reports
from models.notices import Kind, Notice, NoticeState
from models.rules.case_numbers import leading_number
from models.rules.deadlines import Due, DueState, find_due, read_due
from models.rules.demands import MOST_PHOTOS, read_demands
from models.rules.doc_numbers import basis_of
from models.rules.names import read_kind, split_audience
from models.rules.notice_words import asks_figures, asks_pictures_without_reason, kind_of, sets_lead_target, split_kind
from models.units import Unit

LONGEST = 4000
REPORTED_OF_LATE = timedelta(days=60)
ADDRESSED = re.compile(r"([^。；：:\n]{2,40}?)[，,\s]*(?:请(?!示)|须|要(?!求)|应(?!急)|务必|尽快|抓紧|报送|上报)")


@command("通知", who=OFFICE, glued=lambda rest: len(rest) >= 8)
async def draft(request: Request, rest: str) -> None:
    """通知 …：拟一条通知，先给您预览；可先写单位（通知 寿县、大通区：…）和时限（明天下班前）

    The kind may stand first (`通知 报数 …`); without units it goes to everybody, or to the room it was said in.
    """
    rest = request.exact(rest)
    if not rest:
        raise Misunderstood("notice_empty")
    if len(rest) > LONGEST:
        raise Misunderstood("too_long", limit=LONGEST, length=len(rest))
    notice = Notice(number=0, text="", issuer=request.me.id, created_at=request.now, state=NoticeState.DRAFT)
    _fill(request, notice, rest)
    notice.number = await notices.next_number(request.session)
    request.session.add(notice)
    await preview(request, notice)


def _fill(request: Request, notice: Notice, words: str) -> None:
    """Read kind, audience, text and due time out of what was said."""
    kind, words = split_kind(words)
    units, words = audience_of(request, words)
    found = find_due(words, request.now, request.calendar, request.around.holidays)
    notice.kind = kind or kind_of(words)
    notice.text = _without_due(words, found)
    notice.basis = basis_of(notice.text)
    notice.audience = [u.id for u in units]
    notice.rooms = list(request.roster.rooms_for(units))
    _set_due(notice, found)


def _without_due(words: str, found: Due) -> str:
    """The text without a due date that stands by itself at its end: it is printed in a line of its own."""
    if found.state is not DueState.NONE and found.start > 0 and found.end >= len(words.rstrip()):
        head = words[: found.start].rstrip()
        if head and (head[-1] in "。；;.!！" or found.start > len(head)):
            return head.strip()
    return words.strip()


def audience_of(request: Request, words: str) -> tuple[list[Unit], str]:
    """The units named before a colon, else those of the room it was said in, else all."""
    roster = request.roster
    matched, unmatched, rest = split_audience(words, roster.names)
    if unmatched:
        raise Misunderstood("unit_unknown", words=unmatched)
    if matched:
        return [u for u in roster.units.values() if u.name in set(matched)], rest
    head, colon, after = words.partition("：") if "：" in words[:12] else words.partition(":")
    kind = read_kind(head.strip()) if colon and len(head) <= 8 else None
    if kind is not None and after.strip():
        return [u for u in roster.units.values() if kind in ("", u.kind)], after.strip()
    if request.incoming.room is not None:
        return roster.units_of_room(request.incoming.room), words
    return list(roster.units.values()), words


def _set_due(notice: Notice, found: Due) -> None:
    """The date typed is the 签收时限 of a 签收, the 办结时限 of what wants more; one that cannot be read sets nothing."""
    state, at, phrase = found.state, found.at, found.phrase
    notice.ack_due = notice.done_due = None
    notice.due_trouble = f"{state}:{phrase}" if state in (DueState.PAST, DueState.UNREAD) else ""
    if state is DueState.FOUND:
        if notice.kind in (Kind.REPLY, Kind.FIGURES, Kind.FILE):
            notice.done_due = at
        else:
            notice.ack_due = at


async def preview(request: Request, notice: Notice) -> None:
    """Show the draft with its number, kind, audience, due date, cost and warnings, as it would go out."""
    await request.session.flush()
    week = request.now.astimezone(request.office.zone)
    monday = (week - timedelta(days=week.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    request.reply(
        "preview",
        notice=notice,
        rooms=[request.roster.rooms[r].name for r in notice.rooms],
        names=[request.roster.units[u].name for u in notice.audience],
        everybody=len(notice.audience) == len(request.roster.units),
        issued=await notices.issued_since(request.session, monday),
        opens=None if request.calendar.is_open(request.now) else request.calendar.next_opening(request.now),
        known=await _known(request, notice),
        warnings=warnings(request, notice),
        named=named_first(request, notice),
        silent=[request.roster.units[u].name for u in notice.audience if request.liaison(u) is None],
        notice_id=notice.id,
        buttons=[Button(f"发 {notice.number}", "发"), Button(f"取消 {notice.number}", "取消")],
    )


async def _known(request: Request, notice: Notice) -> list[dict[str, Any]]:
    """Figures that a notice asks for and units have reported of late: they can be quoted instead of asked again (R8)."""
    if notice.kind != Kind.FIGURES and not asks_figures(notice.text):
        return []
    of_late = await reports.labels_since(request.session, request.now - REPORTED_OF_LATE)
    return [
        {"label": label, "units": units, "at": at.astimezone(request.office.zone)}
        for label, units, at in of_late
        if len(label) > 1 and label in notice.text
    ]


def warnings(desk: Desk, notice: Notice) -> list[str]:
    """Names of the warnings that the preview must carry (R7, R9, R10, R15), for the template to word."""
    found = []
    state, _, _ = notice.due_trouble.partition(":")
    if state:
        found.append(f"due_{state}")
    start = desk.calendar.next_opening(desk.now)
    due = notice.due
    if due is not None:
        local = due.astimezone(desk.office.zone)
        if due <= start:
            found.append("before_opening")
        elif desk.calendar.working_hours_between(start, due) < 2:
            found.append("short")
        if local > desk.calendar.closing(local.date()) or not desk.calendar.is_workday(local.date()):
            found.append("after_hours")
        if desk.calendar.uncovered(local.date()):
            found.append("year")
    if asks_pictures_without_reason(notice.text):
        found.append("pictures")
    if any(d.photo and d.count > MOST_PHOTOS for d in read_demands(notice.text)):
        found.append("many_pictures")
    if notice.kind == Kind.ACK and asks_figures(notice.text):
        found.append("figures")
    elif notice.kind in (Kind.ACK, Kind.REPLY) and read_demands(notice.text):
        found.append("pieces")
    if sets_lead_target(notice.text):
        found.append("target")
    if not notice.audience:
        found.append("nobody")
    if any(desk.liaison(unit) is None for unit in notice.audience):
        found.append("silent")
    return found


def named_first(desk: Desk, notice: Notice) -> list[str]:
    """Units that the words address at their beginning without a colon, though others are asked too: said, not guessed."""
    match = ADDRESSED.match(notice.text)
    if match is None:
        return []
    named, unmatched, left = split_audience(f"{match[1]}：x", desk.roster.names)
    asked = {desk.roster.units[u].name for u in notice.audience}
    return list(named) if not unmatched and left == "x" and set(named) < asked else []


@command("改", who=OFFICE | {"liaison"}, hidden=True)
async def change(request: Request, rest: str) -> str | None:
    """改 …：改预览中的通知（时限、类型、单位或全文），或改刚上报的数字

    A due phrase, a kind, units, or else the whole text: whichever the words are.
    """
    if not request.me.is_staff:
        return PASS
    number, words = leading_number(request.exact(rest))
    notice = await _draft(request, number)
    if notice is None:
        return PASS
    if not words:
        raise Misunderstood("change_empty", notice=notice)
    if notice.state == NoticeState.SCHEDULED and wanted(request, "notice.send"):
        notice.state, notice.send_at = NoticeState.DRAFT, None  # what another has agreed to is not what goes out now
    due = read_due(words, request.now, request.calendar, request.around.holidays)
    matched, unmatched, left = split_audience(words.rstrip("：:") + "：x", request.roster.names)
    if words in tuple(Kind):
        at = notice.due
        notice.kind = words
        if at is not None:
            notice.ack_due, notice.done_due = (None, at) if notice.wants_done else (at, None)
    elif matched and not unmatched and left == "x":
        units = [u for u in request.roster.units.values() if u.name in set(matched)]
        notice.audience, notice.rooms = [u.id for u in units], list(request.roster.rooms_for(units))
    elif due.state in (DueState.FOUND, DueState.PAST) or len(words) <= 8:
        if due.state is not DueState.FOUND:
            raise Misunderstood("due_trouble", state=due.state, phrase=words)
        _set_due(notice, due)
    else:
        _fill(request, notice, words.removeprefix("正文").removeprefix("通知").lstrip(" ：:"))
    await preview(request, notice)
    return None


def reading(request: Request, notice: Notice, words: str) -> dict[str, Any]:
    """What a correction would make of a notice: a due phrase, a kind, or else the whole text with its own due date."""
    change = {"text": notice.text, "kind": notice.kind, "due": None}
    due = read_due(words, request.now, request.calendar, request.around.holidays)
    if words in tuple(Kind):
        return change | {"kind": words}
    if due.state in (DueState.FOUND, DueState.PAST):
        if due.at is None or due.state is DueState.PAST:
            raise Misunderstood("due_trouble", state=due.state, phrase=words)
        return change | {"due": due.at.isoformat()}
    kind, text = split_kind(words)
    found = find_due(text, request.now, request.calendar, request.around.holidays)
    if found.state in (DueState.PAST, DueState.UNREAD):
        raise Misunderstood("due_trouble", state=found.state, phrase=found.phrase)
    due_at = found.at.isoformat() if found.at is not None else None
    return {"text": _without_due(text, found), "kind": kind or notice.kind, "due": due_at}


def asks_again(notice: Notice, change: dict[str, Any]) -> bool:
    """A new date or a new demand is asked again; better words are not."""
    due = change.get("due")
    moved = due is not None and (notice.due is None or datetime.fromisoformat(due) != notice.due)
    kind = change["kind"]
    pieces = kind == Kind.FILE and read_demands(change["text"]) != notice.demands
    return moved or pieces or kind != notice.kind


@command("取消", who=OFFICE)
async def cancel(request: Request, rest: str) -> str | None:
    """取消：不发预览中的通知"""
    number, words = leading_number(rest)
    if words:
        return PASS
    notice = await _draft(request, number)
    if notice is None:
        corrected = await notices.corrected_by(request.session, request.me.id, number or request.case)
        if corrected is not None:
            corrected.correction = None
            request.reply("correction_dropped", notice=corrected)
        else:
            request.reply("no_draft", number=number)
        return None
    notice.state = NoticeState.RECALLED
    notice.send_at = None
    await take_back(request, notice.issuer, "preview", notice.id)
    request.reply("cancelled", notice=notice)
    return None


async def _draft(request: Request, number: int | None) -> Notice | None:
    """The draft meant: by number (or the quoted one's), else the newest of this person."""
    number = number or request.case
    if number is None:
        return await notices.last_draft(request.session, request.me.id)
    notice = await notices.by_number(request.session, number)
    waiting = (NoticeState.DRAFT, NoticeState.SCHEDULED)
    return notice if notice is not None and notice.state in waiting else None
