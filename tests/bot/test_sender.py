"""What becomes of each message, however its sending ends; and that no two senders send the same one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from spine import START, FakeDoor, Spine, a_row, message, organs
from sqlalchemy import select, update
from sqlalchemy import text as sql

from bot import lanes, presence
from bot import sender as sending
from bot.channels import PACED, Outgoing, refused, sent, try_later, unsure
from bot.sender import HOLD
from models import alarms, outbox
from models.alarms import Alarm
from models.journal import Entry
from models.outbox import Outbox, OutState
from models.receipts import Receipt, ReceiptEvent
from models.reports import Report
from models.store import Store

ENDS: dict[str, Any] = {
    "sent": sent("77"),
    "later": try_later("忙"),
    "later in 90 s": try_later("限流", timedelta(seconds=90)),
    "refused": refused("机器人不在群里"),
    "unsure": unsure("超时"),
    "raises": RuntimeError("秘密线索"),
}
NOW, SOON = timedelta(0), timedelta(seconds=2)
# class, how it ended -> state, and when it is due again
TABLE = [
    ("never_twice", "sent", "sent", None),
    ("never_twice", "later", "pending", SOON),
    ("never_twice", "later in 90 s", "pending", timedelta(seconds=90)),
    ("never_twice", "refused", "failed", None),
    ("never_twice", "unsure", "unknown", NOW),
    ("never_twice", "raises", "unknown", NOW),
    ("at_least_once", "sent", "sent", None),
    ("at_least_once", "later", "pending", SOON),
    ("at_least_once", "later in 90 s", "pending", timedelta(seconds=90)),
    ("at_least_once", "refused", "failed", None),
    ("at_least_once", "unsure", "pending", SOON),
    ("at_least_once", "raises", "pending", SOON),
    ("latest_wins", "sent", "sent", None),
    ("latest_wins", "later", "pending", SOON),
    ("latest_wins", "later in 90 s", "pending", timedelta(seconds=90)),
    ("latest_wins", "refused", "failed", None),
    ("latest_wins", "unsure", "pending", SOON),
    ("latest_wins", "raises", "pending", SOON),
    ("prompt", "sent", "sent", None),
    ("prompt", "later", "pending", SOON),
    ("prompt", "later in 90 s", "cancelled", None),
    ("prompt", "refused", "failed", None),
    ("prompt", "unsure", "pending", SOON),
    ("prompt", "raises", "pending", SOON),
]


@pytest.fixture
async def spine(database: str, tmp_path: Path) -> AsyncIterator[Spine]:
    async with organs(database, tmp_path / "data") as opened:
        yield opened


async def standing(spine: Spine) -> list[str]:
    query = select(Alarm.what).where(Alarm.cleared_at.is_(None)).order_by(Alarm.id)
    return [row.what for row in await spine.all(query)]


@pytest.mark.parametrize(("send_class", "end", "state", "again"), TABLE)
async def test_each_class_and_each_end(
    spine: Spine, send_class: str, end: str, state: str, again: timedelta | None, caplog: pytest.LogCaptureFixture
) -> None:
    """O-01, O-02, O-03."""
    not_after = START + timedelta(seconds=5) if send_class == "prompt" else None
    await spine.put("a", send_class=send_class, not_after=not_after)
    spine.door.answers.append(ENDS[end])
    await spine.sender.drain()
    row = await spine.row("a")
    assert row.state == state
    assert row.due_at == (None if again is None else START + again)
    assert row.claimed_until is None
    assert row.attempts == 1
    assert (row.provider_id, row.sent_at) == (("77", START) if end == "sent" else (None, None))
    assert [s[0] for s in spine.door.settlements] == [row.id]
    assert "秘密线索" not in caplog.text + row.reason


async def test_what_is_sent_again_is_the_same_to_the_byte(spine: Spine) -> None:
    """O-02."""
    await spine.put("a")
    spine.door.answers += [unsure("超时"), try_later("忙"), sent("1")]
    for _ in range(3):
        await spine.sender.drain()
        spine.later(seconds=10)
    assert [m.body for m in spine.door.posted] == ["正文 a"] * 3
    assert (await spine.row("a")).attempts == 3


async def test_a_message_with_a_mention_that_nobody_declared_never_leaves(
    spine: Spine, caplog: pytest.LogCaptureFixture
) -> None:
    await spine.put("a", body="各位 <@all> 请看", send_class="never_twice")
    await spine.put("b", body="各位 @所有人 请看", mentions=["@all"])
    await spine.sender.drain()
    assert (await spine.row("a")).state == "failed"
    assert [m.key for m in spine.door.posted] == ["b"]
    assert await standing(spine) == ["failed:fake:test"]
    assert "undeclared mention" in caplog.text


# -- alarms ------------------------------------------------------------------------------------------------------------


async def test_a_failure_stands_as_an_alarm_for_a_day(spine: Spine) -> None:
    """O-11."""
    await spine.put("a", kind="chase")
    await spine.put("b", kind="chase")
    spine.door.answers.append(refused("账号不存在"))
    await settle(spine)
    found = await spine.ask(alarms.latest)
    assert [(a.what, a.cleared_at) for a in found] == [("failed:fake:chase", None)]
    assert "账号不存在" in found[0].detail
    spine.later(hours=23)
    await spine.sender.recover()
    assert await standing(spine) == ["failed:fake:chase"]
    spine.later(hours=1)
    await spine.sender.recover()
    assert await standing(spine) == []


async def test_a_failure_that_somebody_had_sent_again_is_no_alarm(spine: Spine) -> None:
    await spine.put("a", kind="chase")
    spine.door.answers.append(refused("账号不存在"))
    await settle(spine)
    await spine.store.write(lambda s: s.execute(update(Outbox).values(state="pending", due_at=START)))
    await settle(spine)
    assert await standing(spine) == []


async def test_what_is_tried_in_vain_is_said_within_five_minutes(spine: Spine) -> None:
    await spine.put("a")
    spine.door.answers += [try_later("忙")] * 10
    while not await standing(spine):
        await spine.sender.drain()
        spine.later(seconds=1)
        assert spine.clock.now() - START < timedelta(minutes=5)
    assert await standing(spine) == ["late:fake"]
    spine.door.answers.clear()
    spine.later(minutes=10)
    await spine.sender.drain()
    assert (await spine.row("a")).state == "sent"
    assert await standing(spine) == []


async def test_one_who_says_too_much_raises_no_alarm_and_a_group_that_is_told_too_much_does(spine: Spine) -> None:
    """What our own rates put off for a person is nobody's fault; a notice that is late is one, whoever delays it."""
    for key, place in (("a", {"room": None, "person": "u001"}), ("b", {})):
        await spine.put(key, **place)
        spine.door.answers += [try_later(f"{PACED}已到限额", timedelta(seconds=20))] * 6
        for _ in range(6):
            await spine.sender.drain()
            spine.later(seconds=21)
        assert await standing(spine) == ([] if key == "a" else ["late:fake"])
        await spine.sender.drain()
        assert (await spine.row(key)).state == "sent"


async def test_a_platform_that_asks_for_an_hour_is_said_at_once(spine: Spine) -> None:
    await spine.put("a")
    spine.door.answers.append(try_later("45009", timedelta(hours=1)))
    await spine.sender.drain()
    assert await standing(spine) == ["late:fake"]


async def test_a_door_that_is_missing_is_waited_for_and_reported(spine: Spine) -> None:
    await spine.put("a", channel="later")
    for _ in range(40):
        await spine.sender.drain()
        spine.later(minutes=1)
    assert (await spine.row("a")).state == "pending"
    assert await standing(spine) == ["door"]
    assert [a.what for a in await spine.ask(alarms.standing)] == ["door"]  # which makes /readyz say so
    door = FakeDoor("later")
    spine.bot.doors.add(door)
    await spine.sender.drain()
    assert [m.key for m in door.posted] == ["a"]
    assert await standing(spine) == []


# -- claims ------------------------------------------------------------------------------------------------------------


async def test_the_messages_of_a_door_that_stands_by_wait_untouched_for_another_process(spine: Spine) -> None:
    await spine.put("a")
    spine.door.stands_by = True  # type: ignore[attr-defined]
    await spine.sender.drain()
    row = await spine.row("a")
    assert (row.state, row.attempts, spine.door.posted) == ("pending", 0, [])
    spine.door.stands_by = False  # type: ignore[attr-defined]
    await spine.sender.drain()
    assert (await spine.row("a")).state == "sent"


async def test_two_senders_on_one_database_send_each_message_once(spine: Spine, database: str, tmp_path: Path) -> None:
    """O-17."""
    async with organs(database, tmp_path / "other", fresh=False) as other:
        rows = [a_row(f"k{n}", START, send_class="never_twice") for n in range(500)]
        await spine.store.write(lambda session: outbox.add_rows(session, rows))
        second = other if not spine.store.is_sqlite else spine
        await asyncio.gather(
            *(s.drain() for s in (spine.sender, second.sender, spine.another_sender(), second.another_sender()))
        )
        posted = [m.key for door in {spine.door, second.door} for m in door.posted]
    assert sorted(posted) == sorted(row["key"] for row in rows)


async def abandon(spine: Spine) -> None:
    """A crash between claim and settle."""
    await spine.sender.presence.show()
    await claim(spine, spine.sender.presence.number)


async def claim(spine: Spine, by: int) -> None:
    now = spine.clock.now()
    await spine.store.write(lambda session: outbox.claim(session, now, now + HOLD, 100, by=by))


CLASSES = ("never_twice", "at_least_once", "latest_wins", "prompt")


async def test_a_crash_between_claim_and_settle_is_dealt_with_by_class(spine: Spine) -> None:
    """O-13."""
    for name in CLASSES:
        await spine.put(name, send_class=name, not_after=START + timedelta(minutes=5))
    await abandon(spine)
    # A prompt answer is written as claimed, by whoever stored its question.
    prompt = update(Outbox).where(Outbox.key == "prompt").values(claimed_by=None)
    await spine.store.write(lambda session: session.execute(prompt))
    await spine.sender.recover()
    assert {name: (await spine.row(name)).state for name in CLASSES} == {
        "never_twice": "unknown",
        "at_least_once": "pending",
        "latest_wins": "pending",
        "prompt": "claimed",  # whoever stored the question may still be sending it; it runs out in seconds
    }
    await spine.sender.drain()
    assert sorted(m.key for m in spine.door.posted) == sorted(CLASSES[1:3])


async def test_a_door_that_shows_only_what_was_settled_has_not_posted_it(spine: Spine) -> None:
    spine.door.shows_settled_only = True
    await spine.put("a", send_class="never_twice")
    await abandon(spine)
    await spine.sender.recover()
    await spine.sender.drain()
    assert [m.key for m in spine.door.posted] == ["a"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_the_claim_of_another_that_lives_is_left_alone_until_it_runs_out(spine: Spine) -> None:
    other = spine.another_sender()
    await other.presence.show()
    await spine.put("a")
    await claim(spine, other.presence.number)
    await spine.sender.recover()
    assert (await spine.row("a")).state == "claimed"
    spine.later(seconds=61)
    await spine.sender.recover()
    assert (await spine.row("a")).state == "pending"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_what_a_killed_sender_had_claimed_is_not_waited_for(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database ends the session of a process that died; one that only lost its connection would come back."""
    since = 1000.0
    monkeypatch.setattr(presence, "since_start", lambda: since)
    other = spine.another_sender()
    await other.presence.show()
    for name in CLASSES[:2]:
        await spine.put(name, send_class=name)
    await claim(spine, other.presence.number)
    await other.presence.leave()
    for gone in (0.0, presence.MISSED - 1):
        since = 1000.0 + gone
        await spine.sender.recover()
        assert {(await spine.row(name)).state for name in CLASSES[:2]} == {"claimed"}
    since = 1000.0 + presence.MISSED
    await spine.sender.recover()
    assert [(await spine.row(name)).state for name in CLASSES[:2]] == ["unknown", "pending"]
    assert spine.clock.now() == START


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_sender_that_the_database_has_forgotten_sends_nothing_it_had_claimed(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may have dealt with its claims since; it begins anew, under a number of its own."""
    passed = 1000.0
    monkeypatch.setattr(presence, "since_start", lambda: passed)

    async def cut_off(message: Outgoing) -> Any:
        nonlocal passed
        async with spine.store.read() as session:
            await session.execute(sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
        passed += presence.LOOK
        return sent("1")

    for key in ("a", "b"):
        await spine.put(key, send_class="never_twice")
    spine.door.answers.append(cut_off)
    await spine.sender._round()
    before = spine.sender.presence.number
    assert [m.key for m in spine.door.posted] == ["a"]
    assert [(await spine.row(key)).state for key in ("a", "b")] == ["sent", "pending"]
    await spine.sender.drain()
    assert [m.key for m in spine.door.posted] == ["a", "b"]
    assert spine.sender.presence.number != before


async def test_a_sender_that_slept_through_its_claim_sends_nothing(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process that was stopped and goes on: somebody else may have dealt with the row since."""
    await spine.put("a", send_class="never_twice")
    beats = iter([0.0])
    monkeypatch.setattr(sending, "since_start", lambda: next(beats, 100.0))
    await spine.sender._round()
    assert spine.door.posted == []
    row = await spine.row("a")
    assert (row.state, row.attempts) == ("pending", 0)
    await spine.sender.drain()
    assert [m.key for m in spine.door.posted] == ["a"]


async def test_who_no_longer_holds_the_claim_does_not_settle(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SLOW", 60.0)  # nor claims it again meanwhile

    async def taken_over(message: Outgoing) -> Any:
        spine.later(seconds=61)
        second = spine.another_sender()
        await second.recover()
        await abandon(spine)  # and claimed by another
        return sent("old")

    await spine.put("a")
    spine.door.answers.append(taken_over)
    await spine.sender.drain()
    row = await spine.row("a")
    assert (row.state, row.provider_id) == ("claimed", None)


class Disk:
    """A database that can write nothing from the moment that a message was posted, until `broken` is cleared."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.broken, self._write = False, Store.write

        async def flaky(store: Store, unit: Any) -> Any:
            if self.broken:
                raise OSError("disk")
            return await self._write(store, unit)

        monkeypatch.setattr(Store, "write", flaky)

    async def breaks_while_it_posts(self, message: Outgoing) -> Any:
        self.broken = True
        return sent("5")


async def test_what_was_sent_while_the_database_was_away_is_settled_later_not_sent_again(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await spine.put("a", send_class="never_twice")
    disk = Disk(monkeypatch)
    spine.door.answers.append(disk.breaks_while_it_posts)
    with pytest.raises(OSError, match="disk"):
        await spine.sender.drain()
    disk.broken = False
    await spine.sender.recover()
    await spine.sender.drain()
    row = await spine.row("a")
    assert (row.state, row.provider_id, len(spine.door.posted)) == ("sent", "5", 1)


async def test_a_cancelled_drain_still_writes_down_what_it_had_begun(spine: Spine) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(message: Outgoing) -> Any:
        began.set()
        await go_on.wait()
        return sent("5")

    await spine.put("a", send_class="never_twice")
    spine.door.answers.append(slowly)
    task = asyncio.create_task(spine.sender.drain())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await spine.sender.stop()
    assert (await spine.row("a")).state == "sent"


async def test_a_door_that_hangs_is_given_up_and_does_not_hold_the_others(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.05)
    other = FakeDoor("other")
    spine.bot.doors.add(other)

    async def hang(message: Outgoing) -> Any:
        await asyncio.Event().wait()

    await spine.put("a", send_class="never_twice")
    await spine.put("b", channel="other")
    spine.door.answers.append(hang)
    await spine.sender.drain()
    assert (await spine.row("a")).state == "unknown"
    assert (await spine.row("b")).state == "sent"


class Stuck:
    """An answer of a door that comes when it is let go."""

    def __init__(self) -> None:
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, message: Outgoing) -> Any:
        self.asked.set()
        await self.go_on.wait()
        return sent("77")


async def test_what_ends_after_another_conversation_was_written_down_is_not_forgotten(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "SETTLE", -1.0)
    spine.door.lane = lambda message: message.person or ""  # type: ignore[attr-defined]
    stuck = Stuck()
    spine.door.answers.append(stuck)
    await spine.put("a", person="u001", send_class="never_twice")
    await spine.put("b", person="u002")
    sending_all = asyncio.create_task(spine.sender.drain())
    await stuck.asked.wait()
    async with asyncio.timeout(10):
        while (await spine.row("b")).state != "sent":  # noqa: ASYNC110  # nobody announces it
            await asyncio.sleep(0)
    stuck.go_on.set()
    await sending_all
    assert (await spine.row("a")).state == "sent"


async def test_a_call_that_hangs_holds_up_nobody_but_its_own_conversation(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SLOW", 0.01)
    spine.door.lane = lambda message: message.person or ""  # type: ignore[attr-defined]
    stuck = Stuck()
    spine.door.answers.append(stuck)
    await spine.put("a", person="u001")
    sending_all = asyncio.create_task(spine.sender.drain())
    await stuck.asked.wait()
    await spine.put("b", person="u002")
    await spine.put("c", person="u001")
    async with asyncio.timeout(10):
        while (await spine.row("b")).state != "sent":  # noqa: ASYNC110  # nobody announces it
            await asyncio.sleep(0)
    assert [m.key for m in spine.door.posted] == ["a", "b"]
    assert not sending_all.done()
    stuck.go_on.set()
    await sending_all
    assert [m.key for m in spine.door.posted] == ["a", "b", "c"]
    assert {(await spine.row(key)).state for key in "abc"} == {"sent"}


async def test_what_is_being_sent_is_not_taken_for_abandoned(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SLOW", 0.01)
    stuck = Stuck()
    spine.door.answers.append(stuck)
    await spine.put("a", send_class="never_twice")
    sending_all = asyncio.create_task(spine.sender.drain())
    await stuck.asked.wait()
    spine.later(seconds=61)
    await spine.sender.recover()
    assert (await spine.row("a")).state == "claimed"
    stuck.go_on.set()
    await sending_all
    assert (await spine.row("a")).state == "sent"


async def test_the_rest_of_a_lane_waits_when_nothing_can_be_written_down(
    spine: Spine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it leaves, and so nothing of it is of unknown fate."""
    disk = Disk(monkeypatch)
    monkeypatch.setattr(lanes, "SETTLE", -1.0)
    for key in ("a", "b"):
        await spine.put(key, send_class="never_twice")
    spine.door.answers.append(disk.breaks_while_it_posts)
    with pytest.raises(OSError, match="disk"):
        await spine.sender.drain()
    assert [m.key for m in spine.door.posted] == ["a"]
    disk.broken = False
    await spine.sender.recover()
    assert [(await spine.row(key)).state for key in ("a", "b")] == ["sent", "pending"]
    assert "sending failed" in caplog.text


# -- looking again -----------------------------------------------------------------------------------------------------


async def test_latest_wins_replaced_while_in_flight_is_sent_again(spine: Spine) -> None:
    """O-03."""

    async def replaced(message: Outgoing) -> Any:
        await spine.put("sum", send_class="latest_wins", body="新的")
        return sent("1")

    await spine.put("sum", send_class="latest_wins", body="旧的")
    spine.door.answers.append(replaced)
    await spine.sender.drain()
    assert [m.body for m in spine.door.posted] == ["旧的", "新的"]
    row = await spine.row("sum")
    assert (row.state, row.body) == ("sent", "新的")


async def test_others_said_twice_are_said_once(spine: Spine) -> None:
    await spine.put("a", body="先")
    await spine.put("a", body="后")
    await spine.sender.drain()
    await spine.put("a", body="再")
    await spine.sender.drain()
    assert [m.body for m in spine.door.posted] == ["先"]


async def test_unasked_messages_wait_for_working_hours(spine: Spine) -> None:
    night = spine.clock.now().replace(hour=14)
    spine.clock.move_to(night + timedelta(hours=0))
    spine.later(hours=4)  # 19:00
    await spine.put("asked")
    await spine.put("unasked", office_hours=True)
    await spine.sender.drain()
    assert [m.key for m in spine.door.posted] == ["asked"]
    row = await spine.row("unasked")
    assert row.due_at == datetime.fromisoformat("2026-11-19T08:00+08:00")
    assert (row.state, row.attempts) == ("pending", 0)
    spine.clock.move_to(row.due_at)
    await spine.sender.drain()
    assert [m.key for m in spine.door.posted] == ["asked", "unasked"]


@pytest.mark.parametrize(("send_class", "state"), [("prompt", "cancelled"), ("at_least_once", "failed")])
async def test_what_was_not_to_leave_after_an_instant_does_not(spine: Spine, send_class: str, state: str) -> None:
    await spine.put("a", send_class=send_class, not_after=START + timedelta(seconds=5))
    spine.later(seconds=6)
    await spine.sender.drain()
    assert spine.door.posted == []
    assert (await spine.row("a")).state == state
    assert bool(await standing(spine)) == (state == "failed")


async def test_an_edit_waits_for_its_original(spine: Spine) -> None:
    spine.door.answers.append(try_later("忙", timedelta(seconds=3)))
    await spine.put("note", send_class="never_twice")
    await spine.put("card", send_class="latest_wins", edits="note")
    await spine.sender.drain()
    assert (await spine.row("card")).state == "pending"
    spine.later(seconds=4)
    await spine.sender.drain()
    spine.later(seconds=4)
    await spine.sender.drain()
    assert [(m.key, m.edits) for m in spine.door.posted[1:]] == [("note", None), ("card", "2")]
    assert (await spine.row("card")).attempts == 1  # looking whether it may go is no try


@pytest.mark.parametrize("end", ["refused", "unsure"])
async def test_an_edit_lapses_with_an_original_that_did_not_arrive(spine: Spine, end: str) -> None:
    spine.door.answers.append(ENDS[end])
    await spine.put("note", send_class="never_twice")
    await spine.put("card", send_class="latest_wins", edits="note")
    await spine.put("orphan", send_class="latest_wins", edits="no such")
    for _ in range(2):
        await spine.sender.drain()
        spine.later(seconds=3)
    assert (await spine.row("card")).state == "cancelled"
    assert (await spine.row("orphan")).state == "cancelled"
    assert len(spine.door.posted) == 1


# -- a notice of unknown fate ------------------------------------------------------------------------------------------


async def issue(spine: Spine, *texts: str) -> None:
    """Send notices to everybody, through real handlers."""
    for text in texts or ("通知 各单位报送方案 明天下班前",):
        await says(spine, text)
        await says(spine, "发")


async def says(spine: Spine, text: str, person: str = "clerk", room: str | None = None, **more: Any) -> None:
    dispatch = spine.bot.dispatch
    task = asyncio.create_task(dispatch.run())
    await dispatch.submit(message(text, person=person, room=room, at=spine.clock.now(), **more))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def settle(spine: Spine) -> None:
    """Two beats of the clock: what the first has sent the second looks at."""
    for _ in range(2):
        await spine.bot.settle()


def unsure_notices(spine: Spine) -> None:
    """Every notice that is posted in the members' room leaves without an answer, from now on, once."""
    send, done = spine.door.send, set[str]()

    async def sometimes(message: Outgoing) -> Any:
        if message.kind == "notice" and message.room == "members" and message.edits is None and message.key not in done:
            done.add(message.key)
            spine.door.posted.append(message)
            return unsure("超时")
        return await send(message)

    spine.door.send = sometimes  # type: ignore[method-assign]


async def notice_row(spine: Spine) -> Any:
    rows = await spine.all(select(Outbox.__table__).where(Outbox.kind == "notice", Outbox.room == "members"))
    return next(row for row in rows if row.edits is None)


async def test_the_clerk_is_asked_once_about_a_notice_of_unknown_fate(spine: Spine) -> None:
    unsure_notices(spine)
    await issue(spine)
    await settle(spine)
    await settle(spine)
    assert (await notice_row(spine)).state == "unknown"
    asked = [m for m in spine.door.posted if m.kind == "seen"]
    assert [m.person for m in asked] == ["clerk"]
    assert any(what.startswith("unknown:") for what in await standing(spine))


async def test_the_clerk_who_has_not_seen_it_has_it_sent_again(spine: Spine) -> None:
    unsure_notices(spine)
    await issue(spine)
    await settle(spine)
    await says(spine, "没看到，重发")
    await settle(spine)
    row = await notice_row(spine)
    assert row.state == "sent"
    assert len([m for m in spine.door.posted if m.key == row.key]) == 2
    assert await standing(spine) == []
    acts = await spine.all(select(Entry.act, Entry.actor, Entry.detail).where(Entry.act == "outbox.settle"))
    assert [tuple(a) for a in acts] == [("outbox.settle", "clerk", {"again": True})]


async def test_the_clerk_who_has_seen_it_settles_it(spine: Spine) -> None:
    unsure_notices(spine)
    await issue(spine)
    await settle(spine)
    await says(spine, "看到了")
    await settle(spine)
    row = await notice_row(spine)
    assert (row.state, len([m for m in spine.door.posted if m.key == row.key])) == ("sent", 1)
    assert await standing(spine) == []
    assert await undelivered(spine) == []


async def undelivered(spine: Spine) -> list[Any]:
    return await spine.all(select(Receipt.unit_id).where(Receipt.room == "members", Receipt.state == "未送达"))


async def test_a_later_ack_settles_it_for_the_whole_room(spine: Spine) -> None:
    unsure_notices(spine)
    await issue(spine)
    await settle(spine)
    assert await undelivered(spine)
    await says(spine, "收到", person="u001", room="members")
    await settle(spine)
    assert (await notice_row(spine)).state == "sent"
    assert await undelivered(spine) == []
    assert await standing(spine) == []
    await says(spine, "没看到，重发")
    await settle(spine)
    assert len([m for m in spine.door.posted if m.kind == "notice" and m.edits is None and m.room == "members"]) == 1


async def test_an_ack_that_comes_while_it_is_being_sent_settles_it_too(spine: Spine) -> None:
    async def acked_meanwhile(message: Outgoing) -> Any:
        await says(spine, "收到", person="u001", room="members")
        return unsure("超时")

    send = spine.door.send

    async def sometimes(message: Outgoing) -> Any:
        if message.kind == "notice" and message.room == "members" and message.edits is None:
            return await acked_meanwhile(message)
        return await send(message)

    spine.door.send = sometimes  # type: ignore[method-assign]
    await issue(spine)
    await settle(spine)
    row = await notice_row(spine)
    assert (row.state, row.reason) == ("sent", outbox.PROVED)
    assert not [m for m in spine.door.posted if m.kind == "seen"]


async def test_in_whatever_order_they_come_the_same_stands_at_the_end(spine: Spine) -> None:
    """I-12: the post's fate becomes unknown, somebody acks, the ack comes again, and something is reported."""
    unsure_notices(spine)
    for number, order in enumerate(permutations(["unsure", "ack", "again", "report"]), 1):
        await issue(spine, f"通知 各单位报送第{number}份方案 明天下班前")
        for what in order:
            match what:
                case "unsure":
                    await spine.sender.drain()
                case "ack" | "again":
                    await says(spine, f"收 {number}", person="u018", external_id=f"ack {number}")
                case "report":
                    await says(spine, "报 宣传单5份", person="u018", room="members")
        await settle(spine)
        [row] = await spine.all(
            select(Outbox.state, Outbox.reason).where(
                Outbox.kind == "notice", Outbox.room == "members", Outbox.edits.is_(None), Outbox.notice_id == number
            )
        )
        assert tuple(row) == ("sent", outbox.PROVED), order
    acks = await spine.all(select(ReceiptEvent.notice_id).where(ReceiptEvent.what == "acked"))
    assert sorted(row.notice_id for row in acks) == list(range(1, 25))
    assert len(await spine.all(select(Report.id))) == 24


async def test_each_unit_is_told_to_have_been_reached_once(spine: Spine) -> None:
    unsure_notices(spine)
    await issue(spine)
    await settle(spine)
    await says(spine, "收到", person="u001", room="members")
    await says(spine, "收到", person="u002", room="members")
    await settle(spine)
    rows = await spine.all(select(ReceiptEvent.unit_id).where(ReceiptEvent.what == "delivered"))
    assert len(rows) == len(set(rows)) == len(await spine.all(select(Receipt.unit_id)))


# -- R12: a chase that is no longer wanted -----------------------------------------------------------------------------


async def chases(spine: Spine) -> list[Outgoing]:
    return [m for m in spine.door.posted if m.kind == "chase"]


async def test_an_ack_between_claim_and_sending_cancels_the_chase(spine: Spine) -> None:
    await issue(spine)
    await settle(spine)
    await says(spine, "催 1")
    send = spine.door.send
    acked = False

    async def first_acks(message: Outgoing) -> Any:
        nonlocal acked
        if not acked and message.kind == "chase":
            acked = True
            await says(spine, "收到", person="u041" if message.person != "u041" else "u001", room=None)
        return await send(message)

    spine.door.send = first_acks  # type: ignore[method-assign]
    await spine.sender.drain()
    said = [m.person for m in await chases(spine)]
    assert acked
    assert len(said) == 40
    assert not {"u041", "u001"} <= set(said)


async def test_a_merged_chase_of_which_part_is_done_says_only_the_rest(spine: Spine) -> None:
    await issue(spine, "通知 各单位报送甲方案 明天下班前", "通知 各单位报送乙方案 明天下班前")
    await settle(spine)
    spine.later(hours=4)  # the office has closed: the chase waits for the morning
    await says(spine, "催 1")
    await settle(spine)
    assert await chases(spine) == []
    await says(spine, "收到 1", person="u001")
    spine.clock.move_to(datetime.fromisoformat("2026-11-19T08:00+08:00"))
    await spine.sender.drain()
    said = {m.person: m for m in await chases(spine)}
    assert "〔1号〕" not in said["u001"].body
    assert "〔2号〕" in said["u001"].body
    assert "〔1号〕" in said["u002"].body
    assert len(said["u001"].buttons) < len(said["u002"].buttons)


async def test_a_chase_of_a_recalled_notice_is_dropped(spine: Spine) -> None:
    """O-19."""
    await issue(spine)
    await settle(spine)
    spine.later(hours=4)
    await says(spine, "催 1")
    await says(spine, "撤回 1")
    spine.clock.move_to(datetime.fromisoformat("2026-11-19T08:00+08:00"))
    await spine.sender.drain()
    assert await chases(spine) == []


async def test_one_chase_that_cannot_be_written_again_does_not_silence_the_rest(
    spine: Spine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await issue(spine, "通知 各单位报送甲方案 明天下班前", "通知 各单位报送乙方案 明天下班前")
    await settle(spine)
    spine.later(hours=4)
    await says(spine, "催 1")
    await says(spine, "收到 1", person="u001")

    async def broken(*_: Any) -> dict[str, Any]:
        raise RuntimeError("秘密线索")

    monkeypatch.setattr(sending, "rewritten", broken)
    spine.clock.move_to(datetime.fromisoformat("2026-11-19T08:00+08:00"))
    await spine.sender.drain()
    assert len(await chases(spine)) == 40
    failed = await spine.all(select(Outbox.person).where(Outbox.state == OutState.FAILED))
    assert [row.person for row in failed] == ["u001"]
    assert "failed:fake:chase" in await standing(spine)
    assert "秘密线索" not in caplog.text


async def test_old_failures_do_not_come_back(spine: Spine) -> None:
    await spine.put("a")
    await spine.store.write(lambda s: s.execute(update(Outbox).values(state="failed", due_at=None)))
    await settle(spine)
    assert spine.door.posted == []
