"""One allowance for all replicas, and after a restart too."""

import asyncio
from datetime import datetime, timedelta

import pytest
from fake_wecom_app import AGENT, CORP, SECRET, fake_wecom_app
from fake_wecom_bot import FakeBot, fake_bot
from pydantic import SecretStr
from sqlalchemy import text

from bot.channels.wecom import net
from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.push import Push
from bot.channels.wecom.quotas import UNKNOWN, SharedQuotas
from bot.channels.wecom.settings import WeComSection
from bot.clock import DemoClock
from models.rules.quotas import Limit
from models.rules.retrying import Fate
from models.store import Store

KEY = SecretStr("key-of-members")
START = datetime.fromisoformat("2026-11-18T15:00+08:00")


@pytest.fixture
async def replicas(database):
    """Two processes' view of one database, and the time that both have."""
    stores, clock = [Store(database), Store(database)], DemoClock(START, frozen=True)
    yield [SharedQuotas(store, clock, b"k" * 32) for store in stores], clock
    for store in stores:
        await store.close()


async def test_two_senders_together_never_push_more_than_the_platform_takes(replicas):
    quotas, clock = replicas
    async with fake_bot(FakeBot(groups={"wr1": KEY.get_secret_value()})) as fake:
        fake.now = clock.now().timestamp()
        section = WeComSection(api=fake.base)
        async with net.client(section, fresh=True) as http:
            senders = [Push(section.api, http, one) for one in quotas]
            tries = [sender.text(KEY, f"〔{n}号〕", (), "") for n in range(20) for sender in senders]
            ended = [outcome.fate for outcome, _ in await asyncio.gather(*tries)]
            assert ended.count(Fate.SENT) == 18 == len(fake.posts) and ended.count(Fate.LATER) == 22
            clock.move_to(START + timedelta(seconds=62))
            fake.now += 62
            assert (await senders[1].text(KEY, "〔21号〕", (), ""))[0].fate is Fate.SENT


async def test_a_restart_remembers_what_was_said(replicas, database):
    quotas, clock = replicas
    hour = Limit(30, 3600)
    assert [await quotas[0].take("u", hour) for _ in range(30)] == [0.0] * 30
    clock.move_to(START + timedelta(minutes=30))
    store = Store(database)
    again = SharedQuotas(store, clock, b"k" * 32)
    assert 1700 < await again.take("u", hour) <= 1860
    assert await again.take("v", hour) == 0.0
    clock.move_to(START + timedelta(minutes=62))
    assert await again.take("u", hour) == 0.0
    await store.close()


async def test_the_apps_whole_day_is_counted_for_all_its_people_together(replicas):
    """Theirs is two hundred a day for every account."""
    quotas, clock = replicas
    async with fake_wecom_app() as server:
        section = WeComSection(api=server.base)
        async with net.client(section) as http:
            api = AppApi(http, server.base, CORP, AGENT, SECRET, quotas=quotas[0], accounts=lambda: 1)
            for minute in range(7):
                clock.move_to(START + timedelta(seconds=62 * minute))
                waits = [api._wait([person]) for person in ("lisi", "ZhangSan") for _ in range(26)]
                last = (await asyncio.gather(*waits))[-1]
            assert last > 23 * 3600  # 180 have left
            other = AppApi(http, server.base, CORP, AGENT, SECRET, quotas=quotas[1], accounts=lambda: 1)
            assert (await other.send_text(["wangwu"], "收到", row=1)).fate is Fate.LATER
            more = AppApi(http, server.base, CORP, AGENT, SECRET, quotas=quotas[1], accounts=lambda: 2)
            assert (await more.send_text(["wangwu"], "收到", row=1)).fate is Fate.SENT


async def test_what_is_kept_names_nobody(replicas):
    quotas, _ = replicas
    await quotas[0].take("app zhangsan", Limit(5, 60))
    await quotas[0].take(f"push {KEY.get_secret_value()}", Limit(5, 60))
    async with quotas[0].store.read() as session:
        rows = [repr(tuple(row)) for row in await session.execute(text("SELECT * FROM quotas"))]
    assert len(rows) == 2 and not any(word in row for row in rows for word in ("zhang", "key", "app", "push"))


async def test_nothing_leaves_while_it_cannot_be_known_how_much_is_left(replicas, monkeypatch, caplog):
    quotas, _ = replicas

    async def write(unit):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(quotas[0].store, "write", write)
    assert await quotas[0].take("u", Limit(5, 60)) == UNKNOWN
    monkeypatch.undo()
    assert await quotas[0].take("u", Limit(5, 60)) == 0.0
