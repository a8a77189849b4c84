"""Callbacks into the real dispatch and both databases: one id, one row, whatever comes between receipt and answer."""

import asyncio
import random
from contextlib import asynccontextmanager

import aiohttp
import pytest
import wecom_envelopes as theirs
from aiohttp import web
from spine import START, message, organs
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bot.channels.wecom.callback import Callback
from bot.channels.wecom.crypto import Envelopes, key_sets
from bot.channels.wecom.envelopes import AppLeg, BotLeg
from models.inbox import Inbox

AT = int(START.timestamp())


def posted(n, words="收到"):
    if n % 2:
        return "bot", theirs.bot_post(theirs.text_message(words, msgid=f"b{n}", at=AT), timestamp=AT)
    return "app", theirs.app_post(theirs.text_xml(words, msgid=str(n), at=AT), timestamp=AT)


@asynccontextmanager
async def doors(database, tmp_path):
    """Both addresses in front of the organs, and a way to post to them."""
    async with organs(database, tmp_path) as spine:
        serving = asyncio.ensure_future(spine.bot.dispatch.run())
        app = web.Application()

        async def listener(said):
            await spine.bot.dispatch.submit(
                message(said.text, external_id=said.external_id, at=said.at, payload_hash=said.content().hex()[:32])
            )

        for leg, receiveid in ((BotLeg(), ""), (AppLeg(theirs.CORP), theirs.CORP)):
            envelopes = Envelopes(key_sets(theirs.TOKEN, theirs.AES_KEY), receiveid)
            Callback(leg, envelopes, listener, spine.clock, answer_within=10.0, pauses=()).add_to(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}/wecom/"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64), trust_env=False) as http:

            async def post(which, request):
                async with http.post(request.url(base + which), data=request.body) as response:
                    return response.status

            yield spine, post
        await runner.cleanup()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def rows(spine):
    return (await spine.all(select(func.count()).select_from(Inbox)))[0][0]


async def test_a_burst_that_the_platform_repeats_three_times_is_stored_once_each(database, tmp_path):
    """I-01."""
    requests = [posted(n) for n in range(200)] * 3
    random.Random(5).shuffle(requests)
    async with doors(database, tmp_path) as (spine, post):
        assert set(await asyncio.gather(*(post(*request) for request in requests))) == {200}
        assert await rows(spine) == 200


async def test_a_thousand_replays_of_one_request_leave_one_row(database, tmp_path):
    """I-07."""
    async with doors(database, tmp_path) as (spine, post):
        for _ in range(10):
            assert set(await asyncio.gather(*(post(*posted(1)) for _ in range(100)))) == {200}
        assert await rows(spine) == 1


async def test_a_crash_between_the_commit_and_the_answer_is_healed_by_the_next_delivery(
    database, tmp_path, monkeypatch
):
    """I-05."""
    async with doors(database, tmp_path) as (spine, post):
        real = spine.bot.dispatch.submit

        async def submit(incoming):
            await real(incoming)
            raise RuntimeError("gone after the commit")

        monkeypatch.setattr(spine.bot.dispatch, "submit", submit)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await post(*posted(1))
        assert await rows(spine) == 1
        monkeypatch.setattr(spine.bot.dispatch, "submit", real)
        assert await post(*posted(1)) == 200
        assert await rows(spine) == 1


async def test_a_crash_before_the_commit_leaves_nothing_and_the_next_delivery_is_stored(
    database, tmp_path, monkeypatch
):
    """I-04."""
    async with doors(database, tmp_path) as (spine, post):
        real = spine.store.write

        async def write(unit):
            raise OperationalError("INSERT", {}, OSError("database is locked"))

        monkeypatch.setattr(spine.store, "write", write)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await post(*posted(1))
        monkeypatch.setattr(spine.store, "write", real)
        assert await rows(spine) == 0
        assert await post(*posted(1)) == 200
        assert await rows(spine) == 1


async def test_the_same_id_with_other_words_changes_nothing(database, tmp_path):
    async with doors(database, tmp_path) as (spine, post):
        assert await post(*posted(1, "收到")) == 200
        assert await post(*posted(1, "没收到")) == 200
        assert [row.text for row in await spine.all(select(Inbox.text))] == ["收到"]
