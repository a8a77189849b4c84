"""接龙: staff paste a chain of answers from elsewhere; each line that names one unit is an answer by proxy."""

from handlers.agree import wanted
from handlers.proxy import PROXY, ask_for_proxy, sign
from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Request
from models import notices
from models.notices import NoticeState
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
    notice = await notices.by_number(request.session, number)
    if notice is None or notice.state in (NoticeState.DRAFT, NoticeState.SCHEDULED):
        raise Misunderstood("no_notice", number=number)
    signed, before, unclear = [], [], []
    asking: dict[int, str] = {}
    for line in read_relay(text):
        match = match_unit(line.split(" ")[0], request.roster.names)
        unit = request.roster.by_name[match.unit] if match.unit else None
        row = await request.gathering.numbered(number, unit.id) if unit is not None else None
        if unit is None or row is None or row.notice_state == NoticeState.RECALLED:
            unclear.append(line)
        elif row.acked_at is not None or request.gathering.acked(row.notice_id, unit.id) is not None:
            before.append(unit.name)
        elif wanted(request, PROXY):
            asking[unit.id] = unit.name
        else:
            sign(request, row, by=request.me.id, reason="接龙")
            signed.append(unit.name)
    if asking:
        await ask_for_proxy(request, number, asking, "接龙")
        if before or unclear:
            request.reply("relay", number=number, signed=signed, before=before, unclear=unclear)
        return
    await request.gathering.flush()
    await request.journal(PROXY, f"notice:{number}", units=signed, reason="接龙")
    request.reply("relay", number=number, signed=signed, before=before, unclear=unclear)
