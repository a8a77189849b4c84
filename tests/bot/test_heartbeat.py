"""The sign of life goes out while all is well, and only then."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import world
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from world import World

from bot.heartbeat import Heartbeat
from models import alarms


class Address:
    """Somebody outside, who counts what comes and may be out of order."""

    def __init__(self) -> None:
        self.beats, self.status = 0, 200

    async def ping(self, _: web.Request) -> web.Response:
        self.beats += self.status == 200
        return web.Response(status=self.status)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[World]:
    async with world.opened(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    yield Address()


@pytest.fixture
async def heartbeat(office: World, address: Address) -> AsyncIterator[Heartbeat]:
    app = web.Application()
    app.router.add_get("/ping/secret-path", address.ping)
    server = TestServer(app)
    await server.start_server()
    async with aiohttp.ClientSession() as http:
        yield Heartbeat(office.demo.bot, http, SecretStr(str(server.make_url("/ping/secret-path"))))
    await server.close()


async def test_it_stops_while_something_is_wrong(
    office: World, heartbeat: Heartbeat, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, now = office.demo.bot.store, office.now
    await heartbeat.beat()
    assert address.beats == 1
    await store.write(lambda session: alarms.raise_alarm(session, now, "door", "通道断了"))
    await heartbeat.beat()
    assert address.beats == 1
    await store.write(lambda session: alarms.clear_alarm(session, now, "door"))
    await heartbeat.beat()
    assert address.beats == 2
    office.demo.bot.troubles.stands("database", "写不了")
    await heartbeat.beat()
    office.demo.bot.troubles.over("database")
    assert address.beats == 2
    with monkeypatch.context() as broken:
        broken.setattr(store, "read", lambda: (_ for _ in ()).throw(OSError(5, "gone")))
        await heartbeat.beat()
    assert address.beats == 2


async def test_an_address_that_does_not_answer_is_said_once_and_never_named(
    heartbeat: Heartbeat, address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    address.status = 503
    with caplog.at_level(logging.WARNING, "bot"):
        for _ in range(3):
            await heartbeat.beat()
        heartbeat.url = SecretStr("http://127.0.0.1:1/secret-path")
        await heartbeat.beat()
    assert [r.getMessage() for r in caplog.records] == ["the heartbeat's address does not answer: 503"]
    assert "secret-path" not in caplog.text
    address.status = 200
