"""What has outlived its period goes: unconfirmed words whole, the author before the record, and a dated stub stays."""

from datetime import datetime
from typing import Any

from handlers.registry import tick
from handlers.request import Desk
from models import leads
from models.rules.lead_retention import USUAL, expired
from models.rules.lead_stages import Stage


async def _due(session: Any, now: datetime, limit: int) -> list[int]:
    return await leads.to_forget(session, now - USUAL.unconfirmed, now - USUAL.identity, now - USUAL.record, limit)


async def _next(session: Any) -> datetime | None:
    asked, known, kept = await leads.oldest(session)
    ends = (
        asked and asked + USUAL.unconfirmed,
        known and known + USUAL.identity,
        kept and kept + USUAL.record,
    )
    return min((at for at in ends if at is not None), default=None)


@tick("lead retention", due=_due, next=_next)
async def forget(desk: Desk, lead_id: int) -> None:
    """Destroy what has expired of one lead, and write one journal row for it."""
    lead = await leads.by_id(desk.session, lead_id)
    if lead is None:
        return
    gone = expired(Stage(lead.stage), lead.received_hour, lead.closed_at, desk.now)
    if gone.whole:
        await desk.write_down("lead.expire", "lead:unconfirmed", "bot", hour=lead.received_hour.isoformat())
        await leads.erase(desk.session, lead.id)
    elif gone.record and lead.erased_at is None:
        await leads.make_stub(desk.session, lead, desk.now)
        await desk.write_down("lead.destroy", f"lead:{lead.name}", "bot", reason="期满")
    elif gone.identity and (lead.author or lead.code):
        leads.forget_author(lead)
        await desk.write_down("lead.forget_author", f"lead:{lead.name}", "bot", reason="期满")
