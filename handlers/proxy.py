"""代: the office answers for a unit that said so by telephone; the ledger keeps who, why and how."""

from typing import Any

from handlers.agree import both, propose, wanted
from handlers.registry import OFFICE, Misunderstood, agreed, command
from handlers.request import Request
from models.acking import acknowledge
from models.approvals import Approval
from models.notices import NoticeState
from models.receipts import How
from models.rules.case_numbers import leading_number
from models.rules.names import Match, find_unit
from models.units import Unit

PROXY = "ack.proxy"


@command("代", "代签", who=OFFICE, glued=lambda rest: "收" in rest)
async def proxy(request: Request, rest: str) -> None:
    """代 单位 收到 [编号] 缘由：替电话确认过的单位签收，记明是谁代的、为什么"""
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
    if wanted(request, PROXY):
        await ask_for_proxy(request, row.number, {unit.id: unit.name}, reason)
        return
    late = sign(request, row, by=request.me.id, reason=reason)
    await request.journal(PROXY, f"notice:{row.number}", unit=unit.name, reason=reason)
    request.reply("proxied", unit=unit.name, row=row, reason=reason, late=late, notice_id=row.notice_id)


def sign(request: Request, row: Any, *, by: str, reason: str) -> bool:
    """Whether it came late."""
    message = request.incoming.message
    how = How.PROXY
    values = acknowledge(request.gathering, row, at=request.now, by=by, how=how, message=message, note=reason)
    return bool(values["late"])


async def ask_for_proxy(request: Request, number: int, units: dict[int, str], reason: str) -> None:
    """Ask for the second person's consent to answer for these units."""
    subject = {"number": number, "units": sorted(units), "reason": reason}
    facts: dict[str, Any] = {"number": number, "units": list(units.values()), "reason": reason}
    await propose(request, PROXY, f"notice:{number}", "second_ack_proxy", subject=subject, **facts)


@agreed(PROXY)
async def signed_by_two(request: Request, asked: Approval) -> None:
    """Those of the units that have not answered for themselves meanwhile."""
    number, reason, signed, last = asked.subject["number"], asked.subject["reason"], [], None
    for unit_id in asked.subject["units"]:
        row = await request.gathering.numbered(number, unit_id)
        if row is not None and row.acked_at is None and row.notice_state != NoticeState.RECALLED:
            sign(request, row, by=asked.asked_by, reason=reason)
            signed.append(request.roster.units[unit_id].name)
            last = row
    if last is None:
        raise Misunderstood("approval_gone")
    await request.gathering.flush()
    await request.journal(PROXY, asked.object, unit="、".join(signed), reason=reason, **both(request, asked))
    facts = {"unit": "、".join(signed), "row": last, "reason": reason, "late": False, "notice_id": last.notice_id}
    request.reply("proxied", **facts)
    request.tell(asked.asked_by, "second_done", key=f"approved:{asked.id}", name=request.me.name)


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
