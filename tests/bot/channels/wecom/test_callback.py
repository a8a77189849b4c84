"""The two callback addresses: what is let in, what is answered, and what never happens."""

import asyncio
import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import wecom_envelopes as theirs
from aiohttp import web
from wecom_envelopes import AES_KEY, CORP, NOW, OTHER_KEY, OTHER_TOKEN, TOKEN

from bot.channels.wecom.callback import LARGEST, Callback
from bot.channels.wecom.cards import button_card
from bot.channels.wecom.crypto import Envelopes, key_sets
from bot.channels.wecom.envelopes import AppLeg, BotLeg
from bot.channels.wecom.passive import CardUpdate, Welcome
from bot.channels.wecom.said import SaidKind
from bot.submitted import Conflict, NotStored

START = datetime.fromtimestamp(NOW, UTC)


class Ledger:
    """Stands for dispatch: one effect for an id, and a conflict for the same id with other content."""

    def __init__(self):
        self.now_is = START
        self.heard = []
        self.effects = {}
        self.answer = None
        self.trouble = None
        self.hold = None
        self.locked = 0
        self.began, self.done = asyncio.Event(), asyncio.Event()

    def now(self):
        return self.now_is

    async def __call__(self, said):
        self.heard.append(said)
        self.began.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble is not None:
            raise self.trouble
        if self.locked:
            self.locked -= 1
            raise NotStored
        first = self.effects.setdefault(said.external_id, said)
        if first.content() != said.content():
            raise Conflict
        self.done.set()
        return self.answer


class Door:
    """A leg behind a real server, and a client that posts to it."""

    def __init__(self, ledger, callback, http, base):
        self.ledger, self.callback, self.http, self.base = ledger, callback, http, base

    async def post(self, posted, **more):
        async with self.http.post(posted.url(self.base), data=posted.body, **more) as response:
            return response.status, await response.text()

    async def get(self, query):
        async with self.http.get(self.base, params=query) as response:
            return response.status, await response.text()


def leg_of(name):
    return BotLeg() if name == "bot" else AppLeg(CORP)


def posted_by(name, words="收到", *, msgid="1", at=NOW, **more):
    if name == "bot":
        return theirs.bot_post(theirs.text_message(words, msgid=msgid, at=at), **more)
    return theirs.app_post(theirs.text_xml(words, msgid=msgid, at=at), **more)


@pytest.fixture(params=["bot", "app"])
def name(request):
    return request.param


@pytest.fixture
async def door(name):
    ledger = Ledger()
    sets = key_sets(OTHER_TOKEN, OTHER_KEY, TOKEN, AES_KEY)
    envelopes = Envelopes(sets, "" if name == "bot" else CORP)
    callback = Callback(leg_of(name), envelopes, ledger, ledger, answer_within=2.0, pauses=(0.0, 0.0))
    app = web.Application()
    callback.add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(trust_env=False) as http:
        yield Door(ledger, callback, http, f"http://127.0.0.1:{runner.addresses[0][1]}/wecom/{name}")
    if ledger.hold is not None:
        ledger.hold.set()
    await runner.cleanup()


async def test_a_good_message_is_stored_and_answered_with_an_empty_200(door, name):
    assert await door.post(posted_by(name)) == (200, "")
    (said,) = door.ledger.heard
    assert (said.userid, said.text, said.stale) == ("ZhangSan", "收到", False)
    assert said.at == START
    assert door.callback.counts["stored"] == 1


async def test_the_answer_waits_for_the_commit(door, name):
    door.ledger.hold = asyncio.Event()
    door.callback.answer_within = 5.0
    waiting = asyncio.ensure_future(door.post(posted_by(name)))
    await door.ledger.began.wait()
    assert not waiting.done()
    door.ledger.hold.set()
    assert await waiting == (200, "")


async def test_the_url_check_is_answered_with_the_bare_echo(door, name):
    encrypted = theirs.encrypt("1616140317555161061", "" if name == "bot" else CORP)
    status, text = await door.get(theirs.query_for(encrypted) | {"echostr": encrypted})
    assert (status, text) == (200, "1616140317555161061")


async def test_the_url_check_survives_a_plus_sign_that_nobody_escaped(door, name):
    encrypted = next(e for e in (theirs.encrypt("1", "" if name == "bot" else CORP) for _ in range(999)) if "+" in e)
    status, _ = await door.get(theirs.query_for(encrypted) | {"echostr": encrypted.replace("+", " ")})
    assert status == 200


async def test_the_url_check_with_a_wrong_signature_or_two_echoes_is_refused(door, name):
    encrypted = theirs.encrypt("1", "" if name == "bot" else CORP)
    query = theirs.query_for(encrypted)
    assert (await door.get(query | {"echostr": encrypted, "msg_signature": "0" * 40}))[0] == 403
    assert (await door.get(query))[0] == 400
    assert (await door.get([*query.items(), ("echostr", encrypted), ("echostr", encrypted)]))[0] == 400


async def test_whatever_could_be_shown_says_that_a_browser_may_neither_guess_what_it_is_nor_keep_it(door, name):
    encrypted = theirs.encrypt("1", "" if name == "bot" else CORP)
    echo = theirs.query_for(encrypted) | {"echostr": encrypted}
    for asked in (door.http.get(door.base, params=echo), door.http.get(door.base), door.http.put(door.base)):
        async with asked as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("beside", ["/", "/more", "x", "/../app/../nowhere"])
async def test_what_lies_beside_the_address_is_not_the_address(door, beside):
    async with door.http.post(door.base + beside, data=b"") as response:
        assert response.status == 404
    assert not door.callback.counts


async def test_two_connections_at_once_share_the_address_and_nothing_else(door, name):
    posted = [posted_by(name, msgid=str(number)) for number in range(20)]
    assert await asyncio.gather(*map(door.post, posted)) == [(200, "")] * 20
    assert len(door.ledger.effects) == 20


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_a_wrong_method_is_a_405(door, method):
    async with door.http.request(method, door.base) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET, POST"
        assert method == "HEAD" or set(await response.json()) == {"error"}


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_64_kilobytes_is_a_413(door, name, announced):
    good = posted_by(name)

    async def pieces():
        for _ in range(20):
            yield b"x" * 4096

    body = b"x" * (LARGEST + 1) if announced else pieces()
    async with door.http.post(good.url(door.base), data=body) as response:
        assert response.status == 413
        assert set(await response.json()) == {"error"}
    assert door.ledger.heard == []


async def test_a_message_as_large_as_allowed_goes_through(door, name):
    assert (await door.post(posted_by(name, "收" * 12_000)))[0] == 200


async def test_a_body_with_a_content_encoding_is_a_400(door, name):
    good = posted_by(name)
    async with door.http.post(
        good.url(door.base), data=gzip.compress(good.body), headers={"Content-Encoding": "gzip"}
    ) as response:
        assert response.status == 400
    assert door.ledger.heard == []


QUERIES = {
    "no signature": lambda q: {k: v for k, v in q.items() if k != "msg_signature"},
    "no timestamp": lambda q: {k: v for k, v in q.items() if k != "timestamp"},
    "no nonce": lambda q: {k: v for k, v in q.items() if k != "nonce"},
    "two signatures": lambda q: [*q.items(), ("msg_signature", q["msg_signature"])],
    "two timestamps": lambda q: [*q.items(), ("timestamp", q["timestamp"])],
    "two nonces": lambda q: [*q.items(), ("nonce", q["nonce"])],
    "a short signature": lambda q: q | {"msg_signature": q["msg_signature"][:39]},
    "a timestamp in words": lambda q: q | {"timestamp": "now"},
    "a long nonce": lambda q: q | {"nonce": "n" * 65},
    "a nonce with a sign": lambda q: q | {"nonce": "a-b"},
}


@pytest.mark.parametrize("change", QUERIES.values(), ids=QUERIES.keys())
async def test_a_query_of_the_wrong_shape_is_a_400(door, name, change):
    good = posted_by(name)
    async with door.http.post(door.base, params=change(good.query), data=good.body) as response:
        assert response.status == 400
        assert set(await response.json()) == {"error"}
    assert door.ledger.heard == []


BODIES = [b"", b"{}", b"[]", b"null", b'{"encrypt":7}', b"<xml></xml>", b"\xff\xfe", b"[" * 60_000, b"<a>" * 20_000]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:12]))
async def test_a_body_without_its_encrypted_part_is_a_400(door, name, body):
    async with door.http.post(posted_by(name).url(door.base), data=body) as response:
        assert response.status == 400
    assert door.ledger.heard == []


async def test_a_doctype_or_entity_is_refused_before_the_signature_is_looked_at(door, name):
    good = posted_by(name)
    for evil in (b"<!DOCTYPE x>", b"<!ENTITY a 'b'>", b"<!doctype x>"):
        async with door.http.post(good.url(door.base), data=evil + good.body) as response:
            assert response.status == 400
    assert door.ledger.heard == []


async def test_a_wrong_signature_token_key_or_receiver_is_a_403_and_says_no_more(door, name):
    """I-09."""
    good = posted_by(name)
    wrong = [
        (good.query | {"msg_signature": "0" * 40}, good.body),
        (posted_by(name, token="guess").query, good.body),
        (posted_by(name, "other").query, good.body),
    ]
    foreign = theirs.encrypt("{}", "wwSomebody")
    wrong.append((theirs.query_for(foreign), theirs.bot_post("", encrypted=foreign).body))
    if name == "app":
        wrong[-1] = (theirs.query_for(foreign), theirs.app_post("", encrypted=foreign).body)
        no_one = theirs.encrypt("{}", "")
        wrong.append((theirs.query_for(no_one), theirs.app_post("", encrypted=no_one).body))
    answers = set()
    for query, body in wrong:
        async with door.http.post(door.base, params=query, data=body) as response:
            assert response.status == 403
            answers.add(await response.text())
    assert len(answers) == 1
    assert door.ledger.heard == []


async def test_each_length_and_padding_trick_is_a_403(door, name):
    """I-09."""
    receiveid = b"" if name == "bot" else CORP.encode()
    tricks = [
        theirs.plain_of(b"{}", receiveid, length=99),
        theirs.plain_of(b"{}", receiveid, length=1),
        theirs.plain_of(b"{}", receiveid, length=0xFFFFFFFF),
        theirs.plain_of(b"{}", receiveid + b"x"),
        bytes([32]) * 32,
        theirs.plain_of(b"{}", receiveid)[:-1] + b"\x00",
    ]
    for plain in tricks:
        encrypted = theirs.encrypt_raw(plain)
        maker = theirs.bot_post if name == "bot" else theirs.app_post
        assert (await door.post(maker("", encrypted=encrypted)))[0] == 403
    assert door.ledger.heard == []


async def test_a_rotation_of_the_keys_refuses_nobody(door, name):
    """I-10."""
    for n in range(40):
        token, key = ((TOKEN, AES_KEY), (OTHER_TOKEN, OTHER_KEY))[n % 2]
        assert (await door.post(posted_by(name, msgid=str(n), token=token, aes_key=key)))[0] == 200
    assert len(door.ledger.effects) == 40


@pytest.mark.parametrize("pair", [(TOKEN, AES_KEY), (OTHER_TOKEN, OTHER_KEY)])
async def test_a_picture_is_opened_with_the_key_that_opened_its_message(door, name, pair):
    if name == "app":
        return  # fetched by its id, and not encrypted
    body = theirs.text_message("", chat=None) | {"msgtype": "image", "image": {"url": "https://a.myqcloud.com/x"}}
    await door.post(theirs.bot_post(body, token=pair[0], aes_key=pair[1]))
    assert [item.aes_key for item in door.ledger.heard[0].items] == [pair[1]]


async def test_a_thousand_replays_of_one_request_have_one_effect(door, name):
    good = posted_by(name)
    for _ in range(20):
        results = await asyncio.gather(*(door.post(good) for _ in range(50)))
        assert set(results) == {(200, "")}
    assert len(door.ledger.heard) == 1000
    assert len(door.ledger.effects) == 1


async def test_the_same_message_encrypted_anew_has_one_effect(door, name):
    for n in range(3):
        assert (await door.post(posted_by(name, nonce=f"n{n}", timestamp=NOW + n)))[0] == 200
    assert len(door.ledger.effects) == 1


async def test_an_event_without_an_id_has_one_effect_and_two_that_differ_have_two(door, name):
    """I-03."""
    for task in ("9f-1", "9f-1", "9f-2"):
        assert (await door.post(click_by(name, task=task, msgid="")))[0] == 200
    assert len(door.ledger.effects) == 2


async def test_the_same_id_with_other_content_is_answered_and_the_first_stands(door, name):
    """I-02."""
    await door.post(posted_by(name, "收到"))
    assert await door.post(posted_by(name, "没收到")) == (200, "")
    assert door.callback.counts["conflict"] == 1
    assert door.ledger.effects["1"].text == "收到"


@pytest.mark.parametrize("hours", [-2, 2])
async def test_an_old_or_early_message_is_kept_and_marked_when_our_clock_is_wrong(door, name, hours):
    """I-07."""
    door.ledger.now_is = START + timedelta(hours=hours)
    for n in range(20):
        assert (await door.post(posted_by(name, msgid=str(n))))[0] == 200
    assert len(door.ledger.effects) == 20
    assert all(said.stale for said in door.ledger.heard)
    assert door.callback.counts["stale"] == 20


async def test_a_message_within_ten_minutes_is_not_marked(door, name):
    door.ledger.now_is = START + timedelta(minutes=10)
    await door.post(posted_by(name))
    assert not door.ledger.heard[0].stale


async def test_unknown_kinds_and_unreadable_words_are_stored_as_ignored_and_counted(door, name):
    """I-13."""
    maker = theirs.bot_post if name == "bot" else theirs.app_post
    strange = [
        "hologram",
        "not json, not xml",
        '{"a":' * 30 + "1" + "}" * 30,
        "<xml>" + "<a>" * 30 + "</a>" * 30 + "</xml>",
    ]
    for n, message in enumerate(strange):
        assert await door.post(maker(message, nonce=f"n{n}")) == (200, "")
    assert [said.kind for said in door.ledger.heard] == [SaidKind.IGNORED] * len(strange)
    assert door.callback.counts["ignored"] == len(strange)


async def test_emoji_rare_characters_and_unstorable_ones_come_through_as_storable_text(door, name):
    """I-13."""
    assert (await door.post(posted_by(name, "收到👍🏻𠮷\u202e\x01")))[0] == 200
    assert door.ledger.heard[0].text == "收到👍🏻𠮷"


@pytest.mark.parametrize("trouble", [OSError("disk full"), ValueError("x"), RuntimeError("secret words")])
async def test_what_cannot_be_stored_closes_the_connection_without_an_answer(door, name, trouble, caplog):
    """I-06."""
    door.ledger.trouble = trouble
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await door.post(posted_by(name))
    assert door.callback.counts["closed"] == 1
    assert "secret words" not in caplog.text
    door.ledger.trouble = None
    assert (await door.post(posted_by(name)))[0] == 200


async def test_a_database_that_will_not_commit_for_a_moment_loses_no_press(door, name):
    """I-06."""
    door.ledger.locked = 2
    assert (await door.post(click_by(name)))[0] == 200
    assert len(door.ledger.effects) == 1


async def test_a_database_that_will_not_commit_at_all_gives_no_answer(door, name):
    door.ledger.locked = 99
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await door.post(posted_by(name))
    assert door.ledger.effects == {}


async def test_a_flood_of_junk_keeps_no_good_message_out(door, name):
    """I-11: Four of five are unsigned; every good one is answered, and only those have an effect."""

    async def junk(n):
        good = posted_by(name, msgid=f"junk {n}")
        return await door.post(theirs.Posted(good.query | {"msg_signature": f"{n:040x}"}, good.body))

    wanted = [door.post(posted_by(name, msgid=str(n))) if n % 5 == 0 else junk(n) for n in range(500)]
    results = await asyncio.gather(*wanted)
    assert {status for status, _ in results[::5]} == {200}
    assert {status for n, (status, _) in enumerate(results) if n % 5} == {403}
    assert len(door.ledger.effects) == 100


async def test_a_commit_that_takes_too_long_is_not_answered_and_still_done(door, name):
    door.ledger.hold = asyncio.Event()
    door.callback.store_within = 0.05
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await door.post(posted_by(name))
    door.ledger.hold.set()
    await door.ledger.done.wait()
    assert (await door.post(posted_by(name)))[0] == 200
    assert len(door.ledger.effects) == 1


async def test_a_body_that_never_ends_is_cut_off(door, name):
    door.callback.answer_within = 0.05

    async def slowly():
        yield b"{"
        await asyncio.Event().wait()

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await door.post(theirs.Posted(posted_by(name).query, slowly()))
    assert door.ledger.heard == []


async def test_no_junk_is_ever_answered_with_a_5xx(door, name):
    rng, good = random.Random(3), posted_by(name)
    seen = set()
    for _ in range(300):
        body, query = bytearray(good.body), dict(good.query)
        for _ in range(rng.randrange(1, 4)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        if rng.random() < 0.3:
            query[rng.choice(list(query))] = "".join(
                rng.choice("0123456789abcdef-\x00é") for _ in range(rng.randrange(50))
            )
        async with door.http.post(door.base, params=query, data=bytes(body)) as response:
            seen.add(response.status)
    assert seen <= {200, 400, 403}
    assert len(door.ledger.effects) <= 1


def click_by(name, *, task="9f86d081-42", msgid="m", **more):
    if name == "bot":
        event = {"eventtype": "template_card_event", "template_card_event": {"event_key": "收 12", "task_id": task}}
        body = theirs.text_message("", msgid=msgid) | {"msgtype": "event", "event": event}
        return theirs.bot_post(body, **more)
    xml = theirs.text_xml("x").replace("<![CDATA[text]]>", "<![CDATA[event]]>")
    fields = (
        f"<Event><![CDATA[template_card_event]]></Event><EventKey><![CDATA[收 12]]></EventKey><TaskId>{task}</TaskId>"
        "<ResponseCode><![CDATA[RC]]></ResponseCode>"
    )
    return theirs.app_post(xml[: xml.index("<Content>")] + fields + "</xml>", **more)


async def test_a_press_is_answered_with_its_card_update(door, name):
    card = button_card("〔12号〕通知\n请收悉", [{"key": "收 12", "text": "✓ 已收到"}], "9f86d081-42")
    door.ledger.answer = CardUpdate(card, "已收到", ("ZhangSan",))
    status, text = await door.post(click_by(name, nonce="abc"))
    assert status == 200
    if name == "bot":
        assert json.loads(text)["nonce"] == "abc"
        assert theirs.open_bot_answer(text) == {
            "response_type": "update_template_card",
            "userids": ["ZhangSan"],
            "template_card": card,
        }
    else:
        inner = theirs.open_app_answer(text, "abc")
        assert (inner["ToUserName"], inner["FromUserName"]) == ("ZhangSan", CORP)
        assert inner["MsgType"] == "update_template_card"
        assert inner["TemplateCard"] == {
            "CardType": "button_interaction",
            "MainTitle": {"Title": "〔12号〕通知"},
            "SubTitleText": "请收悉",
            "ButtonList": {"Text": "✓ 已收到", "Style": "1", "Key": "收 12"},
        }


async def test_the_last_button_of_an_apps_card_gives_way_to_a_caption(door, name):
    card = button_card("〔12号〕通知", [], "9f86d081-42", replaced="已收到")
    door.ledger.answer = CardUpdate(card, "已收到]]><x>")
    _, text = await door.post(click_by(name, nonce="abc"))
    if name == "bot":
        assert theirs.open_bot_answer(text)["template_card"]["replace_text"] == "已收到"
    else:
        inner = theirs.open_app_answer(text, "abc")
        assert inner["MsgType"] == "update_button" and inner["Button"] == {"ReplaceName": "已收到<x>"}


async def test_nothing_on_an_apps_card_ends_its_own_element(door, name):
    card = button_card("标题]]></Title><x>\n正文]]>&<", [{"key": "收]]>1", "text": "收]]>到"}] * 2, "9f86d081-42")
    door.ledger.answer = CardUpdate(card, "已收到")
    _, text = await door.post(click_by(name, nonce="abc"))
    if name == "app":
        inner = theirs.open_app_answer(text, "abc")["TemplateCard"]
        assert inner["MainTitle"] == {"Title": "标题</Title><x>"} and inner["SubTitleText"] == "正文&<"
        assert [button["Key"] for button in inner["ButtonList"]] == ["收1", "收1"]


async def test_an_answer_is_sealed_with_the_pair_that_opened_the_question(door, name):
    door.ledger.answer = CardUpdate({}, "已收到")
    for token, key in ((TOKEN, AES_KEY), (OTHER_TOKEN, OTHER_KEY)):
        _, text = await door.post(click_by(name, token=token, aes_key=key))
        if name == "bot":
            assert theirs.open_bot_answer(text, token=token, aes_key=key)["template_card"] == {}
        else:
            assert theirs.open_app_answer(text, "nonce123", token=token, aes_key=key)["MsgType"] == "update_button"


async def test_somebody_who_opens_the_chat_is_welcomed(door, name):
    door.ledger.answer = Welcome("您好 ]]> <收到>" + "长" * 1000)
    if name == "bot":
        event = {"msgtype": "event", "event": {"eventtype": "enter_chat", "enter_chat": {}}}
        _, text = await door.post(theirs.bot_post(theirs.text_message("", chat=None) | event))
        words = theirs.open_bot_answer(text)["text"]["content"]
    else:
        xml = theirs.text_xml("x").replace("<![CDATA[text]]>", "<![CDATA[event]]>")
        xml = xml[: xml.index("<Content>")] + "<Event>enter_agent</Event></xml>"
        _, text = await door.post(theirs.app_post(xml))
        words = theirs.open_app_answer(text, "nonce123")["Content"]
    assert words.startswith("您好 ")
    assert len(words.encode()) <= 2048


async def test_an_answer_that_the_platform_would_not_take_is_left_out(door, name):
    door.ledger.answer = CardUpdate({}, "已收到")
    assert await door.post(posted_by(name)) == (200, "")


async def test_the_bot_takes_the_three_names_that_the_signature_has_been_given():
    ledger = Ledger()
    callback = Callback(BotLeg(), Envelopes(key_sets(TOKEN, AES_KEY), ""), ledger, ledger)
    app = web.Application()
    callback.add_to(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base, good = f"http://127.0.0.1:{runner.addresses[0][1]}/wecom/bot", posted_by("bot")
    async with aiohttp.ClientSession() as http:
        for name in ("msg_signature", "msgsignature", "signature"):
            query = {name: good.query["msg_signature"], "timestamp": str(NOW), "nonce": "nonce123"}
            async with http.post(base, params=query, data=good.body) as response:
                assert response.status == 200
        both = good.query | {"signature": good.query["msg_signature"]}
        async with http.post(base, params=both, data=good.body) as response:
            assert response.status == 400
    await runner.cleanup()
