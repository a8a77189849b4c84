"""The way out as a table: keys, claims, and what may be settled by whom."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from spine import START, a_row
from sqlalchemy import text

from models import outbox
from models.leads import Lead  # noqa: F401  # every table is known before one is used
from models.outbox import OutState
from models.store import Store

LATER = START + timedelta(minutes=1)


async def put(store: Store, *rows: dict[str, Any]) -> None:
    await store.write(lambda session: outbox.add_rows(session, rows))


async def take(store: Store, now: datetime = START, limit: int = 100) -> list[str]:
    rows = await store.write(lambda session: outbox.claim(session, now, now + timedelta(minutes=1), limit, by=1))
    return [row.key for row in rows]


async def row(store: Store, key: str) -> Any:
    async with store.read() as session:
        return await outbox.by_key(session, key)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("send_class", list(outbox.SendClass))
async def test_a_key_stands_once_and_only_latest_wins_changes_its_words(
    store: Store, send_class: str, at_once: bool
) -> None:
    rows = [a_row("a", START, body=body, send_class=send_class) for body in ("先", "后")]
    for batch in [rows] if at_once else [[one] for one in rows]:
        await put(store, *batch)
    assert await take(store) == ["a"]
    assert (await row(store, "a")).body == ("后" if send_class == "latest_wins" else "先")


async def test_claims_take_what_is_due_oldest_first_and_no_more_than_asked(store: Store) -> None:
    await put(store, *(a_row(f"k{n}", START, due_at=START - timedelta(seconds=n)) for n in range(6)))
    await put(store, a_row("future", START, due_at=LATER))
    assert sorted(await take(store, limit=2)) == ["k4", "k5"]
    assert sorted(await take(store)) == ["k0", "k1", "k2", "k3"]
    assert await take(store) == []
    assert await take(store, LATER) == ["future"]


async def test_messages_due_together_leave_in_the_order_in_which_they_were_written(store: Store) -> None:
    await put(store, *(a_row(f"k{n}", START) for n in range(30)))
    assert await take(store) == [f"k{n}" for n in range(30)]


async def test_only_who_holds_the_claim_settles(store: Store) -> None:
    await put(store, a_row("a", START))
    (held,) = await store.write(lambda s: outbox.claim(s, START, LATER, 1, by=1))
    values = {name: getattr(held, name) for name in outbox.SETTLED} | {"id": held.id, "due_at": None, "state": "sent"}
    await store.write(lambda s: outbox.settle(s, [{**values, "claim": LATER + timedelta(seconds=1)}]))
    assert (await row(store, "a")).state == "claimed"
    await store.write(lambda s: outbox.settle(s, [{**values, "claim": LATER}]))
    assert (await row(store, "a")).state == "sent"


async def test_what_is_taken_back_is_only_what_waits(store: Store) -> None:
    await put(store, *(a_row(f"k{n}", START, kind="chase", notice_id=1) for n in range(2)))
    await put(store, a_row("other", START, kind="chase", notice_id=2), a_row("kind", START, kind="sent", notice_id=1))
    await take(store, limit=1)
    await store.write(lambda session: outbox.cancel(session, 1, ["chase"], "已撤回"))
    assert [(await row(store, key)).state for key in ("k0", "k1", "other", "kind")] == [
        OutState.CLAIMED,
        OutState.CANCELLED,
        OutState.PENDING,
        OutState.PENDING,
    ]


async def test_next_due_is_the_earliest_of_all_that_waits(store: Store) -> None:
    async with store.read() as session:
        assert await outbox.next_due(session) is None
    await put(store, a_row("a", START, due_at=LATER), a_row("b", START, due_at=START))
    async with store.read() as session:
        assert await outbox.next_due(session) == START


async def test_what_waits_is_found_by_an_index(store: Store) -> None:
    """However many messages were ever sent, a claim looks only at those that wait."""
    if not store.is_sqlite:
        return
    query = "SELECT id FROM outbox WHERE due_at <= 'x' AND due_at IS NOT NULL AND state = 'pending' ORDER BY due_at, id"
    async with store.read() as session:
        plan = (await session.execute(text(f"EXPLAIN QUERY PLAN {query} LIMIT 9"))).all()
    assert "USING INDEX" in str(plan)
    assert "SCAN" not in str(plan)
