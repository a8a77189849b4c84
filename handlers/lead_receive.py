"""签收 L-0012: the transfer sheet is signed for by the unit that it went to, or by an officer who holds the paper."""

from handlers.lead_desk import take
from handlers.lead_sealing import about_lead, numbered, on_lead
from handlers.registry import LIAISONS, Misunderstood, Where, command
from handlers.request import Request
from models import lead_steps
from models.people import Role
from models.rules.lead_stages import Stage


@command(*on_lead("签收"), who=LIAISONS | {Role.LEAD_OFFICER}, where=Where.PRIVATE, glued=numbered)
async def sign(request: Request, rest: str) -> None:
    """签收 L-0012：收到移送的线索材料（承办单位联络员，或专员凭纸质回执）"""
    lead, _ = await about_lead(request, rest)
    officer = Role.LEAD_OFFICER in request.me.roles
    receiver = request.unit is not None and request.unit.id == lead.receiver
    if not officer and not receiver:
        # The same words as for a number that nobody was given: no one learns that there is such a lead.
        raise Misunderstood("lead_unknown")
    steps = await lead_steps.of_lead(request.session, lead.id)
    sheet = next((step.sheet for step in reversed(steps) if step.sheet is not None), None)
    if lead.stage != Stage.SENT or sheet is None:
        raise Misunderstood("lead_not_yet", lead=lead, to=Stage.SIGNED, why="order")
    step = await take(request, lead, Stage.SIGNED, by=request.me.id, sheet=sheet)
    request.reply("lead_signed", lead=lead, step=step)
    for person in request.roster.with_role(Role.LEAD_OFFICER):
        if person.id != request.me.id:
            key = f"lead signed:{lead.id}:{sheet}:{person.id}"
            request.tell(person.id, "lead_was_signed", key=key, office_hours=True, lead=lead, step=step)
