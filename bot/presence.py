"""Which senders of a database live, so that nobody waits for the claims of one that was killed.

Where there is one process only, every claim that its sender does not have in hand is its predecessor's. On PostgreSQL
each sender holds a lock under a number of its own, and its claims bear that number: when it dies, the database ends its
session. One that merely lost its connection comes back under a new number and sends nothing that bears the old one; it
counts as gone when it was missed for MISSED seconds, by which time it has looked. One that stands still keeps its number,
and its claims run out.
"""

import asyncio
import secrets
from collections.abc import Collection
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.clock import since_start
from bot.session_lock import SessionLock
from models.store import Store

FAMILY = 0x5B0DA1  # of advisory locks: those of senders
LOOK, MISSED = 3.0, 8.0  # seconds
PRESENT = text(
    "SELECT CAST(objid AS bigint) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid = :family AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Presence(Protocol):
    @property
    def number(self) -> int: ...

    async def show(self) -> None:
        """Be seen by the others from now on, under `number`."""

    async def still(self, number: int | None) -> bool:
        """Whether a claim that bears this number is certainly ours; None is that of whoever stored the question."""

    async def gone(self, session: AsyncSession, numbers: Collection[int]) -> set[int]:
        """Whose claims are nobody's. Our own are among them: who asks has nothing in hand."""

    async def leave(self) -> None: ...


class Alone:
    """The only process that may have this database open."""

    number = 1

    async def show(self) -> None:
        return

    async def still(self, number: int | None) -> bool:
        return True

    async def gone(self, session: AsyncSession, numbers: Collection[int]) -> set[int]:
        return set(numbers)

    async def leave(self) -> None:
        return


class AmongOthers:
    """One of several processes on one PostgreSQL database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._lock, self._turn = SessionLock(engine), asyncio.Lock()
        self._seen = 0.0
        self._missed: dict[int, float] = {}
        self.number = 0

    async def show(self) -> None:
        async with self._turn:
            if await self._stands():
                return
            self.number = secrets.randbelow(2**31 - 1) + 1
            await self._lock.take(text("SELECT pg_try_advisory_lock(:family, :number)").bindparams(**self._key))
            self._seen = since_start()

    async def still(self, number: int | None) -> bool:
        async with self._turn:
            return number is None or (number == self.number and await self._stands())

    async def gone(self, session: AsyncSession, numbers: Collection[int]) -> set[int]:
        if not numbers:
            self._missed.clear()
            return set()
        present = set(await session.scalars(PRESENT, {"family": FAMILY}))
        now = since_start()
        self._missed = {one: self._missed.get(one, now) for one in numbers if one not in present}
        return {one for one, since in self._missed.items() if now - since >= MISSED} | ({self.number} & set(numbers))

    async def leave(self) -> None:
        async with self._turn:
            await self._lock.release()

    async def _stands(self) -> bool:
        if not self._lock.taken or since_start() - self._seen < LOOK:
            return self._lock.taken
        asked = since_start()
        if alive := await self._lock.alive():
            self._seen = asked
        return alive

    @property
    def _key(self) -> dict[str, int]:
        return {"family": FAMILY, "number": self.number}


def presence_on(store: Store) -> Presence:
    return Alone() if store.is_sqlite else AmongOthers(store.engine)
