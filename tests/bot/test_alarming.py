"""Alarms outside the doors: posted in order, tried again, never in the way, and never a word that is secret."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy.exc import OperationalError
from world import opened

from bot import alarming
from bot.alarming import LOUD, UNPOSTED, UNREAD, Alarming, kept_up, session
from bot.app import Bot
from models import alarms
from models.store import Store

SECRET = "hunter2-in-the-address"


class Receiver:
    """Whoever looks after the machines: takes what is posted, or answers as told."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.status = 200
        self.stuck = False
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        if self.stuck:
            await asyncio.Event().wait()
        if self.status == 200:
            self.taken.append(await request.json())
        return web.Response(status=self.status)

    @property
    def said(self) -> list[tuple[str, bool]]:
        return [(one["what"], one["cleared_at"] is not None) for one in self.taken]


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    app = web.Application()
    app.router.add_post("/", one.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/?token={SECRET}"
    try:
        yield one
    finally:
        await runner.cleanup()


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with opened(tmp_path / "data") as world:
        yield world.demo.bot


def watcher(bot: Bot, url: str) -> Alarming:
    return Alarming(bot.store, bot.clock, bot.troubles, office="市扫黑办", url=url)


async def raised(bot: Bot, what: str, detail: str = "长连接断开") -> None:
    await bot.store.write(lambda session: alarms.raise_alarm(session, bot.clock.now(), what, detail))


async def cleared(bot: Bot, what: str) -> None:
    await bot.store.write(lambda session: alarms.clear_alarm(session, bot.clock.now(), what))


async def test_what_is_raised_and_what_is_over_are_posted_once_each(bot: Bot) -> None:
    async with receiver() as there, session() as http:
        one = watcher(bot, there.url)
        await one.look(http)
        await raised(bot, "door")
        for _ in range(3):
            await one.look(http)
        await cleared(bot, "door")
        for _ in range(3):
            await one.look(http)
        assert there.said == [("door", False), ("door", True)]
        first = there.taken[0]
        assert (first["office"], first["detail"], first["id"]) == ("市扫黑办", "长连接断开", there.taken[1]["id"])
        assert first["at"].startswith("2026-11-18T07:00:00")


async def test_what_stood_before_the_start_is_told_and_what_was_over_is_not(bot: Bot) -> None:
    await raised(bot, "door")
    await raised(bot, "disk")
    await cleared(bot, "disk")
    async with receiver() as there, session() as http:
        one = watcher(bot, there.url)
        await one.look(http)
        await one.look(http)
        assert there.said == [("door", False)]


async def test_an_address_that_does_not_answer_is_tried_again_and_people_and_readyz_hear_of_it(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    now = [0.0]
    monkeypatch.setattr(alarming, "since_start", lambda: now[0])
    async with receiver() as there, session() as http:
        there.status = 500
        one = watcher(bot, there.url)
        await raised(bot, "door")
        for _ in range(LOUD):
            await one.look(http)
            await one.look(http)  # within the pause: not even asked
            now[0] += 60
        assert UNPOSTED in bot.troubles.now
        async with bot.store.read() as reading:
            assert UNPOSTED in [alarm.what for alarm in await alarms.standing(reading)]
        there.status = 200
        await one.look(http)
        await one.look(http)
        assert there.said[0] == ("door", False) and UNPOSTED not in bot.troubles.now
        async with bot.store.read() as reading:
            assert [alarm.what for alarm in await alarms.standing(reading)] == ["door"]
    assert SECRET not in caplog.text


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/?token=" + SECRET, "http://no such host/" + SECRET])
async def test_nobody_there_leaves_no_trace_of_the_address(
    bot: Bot, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await raised(bot, "door")
    async with session() as http:
        await watcher(bot, address).look(http)
    assert "alarm not posted" in caplog.text and SECRET not in caplog.text


async def test_a_database_that_cannot_be_read_or_written_is_told_without_it(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiver() as there, session() as http:
        one = watcher(bot, there.url)
        await one.look(http)
        bot.troubles.stands("database", "收到的消息存不进数据库")
        with monkeypatch.context() as patch:

            def read(self: Store) -> None:
                raise OperationalError("SELECT", {}, OSError("disk I/O error"))

            patch.setattr(Store, "read", read)
            await one.look(http)
            await one.look(http)
            assert there.said == [("database", False), (UNREAD, False)]
        bot.troubles.over("database")
        await one.look(http)
        assert there.said[2:] == [("database", True), (UNREAD, True)]


async def test_an_address_that_never_answers_holds_nobody_up(bot: Bot) -> None:
    async with receiver() as there:
        there.stuck = True
        await raised(bot, "door")
        async with kept_up(watcher(bot, there.url)):
            await asyncio.sleep(0.05)
            await asyncio.wait_for(raised(bot, "disk"), 1)
        there.stuck = False


async def test_without_an_address_the_log_has_it(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    await raised(bot, "door", "长连接断开")
    async with session() as http:
        await watcher(bot, "").look(http)
    assert "长连接断开" in caplog.text
