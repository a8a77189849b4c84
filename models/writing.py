"""The one connection that writes, and the session that its transactions have in turn.

What another connection writes spoils SQLite's cache of pages: were writers and readers served from one pool, both would
fill a large one, throw it away and fill it again, and leave the memory in pieces.

The transaction is the connection's, and the session joins it when it is first used: a burst of 收到 goes past it, and
to make one, begin it, ask it for its connection and end it took a third of a millisecond each time.
"""

from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session

from models.sqlite_driver import OneVisit, driver_under

T = TypeVar("T")
Unit = Callable[[AsyncSession], Awaitable[T]]

WRITERS_CACHE = "PRAGMA cache_size=-8192"
# Any constant will do; every writer of one PostgreSQL database takes it, which gives BEGIN IMMEDIATE's promise there.
WRITER_LOCK = 0x5B0DA0
TAKE_LOCK = text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


class Counting(Session):
    """A session that counts its changes, so that a refusal after a change can be told from one before."""


@event.listens_for(Counting, "after_flush")
def _flushed(session: Session, _: object) -> None:
    session.info["changes"] = session.info.get("changes", 0) + 1


@event.listens_for(Counting, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.info["changes"] = state.session.info.get("changes", 0) + 1


class Writing:
    """Open it, run one unit of work after the other; once one has failed, close it."""

    def __init__(self, connection: AsyncConnection, driver: OneVisit | None) -> None:
        self._connection, self._driver = connection, driver
        self._session = AsyncSession(connection, expire_on_commit=False, sync_session_class=Counting)
        self._session.info["driver"] = driver

    @classmethod
    async def open(cls, engine: AsyncEngine) -> Self:
        connection = await engine.connect()
        try:
            driver = await driver_under(connection)
            if not isinstance(driver, OneVisit):
                return cls(connection, None)
            await driver.execute(WRITERS_CACHE)
            return cls(connection, driver)
        except BaseException:
            await connection.close()
            raise

    async def run(self, unit: Unit[T]) -> T:
        """One transaction, committed. Whatever was raised, `close` rolls back what is left, as of a failed commit."""
        async with self._connection.begin():
            if self._driver is None:
                await self._connection.execute(TAKE_LOCK)
            found = await unit(self._session)
            if self._session.in_transaction():
                await self._session.commit()  # of the session's share: the connection's transaction goes on
        self._session.expunge_all()
        return found

    async def close(self) -> None:
        try:
            await self._session.close()
        finally:
            await self._connection.close()
