"""The database: one way to write, one way to read, on SQLite and PostgreSQL alike.

Measured traps that the set-up below answers: stock SQLAlchemy on aiosqlite silently lost 188 of 250 concurrent
read-modify-writes (hence BEGIN IMMEDIATE and one lock); a task cancelled in mid-statement left the file locked (hence
the shield); error texts printed bound values (hence `hide_parameters`).
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from models import schema, sqlite_driver
from models.writing import TAKE_LOCK, T, Unit, Writing

# A burst of acks touches the same pages over and over: kept in memory by the writer, and carried from the log into the
# file twelve times less often than by default, they cost a tenth less; the log grows to some 50 MB.
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    "secure_delete=ON",
    "wal_autocheckpoint=12000",
)
KEPT_OPEN, AT_MOST = 2, 15  # the writer and one who reads beside it
# A process that stands still in the middle of a transaction would hold that lock for ever, against all its replicas.
SESSION = {"idle_in_transaction_session_timeout": "3000"}

# What SQLite and PostgreSQL say when it is they who are unwell, not the statement.
SQLITE_UNWELL = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
SQLSTATES_UNWELL = ("08", "25006", "25P03", "25P04", "40", "53", "55", "57", "58")
SQLITE_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class DatabaseDamaged(Exception):
    """`quick_check` found the SQLite file damaged; the text is what SQLite said."""


def unwell(trouble: BaseException) -> bool:
    """Whether it is the database that cannot work now, rather than this statement that it will never take."""
    if isinstance(trouble, OSError | PoolTimeout | InterfaceError):
        return True
    if not isinstance(trouble, DBAPIError):
        return False
    if trouble.connection_invalidated:
        return True
    code = getattr(trouble.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_UNWELL
    return str(getattr(trouble.orig, "sqlstate", None) or "").startswith(SQLSTATES_UNWELL)


class Store:
    """Owns the engine. `write` runs a unit of work in one serialised transaction, `read` gives a snapshot session."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        snapshot: dict[str, Any] = {"ro": True}
        if not self.is_sqlite:
            snapshot |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        readers = self.engine.execution_options(**snapshot)
        self._readers = async_sessionmaker(readers, expire_on_commit=False, autoflush=False)
        self._lock = asyncio.Lock()
        self._writing: Writing | None = None
        self._writes: set[asyncio.Task[Any]] = set()

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in one transaction and commit. Its exceptions roll everything back and come out unchanged.

        The caller may be cancelled; the unit is not: half a statement would leave the file locked.
        """
        task = asyncio.create_task(self._write(unit))
        self._writes.add(task)  # the loop itself holds a task only weakly
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    async def _write(self, unit: Unit[T]) -> T:
        async with self._lock:
            if self._writing is None:
                self._writing = await Writing.open(self.engine)
            try:
                return await self._writing.run(unit)
            except BaseException:
                await self._let_go()
                raise

    async def _let_go(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing.close()

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # taken: a caller who was cancelled meanwhile will not ask for it

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session on a snapshot that does not block the writer; nothing done in it is kept."""
        async with self._readers() as session:
            yield session

    async def open(self) -> None:
        """Check the file, then bring the schema to head. Raises DatabaseDamaged."""
        if self.is_sqlite:
            await self._check()
        await self.migrate()

    async def migrate(self, revision: str = "head") -> None:
        """Bring the schema to `revision`, all or nothing.

        SQLite changes a table by making it anew; with foreign keys on, a row that refers to it would forbid that. They
        can only be switched off outside a transaction, so they are checked inside it before the commit.
        """
        async with self.engine.connect() as connection:
            await self._foreign_keys(connection, on=False)
            try:
                async with connection.begin():
                    await connection.run_sync(_upgrade, revision)
            finally:
                await self._foreign_keys(connection, on=True)

    async def _foreign_keys(self, connection: AsyncConnection, *, on: bool) -> None:
        if self.is_sqlite:
            driver = await sqlite_driver.driver_under(connection)
            await driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")

    async def _check(self) -> None:
        try:
            async with self.engine.connect() as connection:
                said = (await connection.execute(text("PRAGMA quick_check"))).scalars().all()
        except DatabaseError as trouble:
            code = getattr(trouble.orig, "sqlite_errorcode", 0)
            if code & 0xFF not in SQLITE_BROKEN:
                raise
            raise DatabaseDamaged(str(trouble.orig)) from None
        if said != ["ok"]:
            raise DatabaseDamaged("; ".join(map(str, said[:3])))

    async def close(self) -> None:
        """Let what is being written end, then let go of every connection."""
        while self._writes:
            await asyncio.wait(set(self._writes))
        await self._let_go()
        await self.engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(TAKE_LOCK)
    if revision != "head":
        schema.upgrade(connection, revision)
    elif not schema.bring_up(connection):
        return  # the check reads the whole file, seconds for ten million receipts: not where nothing was changed
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
        raise DatabaseDamaged(f"revision {revision} would leave rows that refer to nothing")


def _engine(url: str) -> AsyncEngine:
    # The connection used last is used first: another would have to read again what that one has just written.
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _compact_json, "pool_use_lifo": True}
    where = make_url(url)
    if where.get_backend_name() != "sqlite":
        return create_async_engine(where, connect_args={"server_settings": SESSION}, **options)
    names, more = where.get_dialect()().create_connect_args(where)
    engine = create_async_engine(
        where,
        async_creator=lambda: sqlite_driver.connect(partial(sqlite3.connect, *names, **more)),
        pool_size=KEPT_OPEN,
        max_overflow=AT_MOST - KEPT_OPEN,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: DBAPIConnection, _: Any) -> None:
        connection.isolation_level = None  # we emit BEGIN ourselves
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        reader = connection.get_execution_options().get("ro")
        driver: Any = connection.connection.driver_connection
        driver.begin("BEGIN" if reader else "BEGIN IMMEDIATE")

    return engine


def _compact_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
