"""What has outlived its period goes: unconfirmed words whole, the author before the record, and a dated stub stays."""

from handlers.registry import tick
from handlers.request import Desk
from models import leads, marks
from models.rules.lead_retention import expired, upcoming

PLANNED = "lead periods"


async def plan_again(desk: Desk) -> None:
    """At the start: periods that the configuration has changed since hold for the leads that stand already."""
    periods = repr(desk.office.keep)
    if await marks.read_mark(desk.session, PLANNED) == periods:
        return
    await marks.write_mark(desk.session, PLANNED, periods)
    for lead in await leads.aging(desk.session):
        lead.forget_at = upcoming(lead.age, desk.office.keep)


@tick("lead retention", due=leads.OUTLIVED.due, next=leads.OUTLIVED.next)
async def forget(desk: Desk, lead_id: int) -> None:
    """Destroy what has expired of one lead, and write one journal row for it."""
    lead = await leads.by_id(desk.session, lead_id)
    if lead is None:
        return
    gone = expired(lead.age, desk.now, desk.office.keep)
    if gone.whole:
        await desk.write_down("lead.expire", "lead:unconfirmed", "bot", hour=lead.received_hour.isoformat())
        await leads.erase(desk.session, lead.id)
        return
    if gone.record and lead.erased_at is None:
        await leads.make_stub(desk.session, lead, desk.now)
        await desk.write_down("lead.destroy", f"lead:{lead.name}", "bot", reason="期满")
    elif gone.identity and lead.age.known:
        leads.forget_author(lead)
        await desk.write_down("lead.forget_author", f"lead:{lead.name}", "bot", reason="期满")
    lead.forget_at = upcoming(lead.age, desk.office.keep)
