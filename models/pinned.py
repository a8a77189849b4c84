"""The list of recipients that leads are sealed to, as two officers have last agreed to it."""

import json
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from models.marks import read_mark, write_mark
from models.sealing import Recipients

FINGERPRINT, KEYS = "recipients", "recipients keys"


async def standing(session: AsyncSession) -> tuple[str, dict[str, str]]:
    """The fingerprint agreed to and its public keys by holder; empty before the first list."""
    return await read_mark(session, FINGERPRINT) or "", json.loads(await read_mark(session, KEYS) or "{}")


async def pin(session: AsyncSession, known: Recipients) -> None:
    await write_mark(session, FINGERPRINT, known.fingerprint)
    await write_mark(session, KEYS, json.dumps(known.keys(), sort_keys=True))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Holders who come and holders who go; whoever has another key than before does both."""
    come = [name for name, key in after.items() if before.get(name) != key]
    return sorted(come), sorted(name for name, key in before.items() if after.get(name) != key)
