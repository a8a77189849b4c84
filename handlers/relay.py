"""接龙: staff paste a chain of answers from elsewhere; each line that names one unit is an answer by proxy."""

from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Request
from models.acking import acknowledge
from models.notices import NoticeState
from models.receipts import How
from models.rules.case_numbers import leading_number
from models.rules.names import match_unit
from models.rules.relay import read_relay


@command("接龙", "#接龙", who=OFFICE)
async def relay(request: Request, rest: str) -> None:
    """接龙 编号 （换行贴上接龙内容）：按行认出单位代签，认不准的列出来"""
    number, text = leading_number(request.exact(rest))
    number = number or request.case
    if number is None:
        raise Misunderstood("relay_how")
    signed, before, unclear = [], [], []
    for line in read_relay(text):
        match = match_unit(line.split(" ")[0], request.roster.names)
        unit = request.roster.by_name[match.unit] if match.unit else None
        row = await request.gathering.numbered(number, unit.id) if unit is not None else None
        if unit is None or row is None or row.notice_state == NoticeState.RECALLED:
            unclear.append(line)
        elif row.acked_at is not None or request.gathering.acked(row.notice_id, unit.id) is not None:
            before.append(unit.name)
        else:
            message = request.incoming.message
            acknowledge(
                request.gathering,
                row,
                at=request.now,
                by=request.me.id,
                how=How.PROXY,
                message=message,
                note="接龙",
            )
            signed.append(unit.name)
    await request.gathering.flush()
    await request.journal("ack.proxy", f"notice:{number}", units=signed, reason="接龙")
    request.reply("relay", number=number, signed=signed, before=before, unclear=unclear)
