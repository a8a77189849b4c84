"""The chain of the journal: it holds, and whoever changes it is found."""

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.journal import GENESIS, Entry, broken, chain_hash, record, verify
from models.journal_guard import take_down
from models.store import Store

AT = datetime(2026, 11, 18, 15, 0, 0, 7, tzinfo=timezone(timedelta(hours=8)))
DETAIL: dict[str, Any] = {
    "units": 41,
    "names": ("市水利局", "市教育局"),
    "share": 0.1,
    10: "ten",
    9: None,
    "deep": {"a": [1]},
}


async def write(store: Store, count: int) -> None:
    async def unit(session: AsyncSession) -> None:
        for number in range(count):
            at = AT + timedelta(microseconds=number * 333_333)
            await record(session, at=at, actor="clerk", act="notice.send", object=f"notice:{number}", detail=DETAIL)

    await store.write(unit)


async def bad(store: Store) -> list[int]:
    async with store.read() as session:
        return await verify(session)


async def test_the_chain_holds_over_several_transactions(store: Store) -> None:
    for _ in range(4):
        await write(store, 5)
    assert await bad(store) == []
    async with store.read() as session:
        entries = (await session.scalars(select(Entry).order_by(Entry.id))).all()
    assert entries[0].prev == GENESIS
    assert [e.prev for e in entries[1:]] == [e.hash for e in entries[:-1]]


async def test_an_empty_journal_holds(store: Store) -> None:
    assert await bad(store) == []


async def test_both_databases_give_the_same_hash_for_the_same_entry(store: Store) -> None:
    await write(store, 1)
    async with store.read() as session:
        entry = (await session.scalars(select(Entry))).one()
    assert entry.at.microsecond == 7
    assert entry.hash == chain_hash(GENESIS, AT, "clerk", "notice.send", "notice:0", entry.detail)
    assert entry.hash == EXPECTED


EXPECTED = "b8529807cde8308bb2a57e5f8ea6989176ff8046f8108c8f0853b24f0046f651"


def test_the_zone_in_which_an_instant_is_given_does_not_change_the_hash() -> None:
    assert chain_hash(GENESIS, AT, "a", "b", "c", {}) == chain_hash(GENESIS, AT.astimezone(UTC), "a", "b", "c", {})


TAMPERINGS = ("at", "actor", "act", "object", "detail", "prev", "hash", "remove", "remove last", "insert", "swap")


@pytest.mark.parametrize("seed", range(100))
def test_every_tampering_is_found(seed: int) -> None:
    """A hundred, each of a kind and a place of its own; on values as both databases give them back."""
    chance = random.Random(seed)
    entries, head = chain(chance.randint(2, 30))
    assert broken(entries, head) == []
    tamper(entries, TAMPERINGS[seed % len(TAMPERINGS)], chance)
    assert broken(entries, head)


def chain(count: int) -> tuple[list[Entry], str]:
    entries, prev = [], GENESIS
    for number in range(1, count + 1):
        fields: dict[str, Any] = {"at": AT + timedelta(seconds=number), "actor": "clerk", "act": "chase"}
        fields |= {"object": f"notice:{number}", "detail": {"units": number}}
        digest = chain_hash(prev, fields["at"], "clerk", "chase", fields["object"], fields["detail"])
        entry = Entry(**fields, prev=prev, hash=digest)
        entry.id = number
        entries.append(entry)
        prev = digest
    return entries, prev


def tamper(entries: list[Entry], how: str, chance: random.Random) -> None:
    at = chance.randrange(len(entries))
    changed: dict[str, Any] = {
        "at": entries[at].at + timedelta(microseconds=1),
        "actor": "head",
        "act": "notice.send",
        "object": "notice:99",
        "detail": {"units": 99},
        "prev": "f" * 64,
        "hash": "e" * 64,
    }
    match how:
        case "remove":
            del entries[at]
        case "remove last":
            del entries[-1]
        case "insert":
            last = entries[at]
            made = Entry(at=AT, actor="head", act="chase", object="x", prev=last.hash, hash="")
            made.hash = chain_hash(made.prev, made.at, made.actor, made.act, made.object, made.detail)
            made.id = last.id
            entries.insert(at + 1, made)
        case "swap":
            other = (at + 1) % len(entries)
            entries[at], entries[other] = entries[other], entries[at]
        case _:
            setattr(entries[at], how, changed[how])


@pytest.mark.parametrize("how", ["change", "remove", "remove last"])
async def test_a_row_changed_or_removed_in_the_database_is_found(store: Store, how: str) -> None:
    await write(store, 6)
    changes: dict[str, Any] = {
        "change": update(Entry).where(Entry.id == 3).values(actor="head"),
        "remove": delete(Entry).where(Entry.id == 3),
        "remove last": delete(Entry).where(Entry.id == 6),
    }
    async with store.engine.begin() as connection:
        await connection.run_sync(take_down)
    await store.write(lambda session: session.execute(changes[how]))
    assert await bad(store) == {"change": [3], "remove": [4], "remove last": [6]}[how]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'head' WHERE id = 3",
        "DELETE FROM journal WHERE id = 3",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "INSERT OR REPLACE INTO journal SELECT id, at, 'head', act, object, prev, hash, detail FROM journal WHERE id = 3",
        "INSERT INTO journal SELECT id, at, 'head', act, object, prev, hash, detail FROM journal WHERE id = 3 "
        "ON CONFLICT (id) DO UPDATE SET actor = 'head'",
    ],
)
async def test_the_database_itself_refuses_to_change_or_remove_a_row(store: Store, statement: str) -> None:
    """Also past this program, and after the next start."""
    if store.is_sqlite == statement.startswith("TRUNCATE") or (not store.is_sqlite and "OR REPLACE" in statement):
        statement = "DELETE FROM journal WHERE id > 0"  # the other database knows no such statement
    await store.open()
    await write(store, 6)
    with pytest.raises(IntegrityError, match="only added to"):
        await store.write(lambda session: session.execute(text(statement)))
    await write(store, 1)
    assert await bad(store) == []


async def test_two_rows_that_follow_the_same_one_are_refused(store: Store) -> None:
    await write(store, 2)
    fork = {"at": AT, "actor": "a", "act": "b", "object": "c", "prev": GENESIS, "hash": "x", "detail": {}}
    with pytest.raises(IntegrityError):
        await store.write(lambda session: session.execute(insert(Entry), [fork]))
