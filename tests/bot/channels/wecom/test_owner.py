"""One owner of the long connection among several processes on PostgreSQL."""

import asyncio

import pytest
from slow_motion import SlowMotion, eventually
from sqlalchemy import text
from sqlalchemy.engine import make_url
from wecom_world import wecom

from bot import service
from bot.channels.wecom import owner as owning
from bot.channels.wecom.owner import AdvisoryOwner
from bot.channels.wecom.pace import RealPace
from bot.settings import Data
from models import outbox
from models.store import Store


@pytest.fixture
async def store(postgres):
    url = make_url(postgres).set(drivername="postgresql+asyncpg")
    made = Store(url.render_as_string(hide_password=False))
    yield made
    await made.close()


async def test_the_second_waits_until_the_first_lets_go(store):
    paces = [SlowMotion(), SlowMotion()]
    first, second = (AdvisoryOwner(store.engine, "aib", pace) for pace in paces)
    await first.acquire()
    waiting = asyncio.create_task(second.acquire())
    await eventually(lambda: paces[1].waits)
    assert paces[1].waits == [1] and not waiting.done()
    other = AdvisoryOwner(store.engine, "another bot", SlowMotion())
    await other.acquire()
    await first.release()
    await paces[1].pass_by(1)
    await eventually(waiting.done)
    await second.release()
    await other.release()


async def test_who_loses_the_connection_to_the_database_loses_the_lock_and_knows_it(store):
    pace = SlowMotion()
    owner, other = AdvisoryOwner(store.engine, "aib", pace), AdvisoryOwner(store.engine, "aib", SlowMotion())
    await owner.acquire()
    losing = asyncio.create_task(owner.lost())
    await eventually(lambda: pace.waits)
    async with store.engine.begin() as session:
        await session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    await pace.pass_by(5)
    await eventually(losing.done)
    await other.acquire()
    await other.release()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_of_two_replicas_the_one_with_the_connection_speaks_and_the_other_takes_its_place(database, tmp_path):
    """O-17."""
    async with wecom(tmp_path / "one", database) as world:
        settings = world.settings().model_copy(update={"data": Data(dir=tmp_path / "two")})
        pace = SlowMotion()
        async with service.opened(settings, clock=world.clock, live=True, pace=pace) as other:
            await eventually(lambda: pace.waits)
            assert other.wecom.door.stands_by and not world.legs.door.stands_by
            await world.hears("u018", "你好")
            for _ in range(3):
                await other.bot.sender.drain()
            async with other.bot.store.read() as session:
                [row] = await outbox.in_state(session, None)
            # whoever sent it, it was not tried in vain
            assert (row.state, row.attempts) in (("pending", 0), ("claimed", 1), ("sent", 1))
            assert "我在" in (await world.listen()).to("u018").text
            await world.stop()
            await pace.pass_by(1)
            await eventually(lambda: other.wecom.keeper.is_ready)
            assert not other.wecom.door.stands_by
            await world.start()
            assert world.legs.door.stands_by


async def test_who_stands_still_loses_the_lock_to_whoever_waits_for_it(store, monkeypatch):
    """A stopped process keeps its connection open and never looks: the database ends it."""
    monkeypatch.setattr(owning, "STILL", 1)
    still, other = AdvisoryOwner(store.engine, "aib", SlowMotion()), AdvisoryOwner(store.engine, "aib", RealPace())
    await still.acquire()
    await asyncio.wait_for(other.acquire(), 10)
    assert not await still.ours() and await other.ours()
    await other.release()
