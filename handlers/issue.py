"""发: a draft goes out now, or at the next opening; its receipts and its chasing plan are made at that moment."""

import hashlib
from datetime import datetime
from typing import Any

from handlers.agree import propose, wanted
from handlers.card import show
from handlers.correct import apply
from handlers.press import take_back
from handlers.registry import OFFICE, Misunderstood, command, tick
from handlers.request import Desk, Request
from models import notices, receipts
from models.notices import Kind, Notice, NoticeState
from models.rules.case_numbers import leading_number
from models.rules.chasing import DEFAULT_ACK_HOURS, plan


@command("发", "发送", "发出", who=OFFICE, glued=lambda rest: rest.startswith("紧急"))
async def send(request: Request, rest: str) -> None:
    """发：发出预览的通知（非工作时间顺延到下次上班；发 紧急 理由：立即发）"""
    number, words = leading_number(rest)
    corrected = await notices.corrected_by(request.session, request.me.id, number or request.case)
    if corrected is not None and not words:
        await _send_correction(request, corrected)
        return
    notice = await _draft(request, number or request.case)
    if notice is None:
        raise Misunderstood("no_draft", number=number)
    urgent = words.removeprefix("紧急").strip(" ：:，,") if words.startswith("紧急") else ""
    if words and not words.startswith("紧急"):
        raise Misunderstood("send_words", words=words)
    if words.startswith("紧急") and not urgent:
        raise Misunderstood("urgent_reason")
    if not notice.audience:
        raise Misunderstood("notice_nobody")
    if wanted(request, "notice.send") and calls_everybody(request, notice):
        subject = {"number": notice.number, "urgent": urgent, "stands": as_it_stands(notice)}
        facts: dict[str, Any] = {"notice": notice, "urgent": urgent, "notice_id": notice.id}
        await propose(request, "notice.send", f"notice:{notice.number}", "second_notice_send", subject=subject, **facts)
        return
    await let_out(request, notice, urgent)


async def let_out(request: Request, notice: Notice, urgent: str, **second: Any) -> None:
    """Now, or at the next opening. `second`: who asked and who agreed, where it took two."""
    await take_back(request, notice.issuer, "preview", notice.id)
    opens = request.calendar.next_opening(request.now)
    if opens > request.now and not urgent:
        notice.state, notice.send_at = NoticeState.SCHEDULED, opens
        await request.journal("notice.schedule", f"notice:{notice.number}", at=opens.isoformat(), **second)
        request.reply("scheduled", notice=notice, notice_id=notice.id)
        return
    notice.urgent = urgent
    units = len(notice.audience)
    await request.journal("notice.send", f"notice:{notice.number}", urgent=urgent, units=units, **second)
    await go_out(request, notice)
    request.reply("sent", notice=notice, notice_id=notice.id)


def calls_everybody(desk: Desk, notice: Notice) -> bool:
    """Whether a post of it will mention everyone in some room."""
    asked = set(notice.audience)
    return any(asked >= {unit.id for unit in desk.roster.units_of_room(room)} for room in notice.rooms)


def as_it_stands(notice: Notice) -> str:
    """A fingerprint of all that the second person reads, so that nothing else goes out than what was agreed to."""
    read = (notice.text, notice.kind, sorted(notice.audience), str(notice.ack_due), str(notice.done_due))
    return hashlib.sha256(repr(read).encode("utf-8", "surrogatepass")).hexdigest()


async def _send_correction(request: Request, notice: Notice) -> None:
    if wanted(request, "notice.correct") and calls_everybody(request, notice):
        change = notice.correction or {}
        due = datetime.fromisoformat(change["due"]) if change.get("due") else None
        facts: dict[str, Any] = {"notice": notice, "text": change["text"], "due": due, "notice_id": notice.id}
        subject = {"number": notice.number, "change": change}
        await propose(
            request, "notice.correct", f"notice:{notice.number}", "second_notice_correct", subject=subject, **facts
        )
        return
    await let_correction_out(request, notice)


async def let_correction_out(request: Request, notice: Notice, **second: Any) -> None:
    """Now; outside working hours it is said when that may be."""
    opens = request.calendar.next_opening(request.now)
    if opens > request.now and not notice.urgent:
        raise Misunderstood("correction_waits", notice=notice, opens=opens)
    await request.journal("notice.correct", f"notice:{notice.number}", version=notice.version + 1, **second)
    await take_back(request, notice.issuer, "correction", notice.id)
    again = await apply(request, notice)
    request.reply("correction_sent", notice=notice, again=again, notice_id=notice.id)


async def _draft(request: Request, number: int | None) -> Notice | None:
    if number is None:
        return await notices.last_waiting(request.session, request.me.id)
    notice = await notices.by_number(request.session, number)
    if notice is not None and notice.state not in (NoticeState.DRAFT, NoticeState.SCHEDULED):
        raise Misunderstood("already_sent", notice=notice)
    return notice


async def go_out(desk: Desk, notice: Notice) -> None:
    """Open the notice: freeze its clocks and plan, make a receipt for every unit, and post it to its rooms."""
    notice.state, notice.issued_at, notice.send_at, notice.due_trouble = NoticeState.OPEN, desk.now, None, ""
    units = [desk.roster.units[u] for u in notice.audience if u in desk.roster.units]
    fyi = notice.kind == Kind.FYI
    if not fyi:
        _freeze(desk, notice)
    rooms = desk.roster.rooms_for(units)
    notice.rooms = list(rooms)
    first = notice.chase_before or notice.chase_after
    step = 0 if notice.chase_before else 1
    await desk.session.flush()
    homes = {unit.id: room for room, here in rooms.items() for unit in here}
    await receipts.create(
        desk.session,
        [
            {"notice_id": notice.id, "unit_id": u.id, "room": homes.get(u.id, ""), "chase_at": first}
            | {"chase_step": step, "exempt": fyi, "done_at": desk.now if fyi else None}
            for u in units
        ],
    )
    if fyi:
        notice.state, notice.closed_at = NoticeState.CLOSED, desk.now
    for room in rooms:
        show(desk, notice, room)


def _freeze(desk: Desk, notice: Notice) -> None:
    if notice.ack_due is None:
        usual = desk.calendar.add_hours(desk.now, DEFAULT_ACK_HOURS)
        notice.ack_due = min(usual, notice.done_due) if notice.done_due else usual
    due = notice.due
    if due is not None:
        steps = plan(desk.now, due, desk.calendar)
        notice.chase_before, notice.chase_after, notice.sheet_at = steps.before, steps.after, steps.sheet


@tick("opening", due=notices.OPENINGS.due, next=notices.OPENINGS.next)
async def open_scheduled(desk: Desk, number: int) -> None:
    """A notice that waited for working hours goes out."""
    notice = await notices.by_number(desk.session, number)
    if notice is None or notice.state != NoticeState.SCHEDULED:
        return
    if notice.due is not None and notice.due <= desk.now:
        notice.ack_due = notice.done_due = None
        desk.tell(notice.issuer, "due_passed", key=f"due passed:{notice.id}", notice=notice, notice_id=notice.id)
    await desk.write_down("notice.send", f"notice:{notice.number}", notice.issuer, units=len(notice.audience))
    await go_out(desk, notice)
    desk.tell(notice.issuer, "sent", key=f"sent:{notice.id}", notice=notice, notice_id=notice.id)
