"""aiosqlite with one visit to its thread for a statement, where SQLAlchemy's use of it makes four.

A visit is two wake-ups and costs some 50 µs, more than most statements: a cursor is opened, executes, is read out and
closed in one of them. SQLAlchemy's adapter reads a result out as soon as it stands, so nothing is held that was not.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self

from aiosqlite import Connection

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


class OneVisit(Connection):
    """A connection whose cursors do all they do in one visit to its thread."""

    def cursor(self) -> Any:
        return Cursor(self)

    async def whole(self, how: str, sql: str, parameters: Any) -> tuple[list[Any], Any, int, int | None]:
        """The rows, their description, how many rows were touched and the id of the last one written."""
        visit: Callable[..., Awaitable[tuple[list[Any], Any, int, int | None]]] = self._execute
        return await visit(self._whole, how, sql, parameters)

    def _whole(self, how: str, sql: str, parameters: Any) -> tuple[list[Any], Any, int, int | None]:
        cursor = self._conn.cursor()
        try:
            getattr(cursor, how)(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return rows, cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


async def connect(connector: Callable[[], sqlite3.Connection]) -> OneVisit:
    """Open a connection in a thread of its own, which does not keep the process alive."""
    connection = OneVisit(connector, CHUNK)
    connection._thread.daemon = True
    await connection
    return connection
