"""Many rows with one statement: the same to see on both databases, however differently they are handed over."""

import random
from datetime import timedelta
from functools import partial

import pytest
from spine import START, a_row
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models import outbox
from models.leads import Lead  # noqa: F401  # every table is known before one is used
from models.marks import WRITE, read_mark
from models.outbox import Outbox, OutState, SendClass
from models.store import Store

BUTTONS = [{"key": "收 3", "text": "收到「三」"}]


async def test_what_goes_in_comes_out_and_in_its_order(store: Store) -> None:
    rows = [
        {**a_row("b", START), "buttons": BUTTONS, "wants": [[1, 2]], "mentions": ["@all"], "body": "“引号”\n换行{},\\"},
        {
            **a_row("a", START),
            "room": None,
            "person": "u001",
            "office_hours": True,
            "not_after": START + timedelta(hours=1),
        },
        {**a_row("c", START), "buttons": [], "wants": [], "due_at": START.astimezone()},
    ]
    await store.write(lambda session: outbox.add_rows(session, rows))
    async with store.read() as session:
        found = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
    assert [{name: getattr(one, name) for name in rows[0]} for one in found] == rows


async def test_whatever_columns_hold_the_same_constant_or_not(store: Store) -> None:
    """More ways than texts are kept for; and one row may be full, or say another constant, where the next is not."""
    chance, filled = random.Random(5), {"room": "members", "quote": "7", "edits": "card", "notice_id": 3}
    filled |= {"not_after": START, "claimed_until": START, "person": "u001"}
    either = {
        "office_hours": (True, False),
        "reason": ("", "it's late"),
        "mentions": ((), ("@all",)),
        "attempts": (0, 1),
    }
    either |= {"send_class": tuple(SendClass)[:2], "state": tuple(OutState)}
    wanted = {}
    for number in range(160):
        rows = []
        for place in ("a", "b")[: number % 2 + 1]:
            said = {key: chance.choice((None, value)) for key, value in filled.items()}
            said |= {key: chance.choice(choice) for key, choice in either.items()}
            rows.append({**a_row(f"{number:03}{place}", START), **said})
        wanted |= {row["key"]: {**row, "mentions": list(row["mentions"])} for row in rows}
        await store.write(partial(outbox.add_rows, rows=rows))
    async with store.read() as session:
        found = (await session.scalars(select(Outbox).order_by(Outbox.key))).all()
    assert [{name: getattr(one, name) for name in wanted[one.key]} for one in found] == list(wanted.values())


async def test_of_rows_that_are_alike_the_last_counts(store: Store) -> None:
    """One statement of PostgreSQL may not touch a row twice; a card that changes twice in a burst is such a row."""
    twice = [{"name": "mark", "value": value} for value in ("first", "last")]
    await store.write(lambda session: WRITE.run(session, [*twice, {"name": "other", "value": "1"}]))
    async with store.read() as session:
        assert (await read_mark(session, "mark"), await read_mark(session, "other")) == ("last", "1")
    card = [{**a_row("card", START), "send_class": SendClass.LATEST_WINS, "body": body} for body in ("1/41", "2/41")]
    await store.write(lambda session: outbox.add_rows(session, card))
    async with store.read() as session:
        assert [row.body for row in await outbox.in_state(session, OutState.PENDING)] == ["2/41"]


async def test_a_key_that_stands_is_left_alone_even_within_one_statement(store: Store) -> None:
    rows = [{**a_row("once", START), "body": body} for body in ("said", "said again")]
    await store.write(lambda session: outbox.add_rows(session, rows))
    async with store.read() as session:
        assert [row.body for row in await outbox.in_state(session, OutState.PENDING)] == ["said"]


async def test_what_was_written_is_there_for_the_next_question_of_its_transaction(store: Store) -> None:
    async def unit(session: AsyncSession) -> list[str | None]:
        seen = []
        for value in ("first", "second"):
            await WRITE.run(session, [{"name": "mark", "value": value}])
            seen.append(await read_mark(session, "mark"))
        await WRITE.run(session, [{"name": "mark", "value": "third"}])
        return seen

    assert await store.write(unit) == ["first", "second"]
    async with store.read() as session:
        assert await read_mark(session, "mark") == "third"


async def test_what_the_database_refuses_takes_the_whole_transaction_with_it(store: Store) -> None:
    """Also where nothing is asked after it, so that only the commit can say so; the next transaction begins anew."""

    async def unit(session: AsyncSession) -> None:
        await WRITE.run(session, [{"name": "mark", "value": "sound"}])
        await outbox.add_rows(session, [{**a_row("broken", START), "body": None}])

    with pytest.raises(IntegrityError):
        await store.write(unit)
    await store.write(lambda session: WRITE.run(session, [{"name": "other", "value": "1"}]))
    async with store.read() as session:
        assert (await read_mark(session, "mark"), await read_mark(session, "other")) == (None, "1")


async def test_what_an_exception_rolled_back_is_not_written_by_the_next_on_its_connection(store: Store) -> None:
    async def unit(session: AsyncSession) -> None:
        await WRITE.run(session, [{"name": "mark", "value": "1"}])
        raise KeyError("later")

    with pytest.raises(KeyError):
        await store.write(unit)
    await store.write(lambda session: WRITE.run(session, [{"name": "other", "value": "1"}]))
    async with store.read() as session:
        assert (await read_mark(session, "mark"), await read_mark(session, "other")) == (None, "1")
