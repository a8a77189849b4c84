"""One owner of the long connection among several replicas on PostgreSQL: a session-level advisory lock.

The lock lives as long as its connection, so that connection is kept apart and in AUTOCOMMIT, and looked at all the time:
when it goes, somebody else may already be connecting. A process that stands still, without having died, would hold it for
ever: the database ends the connection of one that has not looked for `STILL`.
"""

import hashlib
import logging
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.channels.wecom.pace import Pace

log = logging.getLogger(__name__)
EVERY, TRY_EVERY = 5.0, 1.0  # seconds between two looks at a lock that is ours, and at one that is not
STILL = 15


class AdvisoryOwner:
    """Owner of the connection of one bot. See `keeper.Owner`."""

    def __init__(self, engine: AsyncEngine, name: str, pace: Pace) -> None:
        self._engine, self._pace = engine, pace
        self._key = int.from_bytes(hashlib.sha256(f"wecom long connection {name}".encode()).digest()[:8], signed=True)
        self._connection: AsyncConnection | None = None

    async def acquire(self) -> None:
        while True:
            if self._connection is not None and await self._alive():
                return
            try:
                if await self._try():
                    return
            except (SQLAlchemyError, OSError) as trouble:
                log.warning("advisory lock not to be had: %s", type(trouble).__name__)
            await self._pace.sleep(TRY_EVERY)

    async def lost(self) -> None:
        while await self._alive():
            await self._pace.sleep(EVERY)

    async def ours(self) -> bool:
        return await self._alive()

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, OSError):
                await connection.invalidate()  # closing the session is what gives the lock back for certain
                await connection.close()

    async def _try(self) -> bool:
        connection = await self._engine.connect()
        try:
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            query = text("SELECT pg_try_advisory_lock(:key)")
            if (await connection.execute(query, {"key": self._key})).scalar_one():
                await connection.execute(text(f"SET idle_session_timeout = '{STILL}s'"))
                self._connection = connection
                return True
        except BaseException:
            await connection.invalidate()
            await connection.close()
            raise
        await connection.close()
        return False

    async def _alive(self) -> bool:
        if self._connection is None:
            return False
        try:
            await self._connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            await self.release()
            return False
        return True
