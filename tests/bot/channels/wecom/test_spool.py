"""What the database cannot take: kept on the disk, done once when the database is well, and said meanwhile."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_motion import SlowMotion, eventually
from sqlalchemy.exc import OperationalError
from wecom_world import wecom

from bot.channels.wecom import catching_up
from bot.channels.wecom.catching_up import NO_SPOOL, WAITING, CatchingUp, Kept, unpacked
from bot.channels.wecom.spool import Spool, SpoolFull
from bot.clock import SystemClock
from bot.submitted import NotStored
from bot.troubles import Troubles
from models import alarms

SMALL = 64 << 10


async def left_by(path):
    spool = Spool(path, SMALL)
    found = await spool.open()
    spool.close()
    return found


async def test_what_is_kept_is_there_after_a_kill_and_gone_once_forgotten(tmp_path):
    spool = Spool(tmp_path / "spool", SMALL)
    assert await spool.open() == []
    for payload in (b"one", b"two" * 1000, b""):
        await spool.keep(payload)
    assert await left_by(tmp_path / "spool") == [b"one", b"two" * 1000, b""]
    await spool.forget()
    assert not any((tmp_path / "spool").read_bytes()[16:])
    await spool.keep(b"next")
    assert await left_by(tmp_path / "spool") == [b"next"]
    spool.close()


async def test_its_size_is_taken_beforehand_and_never_grows(tmp_path):
    spool = Spool(tmp_path / "spool", SMALL)
    await spool.open()
    stat = (tmp_path / "spool").stat()
    assert stat.st_size == SMALL and stat.st_blocks * 512 >= SMALL and stat.st_mode & 0o077 == 0
    with pytest.raises(SpoolFull):
        for _ in range(100):
            await spool.keep(b"x" * 1000)
    assert (tmp_path / "spool").stat().st_size == SMALL
    assert len(await left_by(tmp_path / "spool")) == 62
    spool.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.data())
def test_a_file_torn_anywhere_gives_only_whole_payloads_from_its_beginning(tmp_path_factory, payloads, data):
    path = tmp_path_factory.mktemp("torn") / "spool"

    async def story():
        spool = Spool(path, SMALL)
        await spool.open()
        for payload in payloads:
            await spool.keep(payload)
        end = spool._end
        spool.close()
        at = data.draw(st.integers(16, end - 1))
        with path.open("r+b") as file:
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ data.draw(st.integers(1, 255))]))
        found = await left_by(path)
        assert found == payloads[: len(found)]

    asyncio.run(story())


class Reporter:
    def __init__(self):
        self.said = []

    async def raise_alarm(self, what, detail):
        self.said.append(what)


def a_message(name):
    return Kept("app", SystemClock().now(), {"name": name}, b"<xml/>")


async def made(tmp_path):
    one = CatchingUp(Spool(tmp_path / "spool", SMALL), SlowMotion(), Troubles(), Reporter())
    await one.open()
    return one


async def test_kept_messages_are_done_in_their_order_once_the_database_is_well(tmp_path):
    one, done, well = await made(tmp_path), [], []

    async def do(kept):
        if not well:
            raise NotStored
        done.append(kept.head["name"])

    one.legs["app"] = do
    for name in "abc":
        await one.keep(a_message(name))
    assert WAITING in one._troubles.now
    await one.catch_up()
    assert done == [] and WAITING in one._troubles.now
    well.append(True)
    await one.catch_up()
    await one.catch_up()
    assert done == ["a", "b", "c"] and not one._troubles.now
    assert await left_by(tmp_path / "spool") == []


async def test_after_a_kill_the_next_run_does_what_was_kept(tmp_path):
    one = await made(tmp_path)
    await one.keep(a_message("a"))
    again, done = await made(tmp_path), []

    async def do(kept):
        done.append(kept)

    again.legs["app"] = do
    assert WAITING in again._troubles.now
    await again.catch_up()
    assert [(kept.leg, kept.head, kept.body) for kept in done] == [("app", {"name": "a"}, b"<xml/>")]
    assert unpacked(done[0].packed()) == done[0]


async def test_a_first_try_that_ends_well_after_all_is_not_done_again(tmp_path):
    one, done = await made(tmp_path), []

    async def do(kept):
        done.append(kept)

    one.legs["app"] = do
    trying = asyncio.get_running_loop().create_future()
    await one.keep(a_message("a"), trying)
    await one.catch_up()
    assert WAITING in one._troubles.now
    trying.set_result(None)
    await one.catch_up()
    assert done == [] and not one._troubles.now


async def test_one_that_can_never_be_done_is_said_and_does_not_hold_up_the_rest(tmp_path):
    one, done = await made(tmp_path), []

    async def do(kept):
        if kept.head["name"] == "bad":
            raise ValueError
        done.append(kept.head["name"])

    one.legs["app"] = do
    for name in ("bad", "good"):
        await one.keep(a_message(name))
    for _ in range(catching_up.TRIES):
        await one.catch_up()
    assert done == ["good"] and one._reporter.said == ["spool.lost"] and not one._troubles.now


async def test_without_a_file_nothing_is_said_to_be_kept_and_people_hear_of_it(tmp_path):
    one = CatchingUp(Spool(tmp_path / "no folder" / "spool", SMALL), SlowMotion(), Troubles(), Reporter())
    await one.open()
    assert NO_SPOOL in one._troubles.now
    with pytest.raises(OSError, match="no spool"):
        await one.keep(a_message("a"))


# -- the whole door, before a database that is locked, full or gone ------------------------------------------------------


def full():
    """As SQLite says it."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("INSERT", {}, error)


async def _locked(world, seconds):
    """Somebody else holds the file's write lock, as a backup program might."""
    path = world.folder / "shoudao.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(seconds)
        other.execute("ROLLBACK")


@pytest.mark.parametrize("way", ["app", "callback"])
async def test_a_database_locked_for_long_is_answered_from_the_disk_and_caught_up_once(tmp_path, way, monkeypatch):
    """I-06, FI-8: a write lock held from outside. No 5xx, every callback stored or kept, what was kept done once."""
    async with wecom(tmp_path / "data", "", way=way) as world:
        for callback in world.legs.callbacks:
            callback.store_within, callback.pauses = 0.2, (0.05,)
        holding = asyncio.ensure_future(_locked(world, 0.8))
        await asyncio.sleep(0.05)
        await asyncio.gather(*(world.posts(f"u{n:03}", "你好") for n in range(1, 9)))
        counts = world.legs.callbacks[0].counts
        assert counts["kept"] == 8 and counts["closed"] == 0
        await holding
        await eventually(lambda: not world.bot.dispatch.waiting and world.stored >= 8, turns=9000)
        await world.caught_up()
        assert world.stored == 8 and not world.bot.troubles.now
        (await world.listen()).all_to()
        for heard in world.heard:
            heard.all_to()


@pytest.mark.parametrize("way", ["app", "callback", "socket"])
async def test_a_full_disk_loses_nothing_of_what_was_answered_also_over_a_kill(tmp_path, way, monkeypatch, caplog):
    """I-06, FI-7: nothing can be written; what was answered is there after the restart, once."""
    async with wecom(tmp_path / "data", "", way=way) as world:
        with monkeypatch.context() as patch:

            async def write(unit):
                raise full()

            patch.setattr(world.bot.store, "write", write)
            for callback in world.legs.callbacks:
                callback.pauses = (0.01,)
            if way == "socket":
                await world.fake.say("U001", "收到", msgid="one")
                await eventually(lambda: WAITING in world.bot.troubles.now)
            else:
                await world.posts("u001", "你好", msgid="1")
            assert WAITING in world.bot.troubles.now
            assert b"U001" not in (world.folder / "spool").read_bytes()
            spool = (world.folder / "spool").read_bytes()
        await world.stop()
        (world.folder / "spool").write_bytes(spool)  # as a kill would have left it
        await world.start()
        await world.caught_up()
        assert world.stored == 1
        async with world.bot.store.read() as session:
            assert not [a for a in await alarms.latest(session) if a.what.startswith("spool")]
        for heard in (*world.heard, await world.listen()):
            heard.all_to()


async def test_when_not_even_the_disk_takes_it_the_connection_closes_without_an_answer(tmp_path, monkeypatch):
    """I-06: neither stored nor kept is not answered; the platform comes again."""
    async with wecom(tmp_path / "data", "", way="app") as world:
        with monkeypatch.context() as patch:

            async def write(unit):
                raise full()

            def keep(payload):
                raise OSError(28, "No space left on device")

            patch.setattr(world.bot.store, "write", write)
            patch.setattr(world.legs.spool._spool, "_keep", keep)
            world.legs.callbacks[0].pauses = (0.01,)
            with pytest.raises(Exception, match="disconnected"):
                await world.posts("u001", "你好", msgid="1")
        await world.posts("u001", "你好", msgid="1")
        await world.listen()
        for heard in world.heard:
            heard.all_to()
