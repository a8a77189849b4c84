"""The self-built app: one token for all, one retry at most, what each answer means, and nothing secret in any error."""

import asyncio
import logging
import traceback

import aiohttp
import pytest
from fake_wecom_app import AGENT, CORP, SECRET, TWO_HOURS, Fault, fake_wecom_app

from bot.channels.wecom.access_token import PAUSE, NoToken
from bot.channels.wecom.app_api import AppApi, row_mark
from bot.channels.wecom.app_calls import ApiRefused, Unanswered
from bot.channels.wecom.cards import button_card, message_of, task_id
from bot.channels.wecom.fetching import Fetching
from bot.channels.wecom.media import LARGEST, MediaGone, MediaLater, MediaRefused, Rules, media_door
from bot.channels.wecom.said import Item
from models.rules.retrying import Fate

SEND, UPDATE, TOKEN = "/cgi-bin/message/send", "/cgi-bin/message/update_template_card", "/cgi-bin/gettoken"
INSTALLATION = b"this installation"


@pytest.fixture
async def server():
    async with fake_wecom_app() as fake:
        fake.members |= {f"m{n}": {"userid": f"m{n}", "name": f"成员{n}"} for n in range(100)}
        yield fake


@pytest.fixture
async def api(server):
    async with aiohttp.ClientSession(trust_env=False) as http:
        yield AppApi(http, server.base, CORP, AGENT, SECRET, seconds=2.0, now=lambda: server.now)


def card(row=42):
    return button_card("〔12号〕催办\n请尽快签收", [{"key": "收 12", "text": "收到"}], task_id(row, INSTALLATION))


async def together(server, wanted):
    """All of them at once: no token is given out before each has asked for one."""
    server.gate = asyncio.Event()
    everything = asyncio.gather(*wanted)
    for _ in range(3):
        await asyncio.sleep(0)
    server.gate.set()
    return await everything


# -- the token ---------------------------------------------------------------------------------------------------------


async def test_a_hundred_at_once_fetch_one_token(server, api):
    """O-16."""
    results = await together(server, [api.send_text([f"m{n}"], "收到", row=n) for n in range(100)])
    assert {result.fate for result in results} == {Fate.SENT}
    assert server.count(TOKEN) == 1
    assert len(server.delivered) == 100


async def test_a_hundred_at_once_whose_token_is_refused_fetch_one_more(server, api):
    await api.send_text(["lisi"], "先", row=1)
    server.spoil_tokens()
    results = await asyncio.gather(*(api.send_text([f"m{n}"], "收到", row=n) for n in range(100)))
    assert {result.fate for result in results} == {Fate.SENT}
    assert server.count(TOKEN) == 2


async def test_a_token_is_used_until_shortly_before_its_end(server, api):
    await api.send_text(["lisi"], "一", row=1)
    server.now += TWO_HOURS - 600
    await api.send_text(["lisi"], "二", row=2)
    assert server.count(TOKEN) == 1
    server.now += 400
    await api.send_text(["lisi"], "三", row=3)
    assert server.count(TOKEN) == 2


@pytest.mark.parametrize("errcode", [40014, 42001, 40001])
async def test_a_token_that_is_always_refused_is_tried_twice_and_then_left_alone(server, api, errcode):
    """O-09."""
    server.always[SEND] = Fault("errcode", errcode)
    result = await api.send_text(["lisi"], "收到", row=1)
    assert result.fate is Fate.LATER
    assert result.wait.total_seconds() == PAUSE
    assert (server.count(SEND), server.count(TOKEN)) == (2, 2)
    for n in range(20):
        assert (await api.send_text(["lisi"], "收到", row=n)).fate is Fate.LATER
    assert (server.count(SEND), server.count(TOKEN)) == (2, 2)
    assert api.access.trouble
    server.always.clear()
    server.now += PAUSE + 1
    assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.SENT
    assert api.access.trouble == ""


async def test_a_hundred_at_once_whose_every_token_is_refused_fetch_two(server, api):
    server.always[SEND] = Fault("errcode", 42001)
    results = await together(server, [api.send_text([f"m{n}"], "收到", row=n) for n in range(100)])
    assert {result.fate for result in results} == {Fate.LATER}
    assert server.count(TOKEN) == 2


async def test_a_hundred_at_once_with_a_wrong_secret_ask_once(server, api):
    api.secret = "wrong"
    results = await together(server, [api.send_text([f"m{n}"], "收到", row=n) for n in range(100)])
    assert {result.fate for result in results} == {Fate.LATER}
    assert server.count(TOKEN) == 1
    assert "Secret" in api.access.trouble


async def test_a_token_that_nobody_could_fetch_is_a_message_that_was_not_sent(server, api):
    server.always[TOKEN] = Fault("hang")
    api.seconds = 0.05
    assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.LATER
    assert server.count(SEND) == 0


@pytest.mark.parametrize(
    "fault", [Fault("garbage"), Fault("status", 502), Fault("errcode", -1), Fault("errcode", 45009)]
)
async def test_a_strange_answer_to_gettoken_is_no_token(server, api, fault):
    server.always[TOKEN] = fault
    assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.LATER


async def test_giving_up_one_waiter_does_not_take_the_token_from_the_others(server, api):
    server.gate = asyncio.Event()
    first = asyncio.ensure_future(api.access.get())
    second = asyncio.ensure_future(api.access.get())
    await asyncio.sleep(0)
    first.cancel()
    server.gate.set()
    assert await second
    assert server.count(TOKEN) == 1


# -- sending -----------------------------------------------------------------------------------------------------------


async def test_a_text_goes_to_a_person(server, api):
    result = await api.send_text(["ZhangSan"], "请尽快签收〔12号〕", row=7)
    (message,) = server.delivered
    assert result.provider_id == message.msgid
    assert (message.userid, message.msgtype) == ("ZhangSan", "text")
    assert message.content["content"].startswith("请尽快签收〔12号〕")
    (call,) = [call for call in server.calls if call.path == SEND]
    assert call.json()["enable_duplicate_check"] == 1
    assert call.json()["touser"] == "ZhangSan"


@pytest.mark.parametrize("how", ["hang_after", "reset_after"])
async def test_a_text_that_arrived_without_an_answer_is_unsure_and_a_second_try_is_not_delivered_twice(
    server, api, how
):
    """O-02."""
    api.seconds = 0.2
    server.plan(SEND, Fault(how))
    assert (await api.send_text(["lisi"], "请签收", row=7)).fate is Fate.UNSURE
    assert (await api.send_text(["lisi"], "请签收", row=7, attempts=2)).fate is Fate.SENT
    first, second = [call.body for call in server.calls if call.path == SEND]
    assert first == second
    assert len(server.delivered) == 1


async def test_a_card_that_arrived_without_an_answer_is_sent_by_its_second_try(server, api):
    api.seconds = 0.2
    server.plan(SEND, Fault("hang_after"))
    assert (await api.send_card(["lisi"], card())).fate is Fate.UNSURE
    server._seen.clear()  # even where the platform had forgotten the request, its name tells
    assert (await api.send_card(["lisi"], card(), attempts=2)).fate is Fate.SENT
    assert len(server.delivered) == 1


async def test_two_rows_that_read_alike_are_both_delivered(server, api):
    for row in (7, 8):
        assert (await api.send_text(["lisi"], "无待办", row=row)).fate is Fate.SENT
    assert len(server.delivered) == 2


def test_four_thousand_rows_in_a_row_have_marks_of_their_own():
    assert len({row_mark(row) for row in range(4096)}) == 4096
    assert all(len(row_mark(row)) == 12 for row in (0, 1, 1 << 40))


@pytest.mark.parametrize("character", ["a", "é", "收", "👍"])
@pytest.mark.parametrize("count", [1, 500, 670, 671, 682, 683, 2048, 5000])
async def test_a_text_is_cut_to_2048_bytes_on_a_character_boundary(server, api, character, count):
    """O-20."""
    assert (await api.send_text(["lisi"], character * count, row=1)).fate is Fate.SENT
    content = server.delivered[-1].content["content"]
    assert len(content.encode()) <= 2048
    assert set(content) <= {character, "…", "\u200b", "\u200c"}


async def test_a_person_whom_the_app_does_not_reach_is_refused(server, api):
    result = await api.send_text(["nobody"], "收到", row=1)
    assert result.fate is Fate.REFUSED
    assert "可见范围" in result.reason


async def test_an_answer_of_ok_that_names_everybody_as_invalid_is_refused(server, api, monkeypatch):
    """O-05."""

    async def answered(method, path, **more):
        return {"errcode": 0, "errmsg": "ok", "invaliduser": "lisi", "msgid": "m"}

    monkeypatch.setattr(api, "called", answered)
    assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.REFUSED


async def test_one_of_two_people_missing_is_still_sent(server, api):
    assert (await api.send_text(["lisi", "nobody"], "收到", row=1)).fate is Fate.SENT


@pytest.mark.parametrize("userids", [[], ["@all"], ["lisi", "@all"], ["lisi|wangwu"]])
async def test_nothing_is_ever_sent_to_everybody(server, api, userids):
    assert (await api.send_text(userids, "收到", row=1)).fate is Fate.REFUSED
    assert server.calls == []


@pytest.mark.parametrize("words", ["<@all> 收到", "<@lisi>", "@所有人"])
async def test_a_mention_that_nobody_declared_does_not_leave(server, api, words):
    assert (await api.send_text(["lisi"], words, row=1)).fate is Fate.REFUSED
    assert (await api.send_card(["lisi"], button_card(words, [{"key": "k", "text": "t"}], "t-1"))).fate is Fate.REFUSED
    assert server.calls == []


CODES = [
    (0, Fate.SENT),
    (-1, Fate.UNSURE),
    (45009, Fate.LATER),
    (45033, Fate.LATER),
    (60020, Fate.LATER),
    (81013, Fate.REFUSED),
    (40058, Fate.REFUSED),
    (44004, Fate.REFUSED),
    (45002, Fate.REFUSED),
    (40056, Fate.REFUSED),
    (48002, Fate.REFUSED),
    (42014, Fate.REFUSED),
    (99999, Fate.REFUSED),
]


@pytest.mark.parametrize(("errcode", "fate"), CODES)
async def test_each_error_code_has_its_fate(server, api, errcode, fate):
    """O-05 to O-11."""
    server.plan(SEND, Fault("errcode", errcode))
    result = await api.send_text(["lisi"], "收到", row=1)
    assert result.fate is fate
    assert bool(result.reason) is (fate is not Fate.SENT)


WIRE = [
    (Fault("reset"), Fate.UNSURE),
    (Fault("hang"), Fate.UNSURE),
    (Fault("garbage"), Fate.UNSURE),
    (Fault("status", 500), Fate.UNSURE),
    (Fault("status", 502), Fate.UNSURE),
    (Fault("drip"), Fate.UNSURE),
    (Fault("status", 429), Fate.LATER),
    (Fault("status", 404), Fate.REFUSED),
    (Fault("redirect", "http://127.0.0.1:1/"), Fate.UNSURE),
]


@pytest.mark.parametrize(
    ("fault", "fate"), WIRE, ids=lambda value: f"{value.how}{value.value}" if hasattr(value, "how") else ""
)
async def test_each_fault_of_the_wire_has_its_fate(server, api, fault, fate):
    await api.access.get()
    api.seconds = 0.2
    server.plan(SEND, fault)
    assert (await api.send_text(["lisi"], "收到", row=1)).fate is fate


async def test_nobody_there_at_all_is_a_message_that_was_not_sent(api):
    api.base = "http://127.0.0.1:1"
    api.access._token, api.access._until = "t", 1e18
    assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.LATER


async def test_our_own_limit_for_a_person_is_below_the_one_above_which_the_platform_drops(server, api):
    """O-15."""
    fates = [(await api.send_text(["lisi"], "收到", row=row)).fate for row in range(40)]
    assert fates == [Fate.SENT] * 27 + [Fate.LATER] * 13
    assert (await api.send_text(["LiSi"], "收到", row=41)).fate is Fate.LATER
    assert (await api.send_text(["ZhangSan"], "收到", row=42)).fate is Fate.SENT
    server.now += 61
    assert (await api.send_text(["lisi"], "收到", row=43)).fate is Fate.SENT


async def test_a_message_that_is_put_off_says_until_when(server, api):
    for row in range(27):
        await api.send_text(["lisi"], "收到", row=row)
    server.now += 20
    assert (await api.send_text(["lisi"], "收到", row=99)).wait.total_seconds() == 41


# -- cards -------------------------------------------------------------------------------------------------------------


async def test_a_chase_goes_out_as_a_card_with_its_button_and_can_be_changed_once(server, api):
    result = await api.send_card(["lisi"], card(42))
    assert result.fate is Fate.SENT
    _, response_code = result.provider_id.split(" ")
    (message,) = server.delivered
    assert [button["key"] for button in message.content["button_list"]] == ["收 12"]
    assert message_of(message.content["task_id"], INSTALLATION) == 42
    assert (await api.update_card(response_code, ["lisi"], caption="已收到")).fate is Fate.SENT
    assert server.updates[0]["button"] == {"replace_name": "已收到"}
    assert (await api.update_card(response_code, ["lisi"], caption="已收到")).fate is Fate.REFUSED


async def test_a_whole_card_can_be_changed_for_everybody(server, api):
    code = server.new_response_code({}, ["lisi", "wangwu"])
    assert (await api.update_card(code, [], card=card())).fate is Fate.SENT
    assert server.updates[0]["atall"] == 1
    assert server.updates[0]["template_card"]["card_type"] == "button_interaction"


async def test_a_response_code_of_72_hours_ago_is_refused(server, api):
    code = server.new_response_code({}, ["lisi"])
    server.now += 73 * 3600
    assert (await api.update_card(code, ["lisi"], caption="已收到")).fate is Fate.REFUSED


# -- asking ------------------------------------------------------------------------------------------------------------


async def test_a_member_is_looked_up_and_a_stranger_is_refused(server, api):
    assert (await api.user("ZhangSan"))["name"] == "Zhangsan"
    with pytest.raises(ApiRefused, match="60111"):
        await api.user("nobody")


async def test_a_file_is_handed_in_and_fetched_again(server, api):
    media_id = await api.upload("image", "图.jpg", b"\xff\xd8" + b"x" * 5000)
    assert await api.media(media_id) == b"\xff\xd8" + b"x" * 5000


async def test_a_file_handed_in_again_after_a_refused_token_is_not_empty(server, api):
    await api.access.get()
    server.spoil_tokens()
    media_id = await api.upload("image", "x.jpg", b"x" * 5168)
    assert len(await api.media(media_id)) == 5168
    first, second = [len(call.body) for call in server.calls if call.path == "/cgi-bin/media/upload"]
    assert first == second


async def test_a_picture_that_happens_to_be_json_is_a_picture(server, api):
    media_id = server.keep_media(b'{"a": 1, "b": 2}')
    assert await api.media(media_id) == b'{"a": 1, "b": 2}'


async def test_a_medium_of_three_days_ago_is_gone_and_a_huge_one_is_refused(server, api):
    fetching = Fetching(door=None, app=api, pauses=())
    item = Item("image", media_id=server.keep_media(b"picture"))
    assert (await fetching.fetch(item)).data == b"picture"
    server.now += 4 * 86400
    with pytest.raises(MediaGone):
        await fetching.fetch(item)
    server.plan("/cgi-bin/media/get", Fault("flood", LARGEST + 8192))
    with pytest.raises(MediaRefused):
        await fetching.fetch(Item("image", media_id=server.keep_media(b"x")))


async def test_a_fetch_is_tried_again_within_the_life_of_the_address(server):
    """M-01."""
    paused = []

    async def sleep(seconds):
        paused.append(seconds)

    key = bytes(range(32))
    url = server.keep_encrypted(b"picture", key, name="one")
    server.plan("/media/one", Fault("status", 500), Fault("status", 503))
    encoded = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    async with media_door(Rules(("127.0.0.1",), private=True)) as door:
        fetching = Fetching(door=door, bot_key=encoded, sleep=sleep)
        assert (await fetching.fetch(Item("image", url=url))).data == b"picture"
        assert paused == [0.3, 1.0]
        server.always["/media/one"] = Fault("status", 500)
        with pytest.raises(MediaLater):
            await fetching.fetch(Item("image", url=url, aes_key=encoded))
    assert len(paused) == 5
    with pytest.raises(MediaRefused):
        await fetching.fetch(Item("image"))


async def test_the_check_tells_a_wrong_address_list(server, api):
    await api.check()
    server.plan("/cgi-bin/agent/get", Fault("errcode", 60020))
    with pytest.raises(ApiRefused, match="可信IP"):
        await api.check()


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("reset"),
        Fault("hang"),
        Fault("status", 500),
        Fault("garbage"),
        Fault("errcode", 40001),
        Fault("redirect", "x"),
    ],
    ids=lambda fault: f"{fault.how}{fault.value}",
)
async def test_neither_secret_nor_token_stands_in_an_exception_or_a_log(server, api, fault, caplog):
    caplog.set_level(logging.DEBUG)
    await api.access.get()
    secrets = [SECRET, api.access._token]
    api.seconds = 0.1
    server.always[TOKEN] = fault
    server.always["/cgi-bin/user/get"] = fault
    shown = [repr(api), repr(api.access)]
    for _ in range(2):
        try:
            await api.user("lisi")
        except (Unanswered, NoToken, ApiRefused) as trouble:
            shown.append("".join(traceback.format_exception(trouble)))
        api.access._token = ""
    shown.append(caplog.text)
    assert not any(secret in text for secret in secrets for text in shown)


async def test_the_proxy_of_the_environment_is_not_used(server, api, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.SENT
