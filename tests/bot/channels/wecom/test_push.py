"""消息推送 against a real server on loopback, with every fault that it can have."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from fake_wecom_bot import FakeBot, fake_bot
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from slow_motion import SlowMotion

from bot.channels.wecom import net
from bot.channels.wecom.push import Push
from bot.channels.wecom.quotas import OwnQuotas
from bot.channels.wecom.settings import WeComSection
from bot.channels.wecom.shorten import shorten
from models.rules.neutral import neutralise
from models.rules.retrying import Fate

KEY = SecretStr("key-of-members")


@asynccontextmanager
async def pushing(given=None):
    pace = SlowMotion()
    async with fake_bot(given or FakeBot(groups={"wr1": KEY.get_secret_value()})) as fake:
        section = WeComSection(api=fake.base)
        async with net.client(section, fresh=True) as http:
            http._timeout = net.aiohttp.ClientTimeout(total=0.3, sock_connect=0.3)
            push = Push(section.api, http, OwnQuotas(pace.now))
            push.fake, push.pace = fake, pace
            yield push


async def send(push, text="〔1号〕请报送", mentions=("@all",)):
    outcome, _ = await push.text(KEY, text, mentions, "…（余文私聊我）")
    return outcome


async def test_everybody_is_mentioned_by_the_list_and_not_twice_by_the_text():
    async with pushing() as push:
        outcome = await send(push, "@所有人 〔1号〕请报送")
        assert outcome.fate is Fate.SENT
        [call] = push.fake.hook_calls
        assert call == {"msgtype": "text", "text": {"content": "〔1号〕请报送", "mentioned_list": ["@all"]}}


async def test_named_people_are_mentioned_by_their_userids():
    async with pushing() as push:
        await send(push, "@张三 〔1号〕请报送", ["ZhangSan"])
        assert push.fake.posts[0].mentions == ("ZhangSan",)


@pytest.mark.parametrize(
    ("fault", "fate"),
    [
        ("reset", Fate.UNSURE),
        ("reset_after", Fate.UNSURE),
        ("hang", Fate.UNSURE),
        ("hang_after", Fate.UNSURE),
        ("502", Fate.UNSURE),
        ("html", Fate.UNSURE),
        (-1, Fate.UNSURE),
        (45009, Fate.LATER),
        (45033, Fate.LATER),
        (93000, Fate.REFUSED),
        (93001, Fate.REFUSED),
        (93004, Fate.REFUSED),
        (93006, Fate.REFUSED),
        (93008, Fate.REFUSED),
        (93017, Fate.REFUSED),
        (93019, Fate.REFUSED),
        (40008, Fate.REFUSED),
        (40058, Fate.REFUSED),
        (44004, Fate.REFUSED),
        (45002, Fate.REFUSED),
        (777777, Fate.REFUSED),
    ],
)
async def test_every_way_of_going_wrong_has_its_outcome(fault, fate):
    """O-05 to O-11."""
    async with pushing() as push:
        push.fake.fault("hook", fault)
        outcome = await send(push)
        assert outcome.fate is fate
        assert KEY.get_secret_value() not in repr(outcome)


async def test_a_server_that_is_not_there_got_nothing():
    async with pushing() as push:
        push._api = "http://127.0.0.1:9"
        assert (await send(push)).fate is Fate.LATER


async def test_a_group_that_is_gone_is_told_from_a_message_that_is_wrong():
    async with pushing() as push:
        for errcode, gone in ((93000, True), (93004, True), (93008, True), (40058, False), (45009, False)):
            push.fake.fault("hook", errcode)
            assert (await push.text(KEY, "x", (), ""))[1] is gone


async def test_eighteen_a_minute_leave_and_the_nineteenth_waits_here():
    """O-07."""
    async with pushing() as push:
        fates = [(await send(push)).fate for _ in range(25)]
        assert fates == [Fate.SENT] * 18 + [Fate.LATER] * 7
        assert len(push.fake.hook_calls) == 18
        push.pace.at += 59.9
        late = await send(push)
        assert late.fate is Fate.LATER and 0 < late.wait.total_seconds() <= 1.2
        push.pace.at += 1.2
        push.fake.now += 61.1
        assert (await send(push)).fate is Fate.SENT


async def test_what_is_not_pressing_leaves_room_for_a_notice():
    """O-07: notices before reminders and summaries."""
    async with pushing() as push:
        fates = [(await push.text(KEY, f"汇总{n}", (), "", pressing=False))[0].fate for n in range(18)]
        assert fates == [Fate.SENT] * 14 + [Fate.LATER] * 4
        assert [(await send(push)).fate for _ in range(5)] == [Fate.SENT] * 4 + [Fate.LATER]


async def test_each_group_has_a_rate_of_its_own():
    async with pushing(FakeBot(groups={"wr1": KEY.get_secret_value(), "wr2": "other"})) as push:
        for _ in range(18):
            await send(push)
        outcome, _ = await push.text(SecretStr("other"), "x", (), "")
        assert outcome.fate is Fate.SENT


async def test_an_undeclared_mention_never_leaves():
    async with pushing() as push:
        for text, mentions in (("<@lisi> 看", ()), ("请看 <@all>", ("lisi",)), ("@所有人 看", ())):
            assert (await send(push, text, mentions)).fate is Fate.REFUSED
        assert push.fake.hook_calls == []


async def test_a_connection_is_new_for_every_call_and_no_proxy_is_taken_from_the_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with pushing() as push:
        assert (await send(push)).fate is Fate.SENT
        assert (await send(push)).fate is Fate.SENT
        await asyncio.sleep(0)
        assert not push._http.connector._conns


async def test_a_configured_proxy_is_used():
    async with fake_bot() as fake:
        section = WeComSection(api="http://wecom.invalid", proxy=fake.base)
        async with net.client(section, fresh=True) as http:
            outcome, _ = await Push(section.api, http, OwnQuotas(SlowMotion().now)).text(KEY, "x", (), "")
        assert outcome.fate is Fate.REFUSED  # the fake, standing in for a proxy, does not know the key
        assert json.loads(fake.raw[0])["text"]["content"] == "x"


def test_a_long_text_keeps_its_end_and_says_where_the_rest_is():
    text = "〔12号〕" + "请各单位报送。" * 400 + "\n签收时限：11月19日（周四）18:00\n请引用本条发“@收到助手 收到”。"
    cut = shorten(text, 2048, "…（余文私聊我发“全文 12”）")
    assert len(cut.encode()) <= 2048
    assert cut.startswith("〔12号〕") and cut.endswith("请引用本条发“@收到助手 收到”。")
    assert "…（余文私聊我发“全文 12”）\n签收时限" in cut


@given(st.text(max_size=3000), st.integers(60, 2048))
def test_cutting_never_breaks_a_character_or_the_limit(text, limit):
    """O-20."""
    cut = shorten(neutralise(text), limit, "…（余文）")
    assert len(cut.encode("utf-8")) <= limit


@given(st.integers(0, 2100))
def test_cutting_never_leaves_half_a_mention(before):
    """O-20."""
    text = "字" * (before // 3) + "x" * (before % 3) + "<@ZhangSan>" + "尾" * 800
    cut = shorten(text, 2048, "…")
    assert cut.count("<@") == cut.count("<@ZhangSan>")
