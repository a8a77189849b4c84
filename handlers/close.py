"""撤回 and 办结: the office ends a notice, before or after everybody has answered."""

from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Request
from models import chases, notices, outbox, tallies
from models.notices import Notice, NoticeState
from models.rules.case_numbers import leading_number
from models.rules.notice_words import title

WAITING = ("chase", "chase_leader", "due_passed")


@command("撤回", who=OFFICE)
async def recall(request: Request, rest: str) -> None:
    """撤回 编号：通知作废，群里说明一次，不再催"""
    notice, reason = await meant(request, rest)
    if notice.state == NoticeState.RECALLED:
        raise Misunderstood("already_recalled", notice=notice)
    was = notice.state
    notice.state, notice.closed_at, notice.send_at = NoticeState.RECALLED, request.now, None
    await request.journal("notice.recall", f"notice:{notice.number}", reason=reason)
    await _stop(request, notice)
    if was in (NoticeState.OPEN, NoticeState.CLOSED):
        for room in notice.rooms:
            request.post(
                room,
                "recalled",
                key=f"recalled:{notice.id}:{room}",
                notice_id=notice.id,
                notice=notice,
                title=title(notice.text),
                reason=reason,
            )
    request.gathering.changed.add(notice.id)
    request.reply("recall_done", notice=notice, posted=was != NoticeState.DRAFT, notice_id=notice.id)


@command("办结", who=OFFICE)
async def close(request: Request, rest: str) -> None:
    """办结 编号：到此为止，不再催；没签收的记为待签收，之后补签记“迟”"""
    notice, reason = await meant(request, rest)
    if notice.state == NoticeState.CLOSED:
        raise Misunderstood("already_closed", notice=notice)
    if notice.state != NoticeState.OPEN:
        raise Misunderstood("not_open", notice=notice)
    notice.state, notice.closed_at, notice.closed_by = NoticeState.CLOSED, request.now, request.me.id
    await request.journal("notice.close", f"notice:{notice.number}", reason=reason)
    await _stop(request, notice)
    request.gathering.changed.add(notice.id)
    total, acked, done = (await tallies.counts(request.session, [notice.id])).get(notice.id, (0, 0, 0))
    request.reply("close_done", notice=notice, total=total, acked=acked, done=done, notice_id=notice.id)


async def _stop(request: Request, notice: Notice) -> None:
    """No step of the plan is left, and what waits to be said about it is taken back."""
    notice.sheet_at = None
    await request.session.flush()
    await chases.stop_chasing(request.session, notice.id)
    kinds = (*WAITING, "notice") if notice.state == NoticeState.RECALLED else WAITING
    await outbox.cancel(request.session, notice.id, kinds, "通知已结束")


async def meant(request: Request, words: str) -> tuple[Notice, str]:
    """The notice that a number or a quote names, and the words after it."""
    number, rest = leading_number(words)
    number = number or request.case
    if number is None:
        raise Misunderstood("which_number", word=request.word)
    notice = await notices.by_number(request.session, number)
    if notice is None:
        raise Misunderstood("no_notice", number=number)
    return notice, rest
