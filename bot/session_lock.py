"""A session-level advisory lock of PostgreSQL: it lives as long as its connection, and goes with the process that dies.

So that connection is kept apart and in AUTOCOMMIT, and whoever relies on the lock looks at it again and again.
"""

from contextlib import suppress

from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class SessionLock:
    """One lock, taken by none or one of all who ask. `still`: the database ends the session of a holder that has not
    looked for so many seconds."""

    def __init__(self, engine: AsyncEngine, *, still: int = 0) -> None:
        self._engine, self._still = engine, still
        self._connection: AsyncConnection | None = None

    @property
    def taken(self) -> bool:
        """As far as is known without a look."""
        return self._connection is not None

    async def take(self, key: TextClause) -> bool:
        """Whether it is ours now; `key` is the SQL that asks for it. Raises SQLAlchemyError and OSError."""
        connection = await self._engine.connect()
        try:
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            if (await connection.execute(key)).scalar_one():
                if self._still:
                    await connection.execute(text(f"SET idle_session_timeout = '{self._still}s'"))
                self._connection = connection
                return True
        except BaseException:
            await connection.invalidate()
            await connection.close()
            raise
        await connection.close()
        return False

    async def alive(self) -> bool:
        """Whether it is still ours."""
        if self._connection is None:
            return False
        try:
            await self._connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            await self.release()
            return False
        return True

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, OSError):
                await connection.invalidate()  # closing the session is what gives the lock back for certain
                await connection.close()
