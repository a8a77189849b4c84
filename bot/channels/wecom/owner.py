"""One owner of the long connection among several replicas on PostgreSQL: a session-level advisory lock.

When the lock's session goes, somebody else may already be connecting, so it is looked at all the time. A process that
stands still, without having died, would hold it for ever: the database ends the session of one that has not looked for
`STILL`.
"""

import hashlib
import logging

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wecom.pace import Pace
from bot.session_lock import SessionLock

log = logging.getLogger(__name__)
EVERY, TRY_EVERY = 5.0, 1.0  # seconds between two looks at a lock that is ours, and at one that is not
STILL = 15


class AdvisoryOwner:
    """Owner of the connection of one bot. See `keeper.Owner`."""

    def __init__(self, engine: AsyncEngine, name: str, pace: Pace) -> None:
        self._lock, self._pace = SessionLock(engine, still=STILL), pace
        key = int.from_bytes(hashlib.sha256(f"wecom long connection {name}".encode()).digest()[:8], signed=True)
        self._key = text("SELECT pg_try_advisory_lock(:key)").bindparams(key=key)

    async def acquire(self) -> None:
        while not await self._lock.alive():
            try:
                if await self._lock.take(self._key):
                    return
            except (SQLAlchemyError, OSError) as trouble:
                log.warning("advisory lock not to be had: %s", type(trouble).__name__)
            await self._pace.sleep(TRY_EVERY)

    async def lost(self) -> None:
        while await self._lock.alive():
            await self._pace.sleep(EVERY)

    async def ours(self) -> bool:
        return await self._lock.alive()

    async def release(self) -> None:
        await self._lock.release()
