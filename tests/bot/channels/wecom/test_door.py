"""Which leg a message takes, and what becomes of it where that leg fails."""

from datetime import date

import pytest
from pydantic import SecretStr
from slow_motion import SlowMotion

from bot.channels import Outgoing, refused, sent, try_later, unsure
from bot.channels.wecom.bot_leg import BotLeg
from bot.channels.wecom.card_chances import CardChances
from bot.channels.wecom.door import APP, BOT, Face, WeCom
from bot.channels.wecom.group_cards import GroupCards, Way
from bot.channels.wecom.identity import Directory
from bot.channels.wecom.quotas import OwnQuotas
from bot.channels.wecom.windows import Window, Windows
from bot.clock import SystemClock
from models.people import Person
from models.pseudonyms import Pseudonyms
from models.rooms import Room
from models.roster import touch_roster
from models.rules.retrying import Fate
from models.store import Store

KEY = b"k" * 32
BUTTONS = ({"key": "收 1", "text": "收到"},)
LONG = "〔1号〕" + "请各单位认真组织、按时报送、不得延误。" * 20


class Line:
    """A long connection that answers as told and remembers what was asked."""

    is_ready = True

    def __init__(self):
        self.asked, self.codes = [], []

    async def ask(self, cmd, body, req_id=""):
        self.asked.append((cmd, body))
        code = self.codes.pop(0) if self.codes else 0
        if isinstance(code, Exception):
            raise code
        return {"errcode": code}


class App:
    def __init__(self, ended=None):
        self.said, self.ended = [], ended or sent("msgid code")

    async def send_text(self, userids, text, *, row, attempts=1, mentions=()):
        self.said.append((userids, text))
        self.mentions = mentions
        return self.ended

    async def send_card(self, userids, card, *, attempts=1, mentions=()):
        self.said.append((userids, card))
        return self.ended


class Push:
    def __init__(self, ended=None, gone=False):
        self.said, self.ended, self.gone = [], ended or sent("push"), gone

    async def text(self, key, body, mentions, tail, *, pressing):
        self.said.append((key.get_secret_value(), body, tuple(mentions), tail))
        return self.ended, self.gone


@pytest.fixture
async def door(tmp_path):
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    await store.open()

    async def fill(session):
        session.add(Person(id="u001", name="甲", wecom="JiaUser"))
        session.add(Person(id="u002", name="乙"))
        session.add(Room(id="members", name="成员单位群", chat_id="wr1"))
        await touch_roster(session)

    await store.write(fill)

    class Version:
        roster_version = 1

    directory = Directory(store, Version())
    await directory.refresh()
    await directory.note(BOT, "u001", "JiaUser", lambda: date(2026, 11, 18))
    pace, alarms = SlowMotion(), []

    async def report(what, detail):
        alarms.append((what, detail))

    windows = Windows(pace)
    made = WeCom(
        directory=directory,
        windows=windows,
        cards=GroupCards(store, "push"),
        chances=CardChances(store, SystemClock(), lambda: None),
        installation=KEY,
        names=Pseudonyms(KEY),
        tail=lambda number: f"…（全文 {number}）",
        report=report,
        push=Push(),
        keys={"members": SecretStr("hook")},
    )
    made.line = Line()
    made.bot = BotLeg(made.line, pace, windows, KEY, OwnQuotas(pace.now), unpressed)
    made.pace, made.alarms = pace, alarms
    yield made
    await store.close()


def unpressed(buttons):
    return f"（回“{buttons[0]['key']}”也一样）"


def to(person="u001", body="〔1号〕请签收", **more):
    return Outgoing(id=7, key="k", kind="chase", room=None, person=person, body=body, **more)


def post(body="〔1号〕请签收", kind="notice", mentions=("@all",), **more):
    return Outgoing(id=8, key="k", kind=kind, room="members", person=None, body=body, mentions=mentions, **more)


async def test_a_person_who_opened_the_chat_is_written_to_by_the_bot(door):
    door.app = App()
    assert (await door.send(to())).fate is Fate.SENT
    assert door.line.asked[0][1]["chatid"] == "JiaUser" and door.line.asked[0][1]["chat_type"] == 1
    assert door.app.said == []


async def test_who_never_opened_it_is_written_to_by_the_app_else_not_at_all(door):
    assert (await door.send(to("u002"))).fate is Fate.REFUSED
    door.app = App()
    assert (await door.send(to("u002"))).fate is Fate.SENT
    assert door.app.said[0][0] == ["u002"] and door.line.asked == []


@pytest.mark.parametrize("code", [93006, 45009])
async def test_where_the_bot_certainly_did_not_post_the_app_does(door, code):
    door.app, door.line.codes = App(), [code]
    assert (await door.send(to())).fate is Fate.SENT
    assert len(door.app.said) == 1


async def test_where_the_bot_may_have_posted_the_app_stays_silent(door):
    from bot.channels.wecom.socket import NoAnswer

    door.app, door.line.codes = App(), [NoAnswer()]
    assert (await door.send(to())).fate is Fate.UNSURE
    assert door.app.said == []


async def test_an_answer_goes_out_on_the_leg_that_was_spoken_on(door):
    door.app = App()
    await Face(door, APP).send(to())
    await Face(door, BOT).send(to())
    assert len(door.app.said) == 1 and len(door.line.asked) == 1


async def test_a_pseudonym_is_resolved_only_here(door):
    await door.send(to(Pseudonyms(KEY).of("u001")))
    assert door.line.asked[0][1]["chatid"] == "JiaUser"
    assert (await door.send(to("~" + "0" * 32))).fate is Fate.REFUSED


async def test_what_fits_a_card_is_one_card_and_its_name_is_kept(door):
    outcome = await door.send(to(buttons=BUTTONS))
    [(_, body)] = door.line.asked
    assert body["msgtype"] == "template_card" and body["template_card"]["task_id"] == outcome.provider_id


async def test_what_does_not_fit_is_said_first_and_not_again_when_the_card_is_put_off(door):
    door.line.codes = [0, 45009]
    assert (await door.send(to(body=LONG, buttons=BUTTONS))).fate is Fate.LATER
    assert (await door.send(to(body=LONG, buttons=BUTTONS, attempts=2))).fate is Fate.SENT
    assert [body["msgtype"] for _, body in door.line.asked] == ["markdown", "template_card", "template_card"]


async def test_the_card_under_a_long_text_does_not_say_it_again(door):
    body = "〔1号〕通知预览（签收）\n" + "发给：全部单位。" * 20
    await door.send(to(body=body, buttons=BUTTONS))
    card = door.line.asked[-1][1]["template_card"]
    assert card["main_title"]["title"] == "〔1号〕通知预览（签收）" and "sub_title_text" not in card


async def test_a_refused_card_is_said_in_words(door):
    door.line.codes = [40058]
    assert (await door.send(to(buttons=BUTTONS))).fate is Fate.SENT
    assert [body["msgtype"] for _, body in door.line.asked] == ["template_card", "markdown"]


async def test_a_mention_goes_by_the_push_leg_and_plain_words_by_the_bot(door):
    await door.send(post())
    await door.send(post(kind="summary", mentions=()))
    assert door.push.said == [("hook", "〔1号〕请签收", ("@all",), "…（全文 1）")]
    assert door.line.asked[0][1]["chatid"] == "wr1" and door.line.asked[0][1]["chat_type"] == 2


async def test_named_people_are_mentioned_as_the_platform_knows_them(door):
    await door.send(post(mentions=("u001", "u002")))
    assert door.push.said[0][2] == ("JiaUser", "u002")


async def test_what_the_caller_declared_is_declared_to_the_app_too(door):
    door.app = App()
    await door.send(to("u002", body="请 <@u001> 办理", mentions=("u001",)))
    assert door.app.mentions == ("u001",)


async def test_a_push_of_unknown_fate_is_not_tried_on_another_leg(door):
    """O-14."""
    door.push = Push(unsure("hang"))
    assert (await door.send(post())).fate is Fate.UNSURE
    assert door.line.asked == []


async def test_a_group_that_is_gone_is_an_alarm_and_its_messages_are_held(door):
    """O-10, O-18."""
    door.push = Push(refused("key 无效（93000）"), gone=True)
    outcome = await door.send(post())
    assert outcome.fate is Fate.LATER and outcome.wait.total_seconds() == 300
    [(what, detail)] = door.alarms
    assert what == "door" and "成员单位群" in detail and "hook" not in detail


async def test_a_group_without_any_way_in_waits_and_says_how_to_mend_it(door):
    door.keys, door.bot = {}, None
    outcome = await door.send(post())
    assert outcome.fate is Fate.LATER and "本群是" in outcome.reason


async def test_a_card_that_no_press_waits_for_needs_no_call(door):
    outcome = await door.send(post(kind="notice_card", edits="abcd-8", mentions=()))
    assert outcome.fate is Fate.SENT and door.line.asked == []


async def test_a_press_is_answered_once_and_only_in_time(door):
    answers = []

    async def at_once(answer):
        answers.append(answer)
        return sent("x")

    door.windows.open("click-1", Window(until=door.pace.now() + 4.5, place="wr1", at_once=at_once))
    door.windows.open("click-2", Window(until=door.pace.now() + 4.5, place="wr1", at_once=at_once))
    press = post("〔1号〕请签收\n已签收 3/41", kind="press", mentions=(), edits="abcd-8", buttons=BUTTONS)
    first = await door.send(replaced(press, "click-1"))
    assert first.fate is Fate.SENT and first.provider_id == "abcd-8"
    assert answers[0].card["task_id"] == "abcd-8" and "3/41" in answers[0].card["sub_title_text"]
    assert (await door.send(replaced(press, "click-1"))).fate is Fate.LATER
    door.pace.at += 5
    assert (await door.send(replaced(press, "click-2"))).fate is Fate.LATER
    assert len(answers) == 1


def replaced(message, quote):
    from dataclasses import replace

    return replace(message, quote=quote)


async def test_what_a_room_can_is_said_of_that_room(door):
    assert door.room_can("members", "separate_card") and not door.room_can("members", "buttons")
    await door.cards.falls_back("members", Way.PUSH)
    await door.cards.falls_back("members", Way.REPLY)
    assert not door.room_can("members", "separate_card")
    assert not door.room_can("elsewhere", "separate_card")
    door.keys = {}
    assert not door.room_can("members", "mention_all")


async def test_the_rate_of_a_conversation_is_kept_here(door):
    fates = [(await door.send(to())).fate for _ in range(30)]
    assert fates.count(Fate.SENT) == 27 and fates[-1] is Fate.LATER
    assert len(door.line.asked) == 27


async def test_a_line_that_is_down_got_nothing(door):
    door.line.is_ready = False
    assert (await door.send(to())).fate is Fate.LATER
    door.app = App(try_later("busy"))
    assert (await door.send(to())).fate is Fate.LATER
