"""代: the office answers for a unit that said so by telephone; the ledger keeps who, why and how."""

from handlers.registry import OFFICE, Misunderstood, NotAllowed, command
from handlers.request import Request
from models.acking import acknowledge
from models.notices import NoticeState
from models.receipts import How
from models.rules.case_numbers import leading_number
from models.rules.names import Match, find_unit
from models.units import Unit


@command("代", "代签", who=OFFICE, glued=lambda rest: "收" in rest)
async def proxy(request: Request, rest: str) -> None:
    """代 单位 收到 [编号] 缘由：替电话确认过的单位签收，记明是谁代的、为什么"""
    if "proxy" in request.office.second_person:
        raise NotAllowed("second_person", word=request.word)
    unit, words = unit_meant(request, rest)
    said, words = _without_ack(words)
    if not said:
        raise Misunderstood("proxy_how", unit=unit.name)
    number, reason = leading_number(words)
    number = number or request.case
    if number is not None:
        row = await request.gathering.numbered(number, unit.id)
        if row is None:
            raise Misunderstood("not_asked", number=number, unit=unit.name)
    else:
        owed = [r for r in await request.gathering.owed(unit.id) if r.acked_at is None]
        if not owed:
            raise Misunderstood("unit_owes_nothing", unit=unit.name)
        row = owed[0]
    if row.notice_state == NoticeState.RECALLED:
        raise Misunderstood("ack_recalled", number=row.number)
    if row.acked_at is not None:
        raise Misunderstood("unit_acked", unit=unit.name, number=row.number, row=row)
    values = acknowledge(
        request.gathering,
        row,
        at=request.now,
        by=request.me.id,
        how=How.PROXY,
        message=request.incoming.message,
        note=reason,
    )
    await request.journal("ack.proxy", f"notice:{row.number}", unit=unit.name, reason=reason)
    request.reply("proxied", unit=unit.name, row=row, reason=reason, late=values["late"], notice_id=row.notice_id)


def _without_ack(words: str) -> tuple[bool, str]:
    for said in ("已收到", "收到", "签收", "收"):
        if words.startswith(said):
            return True, words.removeprefix(said).lstrip(" ，,。：:了")
    return False, words


def unit_meant(request: Request, words: str) -> tuple[Unit, str]:
    """The unit that `words` begin with, and the rest. Raises Misunderstood with the candidates: never a guess."""
    match: Match
    match, rest = find_unit(words, request.roster.names)
    if match.unit is None:
        raise Misunderstood(
            "unit_unclear", words=words.split(maxsplit=1)[0] if words.split() else "", candidates=match.candidates
        )
    return request.roster.by_name[match.unit], rest.strip()
