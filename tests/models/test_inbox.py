"""The way in as a table: one id one row, and nothing kept that may be a lead."""

from typing import Any

import pytest
from spine import START, message
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from models import inbox
from models.inbox import Inbox, InboxState
from models.store import Store

SECRET = "某局长收受贿赂"


async def keep(store: Store, **more: Any) -> None:
    row = inbox.row_for(message(SECRET, **more), InboxState.DONE, "lead.report")
    await store.write(lambda session: inbox.add_rows(session, [row]))


async def test_one_id_is_one_row_a_door(store: Store) -> None:
    await keep(store, external_id="a")
    with pytest.raises(IntegrityError):
        await keep(store, external_id="a")


async def test_a_room_message_keeps_its_words_and_a_private_one_or_a_click_does_not(store: Store) -> None:
    await keep(store, external_id="room")
    await keep(store, external_id="private", room=None)
    await keep(store, external_id="click", key="收 1")
    async with store.read() as session:
        rows = (await session.execute(select(Inbox.external_id, Inbox.text))).all()
    assert {row.external_id: row.text for row in rows} == {"room": SECRET, "private": None, "click": None}


async def test_nothing_of_a_private_message_reaches_the_file(store: Store, database: str) -> None:
    await keep(store, room=None, quoted_words=SECRET)
    async with store.read() as session:
        rows = (await session.execute(select(Inbox.__table__))).all()
    assert SECRET not in str(rows)


async def test_ids_seen_before_are_found_by_door(store: Store) -> None:
    await keep(store, external_id="a", payload_hash="h")
    async with store.read() as session:
        found = await inbox.seen(session, "fake", ["a", "b"])
        assert set(found) == {"a"}
        assert (found["a"].message, found["a"].at, found["a"].payload_hash) == ("a", START, "h")
        assert await inbox.seen(session, "other", ["a"]) == {}


def test_neither_a_message_nor_its_words_show_in_a_traceback() -> None:
    said = message(SECRET)
    assert SECRET not in repr(said)
    with pytest.raises(TypeError):
        str(said.words)


async def test_what_was_said_in_a_room_is_found_by_an_index(store: Store) -> None:
    """However much has come in, in private and elsewhere."""
    if not store.is_sqlite:
        return
    asked: list[tuple[str, Any]] = []

    @event.listens_for(store.engine.sync_engine, "before_cursor_execute")
    def note(_: Any, __: Any, statement: str, parameters: Any, *more: Any) -> None:
        asked.append((statement, parameters))

    async with store.read() as session:
        await inbox.one_message(session, "simulator", "1")
        await inbox.room_messages(session, "simulator", "members", 0, 5)
        connection = await session.connection()
        for statement, parameters in list(asked):
            plan = str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all())
            assert "USING INDEX ix_inbox_" in plan
            assert "SCAN" not in plan


async def test_a_message_said_in_private_is_no_message_of_a_room(store: Store) -> None:
    await keep(store, external_id="private", room=None, message="7")
    async with store.read() as session:
        assert await inbox.one_message(session, "fake", "7") is None
    await keep(store, external_id="room", message="8")
    async with store.read() as session:
        assert await inbox.one_message(session, "fake", "8")
