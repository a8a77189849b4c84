"""Questions of every batch: the same answers on both databases, however differently they are asked."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from spine import START, a_row
from sqlalchemy import bindparam, literal_column, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from models import inbox, outbox
from models.leads import Lead  # noqa: F401  # every table is known before one is used
from models.lookup import Lookup
from models.marks import WRITE, read_marks
from models.outbox import TABLE as OUTBOX
from models.outbox import OutState
from models.sqlite_driver import driver_of
from models.store import Store, unwell

WEIRD = ["plain", "引号“”\"'\\", "换\n行", "😀", "{}[],:", "%s ? :names", "", " ", "１２"]
ROWS = Lookup(
    lambda one_of: (
        select(
            OUTBOX.c.key, OUTBOX.c.due_at, OUTBOX.c.not_after, OUTBOX.c.office_hours, OUTBOX.c.buttons, OUTBOX.c.state
        )
        .where(one_of(OUTBOX.c.key, "keys"), OUTBOX.c.state == OutState.PENDING, OUTBOX.c.due_at <= bindparam("now"))
        .order_by(OUTBOX.c.key)
    )
)


async def test_a_list_of_any_words_and_any_length(store: Store) -> None:
    many = [*WEIRD, *(str(number) for number in range(700))]
    await store.write(lambda session: WRITE.run(session, [{"name": name, "value": name} for name in many]))
    async with store.read() as session:
        for some in ([], many[:1], WEIRD, many, [*WEIRD, "nobody"]):
            assert await read_marks(session, some) == {name: name for name in some if name != "nobody"}


async def test_columns_come_as_what_they_are(store: Store) -> None:
    buttons, later = [{"key": "收 3", "text": "收到"}], START + timedelta(hours=1, microseconds=7)
    rows = [
        {**a_row("a", START), "buttons": buttons, "not_after": later, "office_hours": True},
        {**a_row("b", START.astimezone(UTC)), "buttons": []},
        {**a_row("later", later)},
    ]
    await store.write(lambda session: outbox.add_rows(session, rows))
    async with store.read() as session:
        found = await ROWS.ask(session, keys=["a", "b", "later", "none"], now=START)
        assert await ROWS.ask(session, keys=["none"], now=START) == []
    assert [tuple(row) for row in found] == [
        ("a", START, later, True, buttons, "pending"),
        ("b", START, None, False, [], "pending"),
    ]
    assert found[0].due_at.tzinfo is UTC and found[0].office_hours is True and found[1].not_after is None


async def test_what_its_own_transaction_wrote_is_seen(store: Store) -> None:
    async def unit(session: AsyncSession) -> list[dict[str, str]]:
        seen = []
        for value in ("first", "second"):
            await WRITE.run(session, [{"name": "mark", "value": value}])
            seen.append(await read_marks(session, ["mark"]))
        return seen

    assert await store.write(unit) == [{"mark": "first"}, {"mark": "second"}]


async def test_a_reader_sees_what_is_committed(store: Store) -> None:
    async with store.read() as session:
        assert await read_marks(session, ["mark"]) == {}
        await store.write(lambda other: WRITE.run(other, [{"name": "mark", "value": "1"}]))
        assert await read_marks(session, ["mark"]) == {}  # its snapshot stands
    async with store.read() as session:
        assert await read_marks(session, ["mark"]) == {"mark": "1"}


async def test_a_value_that_is_missing_is_said(store: Store) -> None:
    with pytest.raises(Exception, match="now"):
        async with store.read() as session:
            await ROWS.ask(session, keys=["a"])


async def test_an_id_is_seen_behind_its_own_door_only(store: Store) -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    blank = {"message": "", "person": None, "room": None, "is_click": False, "text": None, "quote": None}
    rest = {"pictures": (), "payload_hash": "p", "at": at, "state": "done", "handler": "", "attempts": 1, "error": ""}
    rows = [{"channel": door, "external_id": "7", **blank, **rest} for door in ("wecom.app", "wecom.bot")]
    await store.write(lambda session: inbox.add_rows(session, rows[:1]))
    async with store.read() as session:
        assert {key: row.at for key, row in (await inbox.seen(session, "wecom.app", ["7", "8"])).items()} == {"7": at}
        assert await inbox.seen(session, "wecom.bot", ["7"]) == {}


async def test_a_database_in_trouble_says_so_in_the_words_that_all_know(store: Store) -> None:
    nowhere = Lookup(lambda one_of: select(literal_column("x").label("x")).select_from(table("nowhere")))
    with pytest.raises(DBAPIError, match="nowhere") as trouble:
        async with store.read() as session:
            await nowhere.ask(session)
    assert not unwell(trouble.value)


async def test_a_lock_that_somebody_else_holds_is_the_databases_trouble(tmp_path: Path) -> None:
    """The first question of a transaction is the one that learns of it."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'held.sqlite3'}")
    await store.open()

    async def unit(session: AsyncSession) -> None:
        driver = await driver_of(session)
        assert driver is not None
        await driver.execute("PRAGMA busy_timeout=1")
        await read_marks(session, ["mark"])

    with closing(sqlite3.connect(tmp_path / "held.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError) as trouble:
            await store.write(unit)
        assert unwell(trouble.value)
    await store.close()
