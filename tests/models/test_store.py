"""The database under races, cancellation and damage, on SQLite and PostgreSQL."""

import asyncio
import random
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from models.alarms import Alarm
from models.marks import read_mark, write_mark
from models.store import DatabaseDamaged, Store, unwell

NOON = datetime(2026, 11, 18, 12, 0, 0, 123456, tzinfo=UTC)
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200000) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(0.4)",
}


def slow(store: Store) -> Any:
    return text(SLOW[store.engine.dialect.name])


async def add_one(session: AsyncSession) -> None:
    value = int(await read_mark(session, "counter") or 0)
    await asyncio.sleep(0)  # let the others in between reading and writing, if they can
    await write_mark(session, "counter", value + 1)


async def counter(store: Store) -> int:
    async with store.read() as session:
        return int(await read_mark(session, "counter") or 0)


async def test_two_hundred_and_fifty_concurrent_read_modify_writes_all_count(store: Store) -> None:
    await asyncio.gather(*(store.write(add_one) for _ in range(250)))
    assert await counter(store) == 250


async def test_two_stores_on_one_database_do_not_lose_each_others_writes(store: Store, database: str) -> None:
    """As two processes: no lock of one of them can help, only what the database promises."""
    other = Store(database)
    await asyncio.gather(*((store, other)[n % 2].write(add_one) for n in range(60)))
    await other.close()
    assert await counter(store) == 60


async def test_a_writer_cancelled_in_mid_statement_leaves_the_next_able_to_write_at_once(store: Store) -> None:
    started = asyncio.Event()

    async def unit(session: AsyncSession) -> None:
        await write_mark(session, "half", "done")
        started.set()
        await session.execute(slow(store))

    task = asyncio.create_task(store.write(unit))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(4):  # below the five seconds of a busy timeout: nothing is locked
        await store.write(add_one)
    async with store.read() as session:
        assert await read_mark(session, "half") == "done"  # the unit was not cancelled with its caller


async def test_a_reader_cancelled_in_mid_statement_blocks_nobody(store: Store) -> None:
    async def reading() -> None:
        async with store.read() as session:
            await session.execute(slow(store))

    tasks = [asyncio.create_task(reading()) for _ in range(3)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(4):
        await store.write(add_one)
    assert await counter(store) == 1


async def test_an_exception_rolls_back_everything_and_comes_out_unchanged(store: Store) -> None:
    class Peculiar(Exception):
        pass

    async def unit(session: AsyncSession) -> None:
        await add_one(session)
        raise Peculiar

    with pytest.raises(Peculiar):
        await store.write(unit)
    assert await counter(store) == 0


async def test_closing_waits_for_a_writer_whose_caller_is_gone(database: str) -> None:
    store = Store(database)
    await store.open()
    started = asyncio.Event()

    async def unit(session: AsyncSession) -> None:
        started.set()
        await session.execute(slow(store))
        await add_one(session)

    task = asyncio.create_task(store.write(unit))
    await started.wait()
    task.cancel()
    await store.close()
    again = Store(database)
    assert await counter(again) == 1
    await again.close()


async def test_a_naive_time_is_refused(store: Store) -> None:
    async def unit(session: AsyncSession) -> None:
        session.add(Alarm(at=NOON.replace(tzinfo=None), what="x", detail="y"))

    with pytest.raises(StatementError, match="a time without a zone"):
        await store.write(unit)


async def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    async def unit(session: AsyncSession) -> None:
        session.add(Alarm(at=NOON.astimezone(timezone(timedelta(hours=8))), what="x", detail="y"))

    await store.write(unit)
    async with store.read() as session:
        at = (await session.get_one(Alarm, 1)).at
    assert at == NOON
    assert at.utcoffset() == timedelta(0)
    assert at.microsecond == 123456


async def test_due_rows_of_another_zone_are_found(store: Store) -> None:
    """SQLite compares times as text: with a zone in it, or none, rows that are due would be missed."""

    async def unit(session: AsyncSession) -> None:
        for hours in (-11, 0, 8, 13):
            session.add(Alarm(at=NOON.astimezone(timezone(timedelta(hours=hours))), what="x", detail=str(hours)))

    await store.write(unit)
    async with store.read() as session:
        for shift, count in ((timedelta(0), 4), (timedelta(microseconds=-1), 0)):
            query = Alarm.__table__.select().where(Alarm.at <= NOON + shift)
            assert len((await session.execute(query)).all()) == count


async def test_errors_do_not_print_bound_values(store: Store) -> None:
    async def unit(session: AsyncSession) -> None:
        await session.execute(text("INSERT INTO marks (name, value) VALUES (:n, :v)"), {"n": "秘密线索", "v": "a"})
        await session.execute(text("INSERT INTO marks (name, value) VALUES (:n, :v)"), {"n": "秘密线索", "v": "b"})

    with pytest.raises(IntegrityError) as caught:
        await store.write(unit)
    assert "[SQL parameters hidden" in str(caught.value)
    if store.is_sqlite:  # PostgreSQL's own DETAIL names the key; it is never logged, for only the kind of an error is
        assert "秘密" not in str(caught.value)


async def test_nothing_done_in_a_reading_session_is_kept(store: Store) -> None:
    async with store.read() as session:
        try:
            await write_mark(session, "counter", 7)
        except DBAPIError as refused:
            assert not store.is_sqlite and "read-only" in str(refused)
    assert await counter(store) == 0


async def test_a_reader_sees_one_snapshot_and_does_not_block_the_writer(store: Store) -> None:
    await store.write(add_one)
    async with store.read() as session:
        assert await read_mark(session, "counter") == "1"
        async with asyncio.timeout(4):
            await store.write(add_one)
        assert await read_mark(session, "counter") == "1"
    assert await counter(store) == 2


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000), ("secure_delete", 1)],
)
async def test_sqlite_is_set_up_as_promised_on_every_connection(tmp_path: Path, pragma: str, value: Any) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'a.sqlite3'}")
    await store.open()
    async with store.read() as one, store.read() as two:
        for session in (one, two):
            assert (await session.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value
    await store.close()


async def filled(path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{path}")
    await store.open()

    async def unit(session: AsyncSession) -> None:
        for number in range(3000):
            session.add(Alarm(at=NOON, what=f"what {number}", detail="x" * 100))

    await store.write(unit)
    await store.close()


@pytest.mark.parametrize("nemesis", ["header", "page", "cut"])
async def test_a_damaged_file_is_refused_with_a_clear_exception(tmp_path: Path, nemesis: str) -> None:
    path = tmp_path / "a.sqlite3"
    await filled(path)
    data = bytearray(path.read_bytes())
    if nemesis == "header":
        data[:100] = random.Random(1).randbytes(100)
    elif nemesis == "page":
        for start in range(8192, len(data) - 4096, 8192):
            data[start : start + 600] = random.Random(start).randbytes(600)
    else:
        del data[len(data) // 2 :]
    path.write_bytes(data)
    store = Store(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(DatabaseDamaged) as caught:
        await store.open()
    assert str(caught.value)
    await store.close()


async def test_deleted_words_do_not_live_on_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    store = Store(f"sqlite+aiosqlite:///{path}")
    await store.open()
    await store.write(lambda session: write_mark(session, "secret", "canary-7f3a" * 50))

    async def forget(session: AsyncSession) -> None:
        await session.execute(text("DELETE FROM marks"))

    await store.write(forget)
    await store.close()  # the last connection folds the write-ahead log into the file
    assert b"canary-7f3a" not in path.read_bytes()
    assert not path.with_name("a.sqlite3-wal").exists()


async def test_a_lock_held_from_outside_counts_as_the_database_being_unwell(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    store = Store(f"sqlite+aiosqlite:///{path}")
    await store.open()
    outside = sqlite3.connect(path, isolation_level=None)
    outside.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(DBAPIError) as caught:
            await impatient(store)
        assert unwell(caught.value)
    finally:
        outside.rollback()
        outside.close()
    await store.write(add_one)
    await store.close()


async def impatient(store: Store) -> None:
    """A write that waits for a lock only briefly."""
    async with store.engine.execution_options(ro=True).connect() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        try:
            await connection.exec_driver_sql("INSERT INTO marks VALUES ('a', 'b')")
        finally:
            await connection.rollback()
            await connection.exec_driver_sql("PRAGMA busy_timeout = 5000")


async def test_a_statement_that_the_database_will_never_take_is_not_its_being_unwell(store: Store) -> None:
    with pytest.raises(DBAPIError) as caught:
        await store.write(lambda session: session.execute(text("SELECT nonsense FROM nowhere")))
    assert not unwell(caught.value)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_transaction_that_was_ended_because_its_process_stood_still_is_the_database_being_unwell(
    store: Store,
) -> None:
    """idle_in_transaction_session_timeout: the same message is taken when it is tried again."""
    for code, is_so in (("25P03", True), ("25P02", False)):
        ended = text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")
        with pytest.raises(DBAPIError) as caught:
            await store.write(lambda session, ended=ended: session.execute(ended))  # type: ignore[misc]
        assert unwell(caught.value) is is_so
