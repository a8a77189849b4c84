"""What the journal says of each stored envelope: one that was replaced, swapped, cut or put in is not as it was noted."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import leads
from models.journal import Entry
from models.leads import Lead
from models.sealing import Sealed, digest

NOTED = ("lead.register", "lead.add", "lead.rewrap", "lead.drill.ask")


async def as_noted(session: AsyncSession, lead: Lead) -> bool:
    """Whether every envelope of a lead has a digest that the journal has for it."""
    noted: set[str] = set()
    query = select(Entry.detail).where(Entry.object == f"lead:{lead.name}", Entry.act.in_(NOTED))
    for detail in await session.scalars(query):
        noted.update(detail.get("digests", [detail.get("digest", "")]))
    parts = [lead, *await leads.parts_of(session, lead.id)]
    wraps = await leads.wraps_of(session, [one.id for one in parts])
    for one in parts:
        stored = digest(Sealed(one.nonce, one.ciphertext, wraps[one.id], one.algorithm))
        if stored != one.digest or stored not in noted:
            return False
    return True


async def changed(session: AsyncSession) -> list[str]:
    """The names of all leads whose envelopes are not as they were noted."""
    wrong, after = set(), 0
    while some := await leads.listing(session, after):
        for lead in some:
            after = lead.number or after
            if lead.erased_at is None and not await as_noted(session, lead):
                wrong.add(lead.name)
    return sorted(wrong)
