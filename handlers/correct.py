"""更正: version 2 of a notice. It is previewed, posted anew, and asked again only if the due date or the demand changed."""

from datetime import datetime
from typing import Any

from handlers.card import show
from handlers.close import meant
from handlers.notice import asks_again, reading
from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Button, Desk, Request
from models import outbox, receipts
from models.notices import Notice, NoticeState
from models.rules.chasing import plan
from models.rules.doc_numbers import basis_of


@command("更正", who=OFFICE)
async def correct(request: Request, rest: str) -> None:
    """更正 编号 新内容或新时限：先预览差别，“发”后作为第2版发到群里；只有时限或要求变了才重新签收"""
    notice, words = await meant(request, request.exact(rest))
    if notice.state != NoticeState.OPEN:
        raise Misunderstood("not_open", notice=notice)
    if not words:
        raise Misunderstood("change_empty", notice=notice)
    change = reading(request, notice, words)
    notice.correction = change
    request.reply(
        "correction",
        notice=notice,
        text=change["text"] if change["text"] != notice.text else None,
        due=_instant(change, "due"),
        was=notice.due,
        kind=change["kind"] if change["kind"] != notice.kind else None,
        again=asks_again(notice, change),
        buttons=[Button(f"发 {notice.number}", "发"), Button(f"取消 {notice.number}", "取消")],
        notice_id=notice.id,
    )


def _instant(change: dict[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(change[name]) if change.get(name) else None


async def apply(desk: Desk, notice: Notice) -> bool:
    """Make the correction the notice; True when everybody is asked again. Old answers keep the version they were for."""
    change = notice.correction or {}
    again = asks_again(notice, change)
    notice.correction = None
    notice.text, notice.kind = change["text"], change["kind"]
    notice.basis = basis_of(notice.text)
    notice.version += 1
    due = _instant(change, "due")
    if due is not None:
        notice.ack_due, notice.done_due = (notice.ack_due, due) if notice.wants_done else (due, None)
    if again and notice.due is not None:
        steps = plan(desk.now, notice.due, desk.calendar)
        notice.chase_before, notice.chase_after, notice.sheet_at = steps.before, steps.after, steps.sheet
        await desk.session.flush()
        first, step = (steps.before, 0) if steps.before else (steps.after, 1)
        await receipts.ask_again(desk.session, notice.id, first, step)
    await desk.session.flush()
    await outbox.cancel(desk.session, notice.id, ("chase", "chase_leader"), "通知已更正")
    for room in notice.rooms:
        show(desk, notice, room)
    desk.gathering.changed.add(notice.id)
    return again
