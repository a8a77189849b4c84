"""The long connection against a real server on loopback; waits are moved by hand."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from fake_wecom_bot import BOT_ID, SECRET, fake_bot
from slow_motion import SlowMotion, eventually, settle

from bot.channels.wecom.keeper import Keeper, SoleOwner, State
from bot.channels.wecom.settings import BotSection
from bot.channels.wecom.socket import NoAnswer, NotSent


class Watched:
    def __init__(self, keeper, pace):
        self.keeper, self.pace = keeper, pace


@asynccontextmanager
async def kept(fake, *, secret=SECRET, pace=None, owner=None):
    pace, heard, states = pace or SlowMotion(), [], []

    async def hear(frame):
        heard.append(frame)

    async def report(state):
        states.append(state)

    async with aiohttp.ClientSession(trust_env=False) as http:
        section = BotSection(bot_id=BOT_ID, secret=secret, url=fake.socket_url)
        keeper = Keeper(section, http, pace=pace, owner=owner or SoleOwner(), hear=hear, report=report)
        keeper.heard, keeper.states, keeper.pace = heard, states, pace
        task = asyncio.create_task(keeper.run())
        keeper.task = task
        try:
            yield keeper
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_it_subscribes_and_is_ready_only_after_the_ack():
    async with fake_bot() as fake:
        fake.answer_subscribes = False
        async with kept(fake) as keeper:
            await eventually(lambda: fake.subscribes == 1)
            assert not keeper.is_ready
            with pytest.raises(NotSent):
                await keeper.ask("aibot_send_msg", {})
            fake.answer_subscribes = True
            await keeper.pace.pass_by(5)  # no ack in five seconds: begin again
            await keeper.pace.pass_by(1)
            await eventually(lambda: keeper.is_ready)
            assert keeper.states[-1] is State.READY
    [first, second] = [frame for frame in fake.frames if frame["cmd"] == "aibot_subscribe"]
    assert first["body"] == {"bot_id": BOT_ID, "secret": SECRET}
    assert first["headers"]["req_id"].startswith("aibot_subscribe_") and first["headers"] != second["headers"]


async def test_a_wrong_secret_is_said_and_tried_again_once_a_minute():
    async with fake_bot() as fake, kept(fake, secret="wrong") as keeper:
        await eventually(lambda: keeper.state is State.WRONG_SECRET)
        assert keeper.states == [State.WRONG_SECRET]
        await eventually(lambda: keeper.pace.waits and keeper.pace.waits[0] == 60)
        await keeper.pace.pass_by(59)
        assert fake.subscribes == 1
        await keeper.pace.pass_by(1)
        await eventually(lambda: fake.subscribes == 2)
        assert SECRET not in repr(keeper.section)


async def test_it_pings_every_thirty_seconds_and_two_missed_are_the_end():
    async with fake_bot() as fake, kept(fake) as keeper:
        await eventually(lambda: keeper.is_ready)
        await settle()
        await keeper.pace.pass_by(30)
        await eventually(lambda: fake.pings == 1)
        fake.answer_pings = False
        await keeper.pace.pass_by(36)
        assert keeper.is_ready
        await keeper.pace.pass_by(34.5)
        await eventually(lambda: not keeper.is_ready)
        fake.answer_pings = True
        await keeper.pace.pass_by(1)
        await eventually(lambda: keeper.is_ready)
        assert fake.subscribes == 2


async def test_being_thrown_out_is_an_alarm_and_never_a_war():
    async with fake_bot() as fake, kept(fake) as first:
        await eventually(lambda: first.is_ready)
        async with kept(fake) as second:
            await eventually(lambda: second.is_ready and first.state is State.TAKEN)
            await first.pace.pass_by(3600)
            await second.pace.pass_by(20)
            assert fake.subscribes == 2
            assert second.is_ready and not first.is_ready
            assert first.states[-1] is State.TAKEN and not first.task.done()  # it keeps its place, so that nobody else


async def test_it_comes_back_for_ever_with_a_doubling_pause_of_at_most_a_minute():
    async with fake_bot() as fake:
        url_of_nobody = fake.base
    fake.base = url_of_nobody  # the server is gone
    async with kept(fake) as keeper:
        pauses = []
        for _ in range(9):
            await eventually(lambda: keeper.pace.waits)
            pauses.append(keeper.pace.waits[0])
            await keeper.pace.pass_by(keeper.pace.waits[0])
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert keeper.states == [State.LOST]  # said once, and not for the first hiccups
        keeper.pace.luck = 0.0
        assert keeper.pause() == 30  # half of it is chance


async def test_a_short_break_is_nobodys_business():
    async with fake_bot() as fake, kept(fake) as keeper:
        await eventually(lambda: keeper.is_ready)
        await fake.drop_all()
        await eventually(lambda: not keeper.is_ready and keeper.pace.waits and keeper.pace.waits[0] <= 1)
        await keeper.pace.pass_by(1)
        await eventually(lambda: keeper.is_ready)
        assert State.LOST not in keeper.states


async def test_a_break_after_hours_is_no_alarm_unless_it_lasts():
    async with fake_bot() as fake, kept(fake) as keeper:
        await eventually(lambda: keeper.is_ready)
        keeper.pace.at += 7200  # as it stood for two hours
        await fake.drop_all()
        await eventually(lambda: not keeper.is_ready and keeper.pace.waits and keeper.pace.waits[0] <= 1)
        await keeper.pace.pass_by(1)
        await eventually(lambda: keeper.is_ready)
        assert State.LOST not in keeper.states
        keeper.pace.at += 7200
        fake.answer_subscribes = False
        await fake.drop_all()
        await eventually(lambda: not keeper.is_ready)
        for _ in range(12):
            await settle()
            await keeper.pace.pass_by(5)
        assert keeper.states[-1] is State.LOST


async def test_raw_control_characters_are_stripped_before_reading():
    async with fake_bot() as fake, kept(fake) as keeper:
        await eventually(lambda: keeper.is_ready)
        dirty = '\x00{"cmd":"aibot_msg_callback",\x01"headers":{"req_id":"r"},"body":{"msgtype":"text","text":'
        await fake.deliver(dirty + '{"content":"收\x02到\x1f"}}}\x00')
        await eventually(lambda: keeper.heard)
        assert keeper.heard[0]["body"]["text"]["content"] == "收到"


@pytest.mark.parametrize("junk", ["", "[]", "null", "{", '{"headers":1}', '{"cmd":7}', '{"headers":{"req_id":[]}}'])
async def test_junk_is_passed_over(junk):
    async with fake_bot() as fake, kept(fake) as keeper:
        await eventually(lambda: keeper.is_ready)
        await fake.deliver(junk)
        await fake.say("zhangsan", "你好")
        await eventually(lambda: any(frame["cmd"] == "aibot_msg_callback" for frame in keeper.heard))
        assert keeper.is_ready


async def test_acks_are_told_apart_by_their_req_id_though_they_come_in_any_order():
    async with fake_bot() as fake, kept(fake) as keeper:
        await eventually(lambda: keeper.is_ready)
        fake.spoken |= {"a", "b"}
        body = {"chat_type": 1, "msgtype": "markdown", "markdown": {"content": "x"}}
        good, bad = await asyncio.gather(
            keeper.ask("aibot_send_msg", {"chatid": "a", **body}),
            keeper.ask("aibot_send_msg", {"chatid": "nobody", **body}),
        )
        assert (good["errcode"], bad["errcode"]) == (0, 93006)


async def test_what_left_without_an_ack_is_told_from_what_never_left():
    async with fake_bot() as fake, kept(fake) as keeper:
        await eventually(lambda: keeper.is_ready)
        fake.fault("aibot_send_msg", "hang")
        asking = asyncio.create_task(keeper.ask("aibot_send_msg", {"chatid": "a"}))
        await eventually(lambda: any(frame["cmd"] == "aibot_send_msg" for frame in fake.frames))
        await keeper.pace.pass_by(5)
        with pytest.raises(NoAnswer):
            await asking
        fake.fault("aibot_send_msg", "reset")
        with pytest.raises(NoAnswer):
            await keeper.ask("aibot_send_msg", {"chatid": "a"})
        await eventually(lambda: not keeper.is_ready)
        with pytest.raises(NotSent):
            await keeper.ask("aibot_send_msg", {"chatid": "a"})
