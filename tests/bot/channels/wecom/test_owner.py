"""One owner of the long connection among several processes on PostgreSQL."""

import asyncio

import pytest
from slow_motion import SlowMotion, eventually
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.channels.wecom.owner import AdvisoryOwner
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
    assert paces[1].waits == [5] and not waiting.done()
    other = AdvisoryOwner(store.engine, "another bot", SlowMotion())
    await other.acquire()
    await first.release()
    await paces[1].pass_by(5)
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
