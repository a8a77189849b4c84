"""`shoudao journal export` and `verify`: the chain of the journal, and what it says of each stored lead."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Bot
from models import leads
from models.journal import Entry
from models.leads import Lead
from models.rules.chains import as_line, verify
from models.sealing import Sealed, digest

AT_ONCE = 1000


async def lines(session: AsyncSession) -> AsyncIterator[str]:
    """Every row as one line of an export, oldest first."""
    last = 0
    while rows := (await session.scalars(select(Entry).where(Entry.id > last).order_by(Entry.id).limit(AT_ONCE))).all():
        for row in rows:
            yield as_line({column.name: getattr(row, column.name) for column in Entry.__table__.columns})
        last = rows[-1].id
        session.expunge_all()


async def look(bot: Bot, file: str | None) -> dict[str, Any]:
    """Verify the live journal, and write it to `file` where one is given (never over another)."""
    async with bot.store.read() as session:
        found = [line async for line in lines(session)]
        changed = await changed_leads(session)
    if file is not None:
        descriptor = os.open(Path(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in found)
    verdict = verify(found)
    return {"rows": verdict.rows, "broken": verdict.broken, "head": verdict.head, "leads": changed}


async def changed_leads(session: AsyncSession) -> list[str]:
    """Leads whose stored envelope is not the one that the journal recorded: replaced, swapped, cut or put in."""
    noted: dict[str, set[str]] = {}
    query = select(Entry.object, Entry.detail).where(
        Entry.act.in_(("lead.register", "lead.add", "lead.rewrap", "lead.drill.ask"))
    )
    for about, detail in await session.execute(query):
        noted.setdefault(about, set()).update(detail.get("digests", [detail.get("digest", "")]))
    wrong = set()
    after = 0
    while some := await leads.listing(session, after):
        for lead in some:
            after = lead.number or after
            if lead.erased_at is None and not await _as_noted(session, lead, noted.get(f"lead:{lead.name}", set())):
                wrong.add(lead.name)
    return sorted(wrong)


async def _as_noted(session: AsyncSession, lead: Lead, noted: set[str]) -> bool:
    envelopes = [lead, *await leads.parts_of(session, lead.id)]
    wraps = await leads.wraps_of(session, [one.id for one in envelopes])
    for one in envelopes:
        stored = digest(Sealed(one.nonce, one.ciphertext, wraps[one.id], one.algorithm))
        if stored != one.digest or stored not in noted:
            return False
    return True
