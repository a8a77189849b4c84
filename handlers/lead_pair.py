"""销毁 and 同意销毁: to destroy a lead before its time takes two officers."""

from handlers.lead_desk import OFFICERS
from handlers.lead_sealing import about_lead, numbered, on_lead
from handlers.registry import Misunderstood, Where, command
from handlers.request import Button, Request
from models import approvals, leads
from models.people import Role

DESTROY = "lead.destroy"


@command(*on_lead("销毁", "删除"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def destroy(request: Request, rest: str) -> None:
    """销毁 L-0012：提前销毁内容，须另一名专员回“同意”；留编号和日期"""
    lead, _ = await about_lead(request, rest)
    if lead.erased_at is not None:
        raise Misunderstood("lead_over", lead=lead)
    others = [p for p in request.roster.with_role(Role.LEAD_OFFICER) if p.id != request.me.id]
    asked = await approvals.ask(request.session, DESTROY, f"lead:{lead.name}", request.me.id, request.now)
    await request.journal("lead.destroy.ask", asked.object, approval=asked.id)
    for person in others:
        key = f"approval:{asked.id}:{person.id}"
        buttons = [Button(f"同意销毁 {lead.name}", "同意销毁")]
        request.tell(person.id, "lead_destroy_ask", key=key, lead=lead, buttons=buttons)
    request.reply("lead_destroy_asked", lead=lead, others=len(others))


@command(*on_lead("同意销毁", "同意删除"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def approve(request: Request, rest: str) -> None:
    """同意销毁 L-0012：第二名专员同意"""
    lead, _ = await about_lead(request, rest)
    asked = await approvals.open_about(request.session, DESTROY, f"lead:{lead.name}", request.now)
    if not asked:
        raise Misunderstood("approval_gone")
    theirs = next((one for one in asked if one.asked_by != request.me.id), None)
    if theirs is None:
        raise Misunderstood("approval_own")
    theirs.approved_by, theirs.approved_at = request.me.id, request.now
    if lead.erased_at is None:
        await leads.make_stub(request.session, lead, request.now)
        await request.journal(DESTROY, theirs.object, asked_by=theirs.asked_by, approval=theirs.id)
    request.reply("lead_destroyed", lead=lead)
    request.tell(theirs.asked_by, "lead_destroyed", key=f"approved:{theirs.id}", lead=lead)
