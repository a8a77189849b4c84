"""One id has one effect, a bad message harms only itself, and nothing is answered that is not kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from spine import START, Spine, message, organs, serving
from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError

from bot.dispatch import Dispatch
from bot.submitted import Conflict, NotStored, Stored
from handlers.registry import ANYONE, PASS, Command, Listener, Misunderstood, Registry, Tick, Where
from models.alarms import Alarm
from models.inbox import Inbox
from models.marks import Mark, bump, read_mark, write_mark
from models.outbox import Outbox
from models.store import Store

SECRET = "某局长收受贿赂"


@pytest.fixture
async def spine(database: str, tmp_path: Path) -> AsyncIterator[Spine]:
    async with organs(database, tmp_path / "data") as opened:
        yield opened


def registry(**runs: Any) -> Registry:
    """Commands by their words, and a listener that counts what is left."""
    made = Registry()
    for word, run in runs.items():
        made.add(Command((word,), run, ANYONE, Where.ANYWHERE, None, False, word, word))
    made.add(Listener(50, count, False, None, "count"))
    return made


async def count(request: Any) -> str | None:
    if not request.text.startswith("记"):
        return PASS
    await bump(request.session, "counted")
    await write_mark(
        request.session, "order", (await read_mark(request.session, "order") or "") + request.text[1:] + " "
    )
    request.reply("ack_nothing")
    return None


async def explode(request: Any, rest: str) -> None:
    await bump(request.session, "exploded")
    raise RuntimeError(f"处理不了：{request.incoming.words.reveal()}")


async def counted(spine: Spine) -> int:
    return int(await spine.ask(lambda session: read_mark(session, "counted")) or 0)


async def replies(spine: Spine, kind: str) -> int:
    return int((await spine.all(select(func.count()).where(Outbox.kind == kind)))[0][0])


async def test_the_same_id_fifty_times_at_once_and_later_has_one_effect_and_one_answer(spine: Spine) -> None:
    async with serving(spine, registry()) as dispatch:
        said = [message("记一笔", external_id="same", message=str(n), payload_hash="h") for n in range(50)]
        answers = await asyncio.gather(*(dispatch.submit(one) for one in said))
        answers.append(await dispatch.submit(message("记一笔", external_id="same", message="51", payload_hash="h")))
    assert {(a.message, a.at) for a in answers} == {("0", START)}
    assert [a.fresh for a in answers] == [True] + [False] * 50
    assert await counted(spine) == 1
    assert await replies(spine, "ack_nothing") == 1
    assert len(await spine.all(select(Inbox.id))) == 1


async def test_the_same_id_with_other_content_conflicts_and_the_first_stands(spine: Spine) -> None:
    async with serving(spine, registry()) as dispatch:
        one = message("记甲", external_id="same", payload_hash="a")
        other = message("记乙", external_id="same", payload_hash="b")
        results = await asyncio.gather(dispatch.submit(one), dispatch.submit(other), return_exceptions=True)
        assert isinstance(results[0], Stored)
        assert isinstance(results[1], Conflict)
        with pytest.raises(Conflict):
            await dispatch.submit(other)
    assert await counted(spine) == 1


async def test_one_poisonous_message_leaves_its_neighbours_done_and_is_parked(
    spine: Spine, caplog: pytest.LogCaptureFixture
) -> None:
    said = [message(f"记{n}", external_id=f"m{n}") for n in range(20)]
    said.insert(9, message(f"炸 {SECRET}", external_id="bad"))
    with caplog.at_level(logging.DEBUG):
        async with serving(spine, registry(炸=explode)) as dispatch:
            answers = await asyncio.gather(*(dispatch.submit(one) for one in said))
            assert dispatch.parked == 1
            again = await dispatch.submit(said[9])
    assert all(a.fresh for a in answers)
    assert not again.fresh
    assert await counted(spine) == 20
    assert await spine.ask(lambda session: read_mark(session, "exploded")) is None
    assert await replies(spine, "parked") == 1
    (row,) = await spine.all(
        select(Inbox.state, Inbox.attempts, Inbox.error, Inbox.text).where(Inbox.external_id == "bad")
    )
    assert (row.state, row.attempts) == ("parked", 3)
    assert row.error.startswith("RuntimeError ")
    assert SECRET not in row.text
    assert [a.what for a in await spine.all(select(Alarm.what))] == ["parked"]
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert "parked after 3 tries: RuntimeError" in logged
    assert SECRET not in caplog.text
    assert "处理不了" not in caplog.text


async def test_a_whole_batch_of_poison_is_parked_one_by_one(spine: Spine) -> None:
    async with serving(spine, registry(炸=explode)) as dispatch:
        await asyncio.gather(*(dispatch.submit(message(f"炸 {n}")) for n in range(10)))
        assert dispatch.parked == 10
    assert await replies(spine, "parked") == 10


async def test_a_refusal_after_a_change_rolls_the_change_back_and_still_answers(spine: Spine) -> None:
    async def half(request: Any, rest: str) -> None:
        await write_mark(request.session, "half", "done")  # no flush of the session: a statement of its own
        raise Misunderstood("ack_nothing")

    async with serving(spine, registry(半=half)) as dispatch:
        said = [message("记甲"), message("半", external_id="half"), message("记乙")]
        await asyncio.gather(*(dispatch.submit(one) for one in said))
    assert await spine.ask(lambda session: read_mark(session, "half")) is None
    assert await counted(spine) == 2
    assert await replies(spine, "ack_nothing") == 3
    (row,) = await spine.all(select(Inbox.state, Inbox.text).where(Inbox.external_id == "half"))
    assert tuple(row) == ("refused", "半")


@pytest.mark.parametrize("how", ["row", "statement", "event", "reply"])
async def test_every_kind_of_change_before_a_refusal_is_noticed(spine: Spine, how: str) -> None:
    async def half(request: Any, rest: str) -> None:
        if how == "row":
            request.session.add(Mark(name="half", value="done"))
        elif how == "statement":
            await request.session.execute(Mark.__table__.insert().values(name="half", value="done"))
        elif how == "event":
            event = {"notice_id": 1, "unit_id": 1, "at": request.now, "what": "chased"}
            request.gathering.events.append(event)
        else:
            request.reply("ack_not_yours")
        raise Misunderstood("ack_nothing")

    async with serving(spine, registry(半=half)) as dispatch:
        await dispatch.submit(message("半"))
    assert await spine.ask(lambda session: read_mark(session, "half")) is None
    assert await replies(spine, "ack_nothing") == 1
    assert await replies(spine, "ack_not_yours") == 0


async def test_what_a_handler_wanted_forgotten_stays_forgotten_when_it_refuses(spine: Spine) -> None:
    async def forgetful(request: Any, rest: str) -> None:
        request.keep_text = False
        await write_mark(request.session, "half", "done")
        raise Misunderstood("ack_nothing")

    async with serving(spine, registry(密=forgetful)) as dispatch:
        await dispatch.submit(message(f"密 {SECRET}", external_id="lead"))
    (row,) = await spine.all(select(Inbox.text))
    assert SECRET not in row.text


async def test_a_strangers_message_is_stored_as_ignored(spine: Spine) -> None:
    async with serving(spine, registry(炸=explode)) as dispatch:
        answer = await dispatch.submit(message("炸", person="nobody"))
    assert answer.fresh
    (row,) = await spine.all(select(Inbox.state, Inbox.person))
    assert tuple(row) == ("ignored", "nobody")
    assert await spine.all(select(Outbox.id)) == []


async def test_a_submitter_who_is_cancelled_does_not_lose_the_message(spine: Spine) -> None:
    async with serving(spine, registry()) as dispatch:
        task = asyncio.create_task(dispatch.submit(message("记甲", external_id="a")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await dispatch.submit(message("记乙", external_id="b"))
    assert await counted(spine) == 2


async def test_a_persons_messages_keep_their_order(spine: Spine) -> None:
    async with serving(spine, registry(炸=explode)) as dispatch:
        said = [message(f"记{n}") for n in range(300)]
        said.insert(150, message("炸"))
        await asyncio.gather(*(dispatch.submit(one) for one in said))
    order = await spine.ask(lambda session: read_mark(session, "order"))
    assert order.split() == [str(n) for n in range(300)]


def down(*_: Any, **__: Any) -> Any:
    trouble = Exception("disk I/O error")
    trouble.sqlite_errorcode = 10  # type: ignore[attr-defined]
    raise OperationalError("COMMIT", {"text": SECRET}, trouble, hide_parameters=True)


async def test_when_the_database_is_down_every_door_is_told_and_nothing_is_half_done(
    spine: Spine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(spine, registry()) as dispatch:
        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", down)
            said = [message(f"记{n}", external_id=f"m{n}") for n in range(5)]
            results = await asyncio.gather(*(dispatch.submit(one) for one in said), return_exceptions=True)
            assert [type(r) for r in results] == [NotStored] * 5
        assert await counted(spine) == 0
        assert await spine.all(select(Inbox.id)) == []
        assert dispatch.parked == 0
        answers = await asyncio.gather(*(dispatch.submit(one) for one in said))
    assert all(a.fresh for a in answers)
    assert await counted(spine) == 5
    assert "5 messages could not be stored: OperationalError" in caplog.text
    assert SECRET not in caplog.text


async def test_a_database_that_fails_once_is_asked_again(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the server has been restarted: the connections in the pool are dead, the next one is not."""
    tries = 0
    write = Store.write

    async def flaky(store: Store, unit: Any) -> Any:
        nonlocal tries
        tries += 1
        return down() if tries == 1 else await write(store, unit)

    async with serving(spine, registry()) as dispatch:
        monkeypatch.setattr(Store, "write", flaky)
        assert (await dispatch.submit(message("记甲"))).fresh
    assert await counted(spine) == 1


async def test_a_commit_whose_answer_was_lost_has_one_effect(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Store.write
    tries = 0

    async def lossy(store: Store, unit: Any) -> Any:
        nonlocal tries
        tries += 1
        result = await write(store, unit)
        return down() if tries == 1 else result

    async with serving(spine, registry()) as dispatch:
        monkeypatch.setattr(Store, "write", lossy)
        await dispatch.submit(message("记甲"))
    assert await counted(spine) == 1


async def test_stopping_tells_those_who_wait(spine: Spine) -> None:
    async with serving(spine, registry()) as dispatch:
        task = asyncio.create_task(dispatch.submit(message("记甲", external_id="a")))
        await asyncio.sleep(0)
    with suppress(NotStored):
        await task  # either it was done, or it is said that it was not; never silence


# -- two replicas ------------------------------------------------------------------------------------------------------


async def test_two_replicas_that_hear_the_same_at_once_have_one_effect(
    spine: Spine, database: str, tmp_path: Path
) -> None:
    async with organs(database, tmp_path / "other", fresh=False) as other:
        replica = other if not spine.store.is_sqlite else spine
        async with serving(spine, registry()) as one, serving(replica, registry()) as two:
            said = [message(f"记{n}", external_id=f"m{n}") for n in range(40)]
            both = [d.submit(m) for m in said for d in (one, two)]
            answers = await asyncio.gather(*both)
    assert sum(a.fresh for a in answers) == 40
    assert await counted(spine) == 40


async def test_acks_of_one_receipt_at_two_replicas_at_once_do_not_double_its_event(
    spine: Spine, database: str, tmp_path: Path
) -> None:
    async with organs(database, tmp_path / "other", fresh=False) as other:
        replica = other if not spine.store.is_sqlite else spine
        async with serving(spine) as one, serving(replica) as two:
            await one.submit(message("通知 各单位报送方案 明天下班前", person="clerk", room=None))
            await one.submit(message("发", person="clerk", room=None))
            units = ["u001", "u002", "u003"]
            said = [d.submit(message("收到 1", person=u)) for u in units for d in (one, two) for _ in range(3)]
            await asyncio.gather(*said)
    events = await spine.all(acked_events())
    assert sorted(events) == sorted({(row.notice_id, row.unit_id) for row in events})
    assert len(events) == 3
    assert await replies(spine, "ack_again") == 15


def acked_events() -> Any:
    from models.receipts import ReceiptEvent

    return select(ReceiptEvent.notice_id, ReceiptEvent.unit_id).where(ReceiptEvent.what == "acked")


# -- time passes -------------------------------------------------------------------------------------------------------


class Chores:
    """Things due, kept in the marks: `do:<n>` until done, then `did:<n>` with how often."""

    def __init__(self, bad: Sequence[str] = ()) -> None:
        self.bad = set(bad)

    async def due(self, session: Any, now: datetime, limit: int) -> list[str]:
        query = select(Mark.name).where(Mark.name.startswith("do:")).order_by(Mark.name).limit(limit)
        return list(await session.scalars(query))

    async def next(self, session: Any) -> datetime | None:
        return START if await self.due(session, START, 1) else None

    async def run(self, desk: Any, name: str) -> None:
        if name in self.bad:
            raise RuntimeError(SECRET)
        await desk.session.execute(delete(Mark).where(Mark.name == name))
        await bump(desk.session, name.replace("do:", "did:"))

    def registry(self) -> Registry:
        made = Registry()
        made.add(Tick("chores", self.run, self.due, self.next))
        return made


async def give(spine: Spine, count: int) -> None:
    async def unit(session: Any) -> None:
        for number in range(count):
            await write_mark(session, f"do:{number:03}", "")

    await spine.store.write(unit)


async def did(spine: Spine) -> dict[str, str]:
    query = select(Mark.name, Mark.value).where(Mark.name.startswith("did:"))
    return {row.name: row.value for row in await spine.all(query)}


async def test_a_due_item_is_done_once_though_time_passes_from_two_tasks(spine: Spine) -> None:
    await give(spine, 50)
    dispatch = Dispatch(spine.store, Chores().registry(), spine.bot.around, spine.clock, lambda: None)
    await asyncio.gather(dispatch.pass_time(), dispatch.pass_time())
    assert set((await did(spine)).values()) == {"1"}
    assert len(await did(spine)) == 50


async def test_a_due_item_is_done_once_though_two_replicas_see_it(spine: Spine, database: str, tmp_path: Path) -> None:
    await give(spine, 50)
    async with organs(database, tmp_path / "other", fresh=False) as other:
        replica = other if not spine.store.is_sqlite else spine
        ones = [Dispatch(s.store, Chores().registry(), s.bot.around, s.clock, lambda: None) for s in (spine, replica)]
        await asyncio.gather(*(one.pass_time() for one in ones))
    assert set((await did(spine)).values()) == {"1"}
    assert len(await did(spine)) == 50


async def test_bad_items_do_not_silence_the_rest_and_raise_an_alarm(
    spine: Spine, caplog: pytest.LogCaptureFixture
) -> None:
    """Thirty bad ones stand first, more than one look takes: those behind them still get their turn."""
    await give(spine, 60)
    chores = Chores([f"do:{n:03}" for n in range(30)])
    dispatch = Dispatch(spine.store, chores.registry(), spine.bot.around, spine.clock, lambda: None)
    await dispatch.pass_time()
    assert sorted(await did(spine)) == [f"did:{n:03}" for n in range(30, 60)]
    alarms = await spine.all(select(Alarm.what, Alarm.detail))
    assert [a.what for a in alarms] == ["tick:chores"]
    assert "RuntimeError" in alarms[0].detail
    assert SECRET not in alarms[0].detail + caplog.text


async def test_a_bad_item_is_tried_again_later_and_its_alarm_cleared_when_it_is_done(spine: Spine) -> None:
    await give(spine, 2)
    chores = Chores(["do:000"])
    dispatch = Dispatch(spine.store, chores.registry(), spine.bot.around, spine.clock, lambda: None)
    await dispatch.pass_time()
    chores.bad.clear()
    await dispatch.pass_time()
    assert list(await did(spine)) == ["did:001"]  # not at once: it would fill the log every few seconds
    assert await dispatch.next_due() == spine.clock.now() + timedelta(minutes=1)
    spine.later(seconds=61)
    await dispatch.pass_time()
    assert len(await did(spine)) == 2
    assert [a.cleared_at for a in await spine.all(select(Alarm.cleared_at))] == [spine.clock.now()]


async def test_an_item_that_stays_due_after_it_was_done_does_not_hold_up_the_pass(spine: Spine) -> None:
    await give(spine, 25)
    runs: list[str] = []

    class Lazy(Chores):
        async def run(self, desk: Any, name: str) -> None:
            runs.append(name)

    dispatch = Dispatch(spine.store, Lazy().registry(), spine.bot.around, spine.clock, lambda: None)
    async with asyncio.timeout(10):
        await dispatch.pass_time()
    assert len(runs) == len(set(runs)) == 25


async def test_a_tick_whose_list_cannot_be_read_leaves_the_others_their_turn(
    spine: Spine, caplog: pytest.LogCaptureFixture
) -> None:
    await give(spine, 1)

    async def broken(session: Any, now: datetime, limit: int) -> list[str]:
        raise RuntimeError(SECRET)

    made = Registry()
    made.add(Tick("broken", Chores().run, broken, Chores().next))
    made.add(Chores().registry().ticks[0])
    dispatch = Dispatch(spine.store, made, spine.bot.around, spine.clock, lambda: None)
    await dispatch.pass_time()
    assert len(await did(spine)) == 1
    assert "tick broken could not be served: RuntimeError" in caplog.text
    assert SECRET not in caplog.text
