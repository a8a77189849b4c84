"""`shoudao journal export` and `verify`: the chain of the journal, and what it says of each stored lead."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Bot
from models import envelopes
from models.journal import Entry
from models.rules.chains import as_line, verify

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
        changed = await envelopes.changed(session)
    if file is not None:
        descriptor = os.open(Path(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in found)
    verdict = verify(found)
    return {"rows": verdict.rows, "broken": verdict.broken, "head": verdict.head, "leads": changed}
