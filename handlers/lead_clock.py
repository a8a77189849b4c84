"""Leads that have stayed in their stage for longer than they may: their officers are told, and told again."""

from handlers.registry import tick
from handlers.request import Desk
from models import leads
from models.people import Role
from models.rules.lead_stages import PATIENCE, Stage, due


@tick("lead silence", due=leads.SILENT.due, next=leads.SILENT.next)
async def silence(desk: Desk, lead_id: int) -> None:
    """Tell the officers, and look again after as many working days."""
    lead = await leads.by_id(desk.session, lead_id)
    if lead is None or lead.due_at is None or lead.due_at > desk.now:
        return
    stage, at = Stage(lead.stage), lead.due_at
    lead.due_at = due(stage, desk.now, desk.calendar)
    for person in desk.roster.with_role(Role.LEAD_OFFICER):
        key = f"lead silent:{lead.id}:{at.isoformat()}:{person.id}"
        desk.tell(
            person.id, "lead_silent", key=key, office_hours=True, lead=lead, days=PATIENCE.get(stage, 0), stage=stage
        )
