"""销毁 and 同意销毁: to destroy a lead before its time takes two officers."""

from handlers.agree import both, consent, propose
from handlers.lead_desk import OFFICERS
from handlers.lead_sealing import about_lead, numbered, on_lead
from handlers.registry import Misunderstood, Where, agreed, command
from handlers.request import Request
from models import approvals, leads
from models.approvals import Approval

DESTROY = "lead.destroy"


@command(*on_lead("销毁", "删除"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def destroy(request: Request, rest: str) -> None:
    """销毁 L-0012：提前销毁内容，须另一名专员回“同意”；留编号和日期"""
    lead, _ = await about_lead(request, rest)
    if lead.erased_at is not None:
        raise Misunderstood("lead_over", lead=lead)
    await propose(
        request,
        DESTROY,
        f"lead:{lead.name}",
        "second_lead_destroy",
        subject={"lead": lead.id},
        say=f"同意销毁 {lead.name}",
        lead=lead,
    )


@command(*on_lead("同意销毁", "同意删除"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def approve(request: Request, rest: str) -> None:
    """同意销毁 L-0012：第二名专员同意"""
    lead, _ = await about_lead(request, rest)
    await consent(request, await approvals.open_about(request.session, DESTROY, f"lead:{lead.name}", request.now))


@agreed(DESTROY)
async def destroyed(request: Request, asked: Approval) -> None:
    """The content goes, whatever its stage; the stub says when."""
    lead = await leads.by_id(request.session, asked.subject["lead"])
    if lead is None:
        raise Misunderstood("lead_unknown", veiled=True)
    if lead.erased_at is None:
        await leads.make_stub(request.session, lead, request.now)
        await request.journal(DESTROY, asked.object, **both(request, asked))
    request.reply("lead_destroyed", lead=lead)
    request.tell(asked.asked_by, "lead_destroyed", key=f"approved:{asked.id}", lead=lead)
