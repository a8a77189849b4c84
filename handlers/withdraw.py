"""撤销: a unit takes back its own last answer; the office takes back one for a unit."""

from typing import Any

from handlers.proxy import unit_meant
from handlers.registry import ANYONE, Misunderstood, NotAllowed, command
from handlers.request import Request
from models import notices, pieces, receipts, reports
from models.notices import Notice, NoticeState
from models.receipts import Receipt, ReceiptState, What
from models.reports import Report
from models.rules.case_numbers import leading_number
from models.rules.chasing import OFFICE
from models.rules.demands import say


@command("撤销", who=ANYONE)
async def withdraw(request: Request, rest: str) -> None:
    """撤销 [编号]：收回本单位刚才的签收或上报（办公室：撤销 单位 编号）"""
    number, words = leading_number(rest)
    number = number or request.case
    if request.me.is_staff:
        await _by_office(request, words or rest, number)
        return
    if request.unit is None:
        raise NotAllowed("not_allowed", word=request.word)
    row = await _ack_meant(request, number)
    report = await reports.last_of(request.session, request.me.id) if number is None else None
    if report is not None and (row is None or report.at >= row.acked_at):
        await _withdraw_report(request, report)
        return
    if row is None:
        raise Misunderstood("nothing_to_withdraw")
    await _undo(request, row)
    request.reply("withdrawn", number=row.number, notice_id=row.notice_id)


async def _withdraw_report(request: Request, report: Report) -> None:
    """The report no longer counts; a notice that it had answered waits for the answer again."""
    report.withdrawn = True
    number = None
    if report.notice_id is not None:
        notice = (await notices.of_ids(request.session, [report.notice_id]))[report.notice_id]
        number = notice.number
        receipt = await request.session.get(Receipt, (notice.id, report.unit_id), populate_existing=True)
        left = await pieces.left(request.session, notice.id, report.unit_id, notice.text) if notice.demands else []
        if receipt is not None:
            receipt.lacking = say(left)
        still = notice.wants_done and (left or not notice.demands)
        if receipt is not None and receipt.done_at is not None and still:
            receipt.state, receipt.done_at = ReceiptState.ACKED, None
            wait_again(request, notice, receipt)
    request.reply("report_withdrawn", number=number, notice_id=report.notice_id)


async def _by_office(request: Request, words: str, number: int | None) -> None:
    if not words:
        raise Misunderstood("withdraw_how")
    unit, rest = unit_meant(request, words)
    number = number or leading_number(rest)[0]
    if number is None:
        raise Misunderstood("withdraw_how")
    row = await request.gathering.numbered(number, unit.id)
    if row is None or row.acked_at is None:
        raise Misunderstood("unit_not_acked", unit=unit.name, number=number)
    await request.journal("ack.withdraw", f"notice:{number}", unit=unit.name)
    await _undo(request, row)
    request.reply("withdrawn", number=number, unit=unit.name, notice_id=row.notice_id)


async def _ack_meant(request: Request, number: int | None) -> Any | None:
    if number is None:
        return await receipts.last_acked(request.session, request.unit.id)
    row = await request.gathering.numbered(number, request.unit.id)
    return row if row is not None and row.acked_at is not None else None


async def _undo(request: Request, row: Any) -> None:
    """The receipt waits again, with what is left of its chasing plan; a notice that had closed itself opens again."""
    if row.notice_state == NoticeState.RECALLED:
        raise Misunderstood("ack_recalled", number=row.number)
    notice = await notices.by_number(request.session, row.number)
    receipt = await request.session.get(Receipt, (row.notice_id, row.unit_id), populate_existing=True)
    if notice is None or receipt is None:
        raise Misunderstood("no_notice", number=row.number)
    receipt.state = ReceiptState.WAITING
    receipt.acked_at = receipt.acked_by = receipt.how = receipt.on_version = receipt.done_at = None
    receipt.late = receipt.proxy = False
    wait_again(request, notice, receipt)


def wait_again(request: Request, notice: Notice, receipt: Receipt) -> None:
    """What is left of the chasing plan applies again; a notice that had closed by itself is open again."""
    reopened = notice.state == NoticeState.CLOSED and notice.closed_by is None
    if reopened:
        notice.state, notice.closed_at = NoticeState.OPEN, None
    if notice.state == NoticeState.OPEN:
        plan = (notice.chase_before, notice.chase_after)
        upcoming = [(at, step) for step, at in enumerate(plan) if at is not None and at > request.now]
        receipt.chase_at, receipt.chase_step = upcoming[0] if upcoming else (None, OFFICE)
        if not upcoming and (notice.sheet_at is None or notice.sheet_at <= request.now):
            notice.sheet_at = request.calendar.next_half_day(request.now)
    event = {"notice_id": notice.id, "unit_id": receipt.unit_id, "at": request.now, "by": request.me.id}
    event["message"] = request.incoming.message
    request.gathering.events.append({**event, "what": What.WITHDRAWN})
    if reopened:
        request.gathering.events.append({**event, "what": What.REOPENED})
    request.gathering.changed.add(notice.id)
