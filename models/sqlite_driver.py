"""aiosqlite with one visit to its thread for a statement, where SQLAlchemy's use of it makes four.

A visit is two wake-ups and costs some 50 µs, more than most statements: a cursor is opened, executes, is read out and
closed in one of them. SQLAlchemy's adapter reads a result out as soon as it stands, so nothing is held that was not.

What gives nothing back waits for a visit that is made anyhow: BEGIN for the first statement, rows that are only written
(`write_later`) for the next statement or the commit. What is wrong with them is said there.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self, cast

from aiosqlite import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

CHUNK = 64  # rows that aiosqlite would read at once; here all are read at once


class Cursor:
    """What SQLAlchemy's adapter asks of a cursor: it is entered, executes, is read out and closed, in this order."""

    arraysize = 1

    def __init__(self, connection: "OneVisit") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self._visit("execute", sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        await self._visit("executemany", sql, parameters)

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    async def _visit(self, how: str, sql: str, parameters: Any) -> None:
        done = await self._connection.whole(how, sql, parameters)
        self._rows, self.description, self.rowcount, self.lastrowid = done


Asked = tuple[str, str, Any]  # a cursor's method, the statement and its parameters
Done = tuple[list[Any], Any, int, int | None]
"""The rows, their description, how many rows were touched and the id of the last one written."""


class OneVisit(Connection):
    """A connection whose cursors do all they do in one visit to its thread."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, CHUNK)
        self._waiting: list[Asked] = []
        self._begun = False  # set before SQLite is told: whoever is cancelled meanwhile has to roll back
        self._thread.daemon = True  # it does not keep the process alive

    def cursor(self) -> Any:
        return Cursor(self)

    def begin(self, sql: str) -> None:
        """Begin a transaction with this statement, together with whatever is asked first."""
        self._begun, self._waiting = True, [("execute", sql, ())]

    def write_later(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each of these rows, before whatever is asked next."""
        self._waiting.append(("executemany", sql, rows))

    async def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a question, as SQLite keeps them."""
        return (await self.whole("execute", sql, parameters))[0]

    async def whole(self, how: str, sql: str, parameters: Any) -> Done:
        return cast(Done, await self._visit(self._whole, self._taken(), how, sql, parameters))

    async def commit(self) -> None:
        if self._begun:
            await self._visit(self._commit, self._taken())
        self._begun = False

    async def rollback(self) -> None:
        """SQLAlchemy asks for it also when a connection is given back after its commit."""
        if self._begun:
            self._waiting = []
            await super().rollback()
        self._begun = False

    async def _visit(self, do: Callable[..., Any], *given: Any) -> Any:
        visit: Callable[..., Awaitable[Any]] = self._execute
        return await visit(do, *given)

    def _taken(self) -> list[Asked]:
        waiting, self._waiting = self._waiting, []
        return waiting

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _commit(self, waiting: list[Asked]) -> None:
        for one in waiting:
            self._one(*one)
        self._conn.commit()

    def _whole(self, waiting: list[Asked], how: str, sql: str, parameters: Any) -> Done:
        for one in waiting:
            self._one(*one)
        return self._one(how, sql, parameters)

    def _one(self, how: str, sql: str, parameters: Any) -> Done:
        cursor = self._conn.cursor()
        try:
            getattr(cursor, how)(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return rows, cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


async def connect(connector: Callable[[], sqlite3.Connection]) -> OneVisit:
    """Open a connection in a thread of its own."""
    connection = OneVisit(connector)
    await connection
    return connection


async def driver_under(connection: AsyncConnection) -> Any:
    """The driver's own connection, for what SQLAlchemy would begin a transaction for."""
    return (await connection.get_raw_connection()).driver_connection


async def driver_of(session: AsyncSession) -> OneVisit | None:
    """What a session's statements may be handed to past SQLAlchemy; None where it is no SQLite.

    The writer's session carries it with it: SQLAlchemy's own way to it takes as long as a statement.
    """
    if "driver" in session.info:
        return cast("OneVisit | None", session.info["driver"])
    driver = await driver_under(await session.connection())
    return driver if isinstance(driver, OneVisit) else None
