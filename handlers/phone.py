"""已电话: the office has telephoned a unit of the call sheet; the ledger keeps that, and the bot asks no more today."""

from handlers.leave import keep_quiet
from handlers.proxy import unit_meant
from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Request
from models.receipts import What
from models.rules.case_numbers import leading_number


@command("已电话", "已打电话", "电话过了", who=OFFICE)
async def phoned(request: Request, rest: str) -> None:
    """已电话 单位 编号 [说明]：记下已打过电话"""
    unit, words = unit_meant(request, rest)
    number, note = leading_number(words)
    number = number or request.case
    if number is None:
        raise Misunderstood("which_number", word=f"已电话 {unit.name}")
    row = await request.gathering.numbered(number, unit.id)
    if row is None:
        raise Misunderstood("not_asked", number=number, unit=unit.name)
    event = {"notice_id": row.notice_id, "unit_id": unit.id, "at": request.now, "what": What.PHONED}
    request.gathering.events.append({**event, "by": request.me.id, "message": request.incoming.message, "note": note})
    await keep_quiet(request, unit.id)
    request.reply("phoned", unit=unit.name, number=number, note=note, notice_id=row.notice_id)
