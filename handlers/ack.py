"""收到: by text, button, quote, number or private line. The hot path: it only adds to the gathering."""

from collections.abc import Sequence
from typing import Any

from handlers.registry import PASS, listener
from handlers.request import Button, Request
from models import outbox, questions
from models.acking import acknowledge
from models.notices import Kind, NoticeState
from models.questions import Ask
from models.receipts import How, ReceiptState
from models.rules.acks import Ack, Verdict, read_ack
from models.rules.lead_words import lead_like


def _read(request: Request) -> Ack:
    if request.ack is None:
        request.ack = read_ack(request.text, names=request.roster.spoken)
    return request.ack


async def _warm(requests: Sequence[Request]) -> None:
    """Read what all the 收到 of a batch will ask for, with two statements."""
    units, pairs = set(), set()
    for request in requests:
        if request.unit is None or _read(request).verdict is Verdict.NO:
            continue
        number = _read(request).number or request.case
        if number:
            pairs.add((number, request.unit.id))
        else:
            units.add(request.unit.id)
    if requests:
        await requests[0].gathering.prepare(units, pairs)


@listener(10, hot=True, warm=_warm)
async def hear(request: Request) -> str | None:
    """An acknowledgement counts only for the unit of whoever spoke, whatever unit the words name."""
    ack = _read(request)
    if request.incoming.pictures:
        return PASS
    if ack.verdict is Verdict.NO:
        return _no_answer(request)
    request.only_private = True  # an ack gets no message in the room, whatever the door can do
    if request.unit is None:
        return _not_a_liaison(request)
    number = ack.number or request.case
    if number is not None:
        row = await request.gathering.numbered(number, request.unit.id)
        if row is None:
            request.reply("ack_unknown", number=number)
            return None
    else:
        row = await _newest(request)
        if row is None:
            return _nothing_owed(request)
    if ack.verdict is Verdict.DOUBT:
        return await _ask(request, row)
    await receive(request, row, how_it_came(request, ack))
    return None


async def receive(request: Request, row: Any, how: How) -> None:
    """Acknowledge one receipt for the unit of whoever spoke, and say so in one private line."""
    if row.notice_state == NoticeState.RECALLED:
        request.reply("ack_recalled", number=row.number)
        return
    before = request.gathering.acked(row.notice_id, row.unit_id)
    sent_back = row.state == ReceiptState.RETURNED and row.kind == Kind.ACK
    outdated = row.on_version is not None and row.on_version < row.version and row.done_at is None
    if before is not None or (row.acked_at is not None and not sent_back and not outdated):
        at = before["acked_at"] if before else row.acked_at
        request.reply("ack_again", number=row.number, at=at, row=row, done=row.done_at or (before or {}).get("done_at"))
        return
    values = acknowledge(
        request.gathering, row, at=request.now, by=request.me.id, how=how, message=request.incoming.message
    )
    if row.state == ReceiptState.UNDELIVERED:
        await _proves_delivery(request, row)
    others: list[int] = []
    if how not in (How.BUTTON, How.QUOTE, How.NUMBER):  # whoever named the notice means no other
        others = [number for number in await request.gathering.unacked(request.unit.id) if number != row.number]
    late, others = values["late"], others[:8]
    # All of the notice and of its receipt that is said.
    alike = (row.notice_id, row.version, row.done_at is None, late, *others)
    request.reply("ack", row=row, late=late, others=others, alike=alike)


def how_it_came(request: Request, ack: Ack) -> How:
    if request.incoming.key is not None:
        return How.BUTTON
    if request.case is not None and ack.number in (None, request.case):
        return How.QUOTE
    if ack.number is not None:
        return How.NUMBER
    return How.PRIVATE if request.incoming.private else How.TEXT


async def _newest(request: Request) -> Any | None:
    """The newest open notice that this unit has not acknowledged, else the newest that it has not finished."""
    gathering, unit = request.gathering, request.unit.id
    owed = await gathering.unacked(unit) or await gathering.unfinished(unit)
    return await gathering.numbered(owed[0], unit) if owed else None


async def _proves_delivery(request: Request, row: Any) -> None:
    """Whoever acknowledges has seen it: a post whose fate nobody knew is settled, and nobody need be asked."""
    await outbox.prove(request.session, row.notice_id, row.room, request.now)
    await questions.close_about(request.session, Ask.SEEN, "notice", row.notice_id, request.now)


async def _ask(request: Request, row: Any) -> str | None:
    if row.acked_at is not None:
        return PASS
    question = await questions.ask(request.session, request.me.id, Ask.IS_ACK, request.now, number=row.number)
    request.reply("ack_doubt", row=row, buttons=yes_no(question.id))
    return None


def yes_no(number: int) -> list[Button]:
    return [Button(f"是 {number}", "是"), Button(f"不是 {number}", "不是")]


def _no_answer(request: Request) -> str | None:
    """A private word with 收到 in it that is no acknowledgement is not a lead either: say so, and how to answer."""
    short = len(request.text) <= 20 and "收到" in request.text
    if not (request.incoming.private and request.unit is not None and short) or lead_like(request.text):
        return PASS
    request.reply("ack_not_counted")
    return None


def _not_a_liaison(request: Request) -> str | None:
    if not request.addressed:
        return PASS
    request.reply("ack_not_yours")
    return None


def _nothing_owed(request: Request) -> str | None:
    """In a room a 收到 to nothing is small talk; in private it gets one line."""
    if not request.addressed:
        return PASS
    request.reply("ack_nothing")
    return None
