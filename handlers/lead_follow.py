"""查 L-0012: how far a lead has come, for whoever told it and for the officers; for nobody else there is no such lead."""

from handlers.lead_sealing import about_lead, numbered, on_lead, quiet
from handlers.registry import ANYONE, Where, command
from handlers.request import Request
from models import lead_steps, leads
from models.lead_codes import TRIES, fits, read_code
from models.leads import Lead
from models.people import Role


@command(*on_lead("查", "查询", "查看", "查线索", "线索进展"), who=ANYONE, where=Where.PRIVATE, glued=numbered)
async def follow(request: Request, rest: str) -> None:
    """查 L-0012：自己报的线索办到哪一步（匿名的加上“暗号 …”）"""
    lead, words = await about_lead(request, rest)
    if Role.LEAD_OFFICER in request.me.roles:
        await _tell_officer(request, lead)
        return
    quiet(request)
    if not await known_to(request, lead, words):
        request.reply("lead_unknown", veiled=True)
        return
    shown = await leads.by_id(request.session, lead.joined_to) if lead.joined_to is not None else lead
    request.reply("lead_stage", veiled=True, lead=lead, shown=shown or lead)


async def _tell_officer(request: Request, lead: Lead) -> None:
    steps = await lead_steps.of_lead(request.session, lead.id)
    joined = await leads.joined_with(request.session, lead.id)
    parts = await leads.parts_of(request.session, lead.id)
    request.reply("lead_card", lead=lead, steps=steps, joined=[one.name for one in joined], parts=len(parts))


async def known_to(request: Request, lead: Lead, words: str) -> bool:
    """Whether this person told it, or knows its code. Wrong codes are counted, and no refusal says which it was."""
    if lead.author and lead.author == request.around.names.author(lead.token, request.me.id):
        return True
    code, left = read_code(words)
    code = code or left.strip()
    if not lead.code or not code or lead.wrong_codes >= TRIES:
        return False
    if fits(code, lead.code):
        return True
    lead.wrong_codes += 1
    return False


async def proven(request: Request, lead: Lead, words: str) -> tuple[str, bool] | None:
    """The words to add, and whether their author gave no name; None when the lead is not theirs."""
    if lead.author and lead.author == request.around.names.author(lead.token, request.me.id):
        return words, False
    code, left = read_code(words)
    if code is None or not await known_to(request, lead, f"暗号 {code}"):
        return None
    return left, True
