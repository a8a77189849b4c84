"""退 and 延期: an answer goes back with a reason, or a unit gets more time; each on its own clock, in the same thread."""

from datetime import datetime

from handlers.answer import asked
from handlers.registry import ANYONE, OFFICE, PASS, Misunderstood, NotAllowed, command
from handlers.request import Button, Desk, Request
from models import notices, questions
from models.notices import Notice, NoticeState
from models.people import Role
from models.questions import Ask
from models.receipts import Receipt, ReceiptState, What
from models.rules.case_numbers import leading_number
from models.rules.chasing import upcoming_step
from models.rules.deadlines import DueState, find_due, read_due
from models.rules.names import find_unit, split_audience
from models.units import Unit


@command("退", "退回", who=OFFICE)
async def send_back(request: Request, rest: str) -> None:
    """退 单位 编号 缘由 [新时限]：退回补正，单独算时限（可一次退几个单位：退 寿县、大通区 12 …）

    Without a new date it is due at the close of the next working day.
    """
    units, words = _units(request, request.exact(rest))
    number, reason = leading_number(words)
    notice = await _open_notice(request, number or request.case, "退")
    if not reason:
        raise Misunderstood("send_back_how", units=[u.name for u in units], number=notice.number)
    found = find_due(reason, request.now, request.calendar, request.around.holidays)
    if found.state in (DueState.PAST, DueState.UNREAD):
        raise Misunderstood("due_not_set", phrase=found.phrase, past=found.state is DueState.PAST)
    today = request.now.astimezone(request.office.zone).date()
    due = found.at or request.calendar.closing(request.calendar.next_workday(today))
    rows = [await _receipt(request, notice, unit) for unit in units]
    for unit, row in zip(units, rows, strict=True):
        row.state, row.done_at = ReceiptState.RETURNED, None
        row.returned += 1
        _hold_to(request, notice, row, due)
        _event(request, row, What.RETURNED, reason)
        _tell(request, unit, "sent_back", notice, reason=reason, due=due)
        await request.journal("receipt.return", f"notice:{notice.number}", unit=unit.name, reason=reason)
    _reopen(notice)
    request.gathering.changed.add(notice.id)
    request.reply("send_back_done", notice=notice, units=[u.name for u in units], due=due, notice_id=notice.id)


@command("延期", who=ANYONE)
async def extend(request: Request, rest: str) -> None:
    """延期 编号 周五 缘由：单位申请延期，由办公室点头（办公室：延期 单位 编号 周五）"""
    if not request.me.is_staff:
        await _ask_for_time(request, rest)
        return
    units, words = _units(request, request.exact(rest))
    number, phrase = leading_number(words)
    notice = await _open_notice(request, number or request.case, "延期")
    due = _due(request, phrase)
    for unit in units:
        await grant(request, notice, unit, due)
    request.reply("extended", notice=notice, units=[u.name for u in units], due=due, notice_id=notice.id)


async def grant(request: Request, notice: Notice, unit: Unit, due: datetime) -> None:
    """Give a unit until `due`; its reminders follow."""
    row = await _receipt(request, notice, unit)
    if row.done_at is not None:
        raise Misunderstood("unit_done", unit=unit.name, number=notice.number)
    _hold_to(request, notice, row, due)
    _event(request, row, What.EXTENDED, due.isoformat())
    await request.journal("receipt.extend", f"notice:{notice.number}", unit=unit.name, due=due.isoformat())
    _tell(request, unit, "more_time", notice, due=due)


async def _ask_for_time(request: Request, rest: str) -> None:
    if request.unit is None:
        raise NotAllowed("not_allowed", word=request.word)
    number, words = leading_number(request.exact(rest))
    number = number or request.case
    if number is None:
        raise Misunderstood("which_number", word="延期")
    row = await request.gathering.numbered(number, request.unit.id)
    if row is None or row.notice_state != NoticeState.OPEN or row.done_at is not None:
        raise Misunderstood("ack_unknown", number=number)
    found = find_due(words, request.now, request.calendar, request.around.holidays)
    due = found.at if found.state is DueState.FOUND and found.at is not None else _due(request, words.split(" ")[0])
    for clerk in request.roster.with_role(Role.CLERK):
        question = await questions.ask(
            request.session,
            clerk.id,
            Ask.EXTEND,
            request.now,
            number=number,
            unit=request.unit.id,
            due=due.isoformat(),
            about=f"{number}:{request.unit.id}",
        )
        request.tell(
            clerk.id,
            "extension_asked",
            key=f"extension:{question.id}",
            unit=request.unit.name,
            number=number,
            due=due,
            words=words,
            office_hours=True,
            buttons=[Button(f"准 {question.id}", "准"), Button(f"不准 {question.id}", "不准")],
        )
    request.reply("extension_passed_on", number=number, due=due)


def _due(request: Request, phrase: str) -> datetime:
    due = read_due(phrase, request.now, request.calendar, request.around.holidays)
    if due.state is not DueState.FOUND or due.at is None:
        raise Misunderstood("due_not_set", phrase=phrase, past=due.state is DueState.PAST)
    return due.at


def _units(request: Request, words: str) -> tuple[list[Unit], str]:
    """The unit or units that words begin with, and the rest; never a guess."""
    head, _, rest = words.partition(" ")
    matched, unmatched, left = split_audience(f"{head}：x", request.roster.names)
    if matched and not unmatched and left == "x":
        return [request.roster.by_name[name] for name in matched], rest.strip()
    match, rest = find_unit(words, request.roster.names)
    if match.unit is None:
        raise Misunderstood("unit_unclear", words=head, candidates=match.candidates)
    return [request.roster.by_name[match.unit]], rest.strip()


async def _open_notice(request: Request, number: int | None, word: str) -> Notice:
    if number is None:
        raise Misunderstood("which_number", word=f"{word} 单位")
    notice = await notices.by_number(request.session, number)
    if notice is None or notice.state not in (NoticeState.OPEN, NoticeState.CLOSED):
        raise Misunderstood("no_notice", number=number)
    return notice


async def _receipt(request: Request, notice: Notice, unit: Unit) -> Receipt:
    row = await request.session.get(Receipt, (notice.id, unit.id), populate_existing=True)
    if row is None:
        raise Misunderstood("not_asked", number=notice.number, unit=unit.name)
    return row


def _hold_to(desk: Desk, notice: Notice, row: Receipt, due: datetime) -> None:
    """A unit's own due time, with its own reminders; the office's turn comes after the last of them."""
    row.extended_to = due
    row.chase_at, row.chase_step = upcoming_step(desk.now, due, desk.calendar)
    sheet = desk.calendar.add_hours(desk.calendar.next_half_day(due), 1)
    if notice.sheet_at is None or notice.sheet_at <= desk.now:
        notice.sheet_at = sheet


def _reopen(notice: Notice) -> None:
    if notice.state == NoticeState.CLOSED and notice.closed_by is None:
        notice.state, notice.closed_at = NoticeState.OPEN, None


def _event(request: Request, row: Receipt, what: What, note: str) -> None:
    request.gathering.events.append(
        {
            "notice_id": row.notice_id,
            "unit_id": row.unit_id,
            "at": request.now,
            "what": what,
            "by": request.me.id,
            "message": request.incoming.message,
            "note": note,
        }
    )


def _tell(request: Request, unit: Unit, template: str, notice: Notice, **facts: object) -> None:
    liaison = request.liaison(unit.id)
    if liaison is not None:
        key = f"{template}:{notice.id}:{unit.id}:{request.incoming.external_id}"
        request.tell(liaison.id, template, key=key, notice=notice, office_hours=True, notice_id=notice.id, **facts)


@command("准", "准予", who=OFFICE, hidden=True)
async def agree(request: Request, rest: str) -> str | None:
    """准：准许刚才的延期申请"""
    return await _decide(request, rest, granted=True)


@command("不准", "不予", who=OFFICE, hidden=True)
async def disagree(request: Request, rest: str) -> str | None:
    """不准：不准刚才的延期申请"""
    return await _decide(request, rest, granted=False)


async def _decide(request: Request, rest: str, *, granted: bool) -> str | None:
    question = await asked(request, rest, Ask.EXTEND)
    if question is None:
        return PASS
    subject = question.subject
    await questions.close_about(request.session, Ask.EXTEND, "about", subject["about"], request.now)
    unit = request.roster.units.get(subject["unit"])
    if unit is None:
        raise Misunderstood("settled_already")
    notice = await _open_notice(request, subject["number"], "延期")
    due = datetime.fromisoformat(subject["due"])
    if granted:
        await grant(request, notice, unit, due)
        request.reply("extended", notice=notice, units=[unit.name], due=due, notice_id=notice.id)
    else:
        _tell(request, unit, "no_more_time", notice)
        request.reply("settled", again=False)
    return None
