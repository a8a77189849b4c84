"""An office that stands in a 企业微信: the service as configured, a fake platform on loopback, and a clock moved by hand.

`way` is how the bot hears: socket (long connection), callback (智能机器人 by address), app (自建应用 by address), or both
of the addresses: groups by the bot, private words by the app where it hears.
"""

import asyncio
import itertools
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import fake_wecom_app as app_side
import wecom_envelopes as envelopes
from aiohttp import ClientSession, web
from fake_wecom_bot import BOT_ID, SECRET, FakeBot
from pydantic import SecretStr
from slow_motion import SlowMotion, eventually
from sqlalchemy import select
from world import notices_of, receipts_of

from bot import recipients, service
from bot.clock import DemoClock
from bot.console.access import grants, sentences
from bot.console.api import Api
from bot.importing import put_in_place, read_roster
from bot.settings import Settings, Token
from models import contacts, outbox
from models.people import Role
from models.rooms import Room

START = datetime.fromisoformat("2026-11-18T15:00+08:00")
SAMPLE = Path(__file__).resolve().parents[2] / "bot" / "sample" / "roster.csv"
MEMBERS, COUNTIES = "wrMEMBERS", "wrCOUNTIES"
DIRECTIVE = "通知 各部门要根据领导小组文件要求，制定自己的线索摸排方案，收到请回复。 明天下班前"
CHATS = {"members": MEMBERS, "counties": COUNTIES}


def userid(person):
    """As this platform writes it: the roster has it in small letters."""
    return person.upper()


@dataclass
class Said:
    """One message as its reader sees it."""

    place: str
    text: str
    mentions: tuple = ()
    card: dict | None = None
    by: str = ""


@dataclass
class Heard:
    messages: list = field(default_factory=list)

    def to(self, place):
        for index, message in enumerate(self.messages):
            if message.place == place:
                return self.messages.pop(index)
        raise AssertionError(f"nothing was said to {place}; but {self}")

    def lines(self):
        return [(message.place, message.text) for message in self.messages]

    def all_to(self, *places):
        taken = [m for m in self.messages if not places or m.place in places]
        self.messages = [m for m in self.messages if m not in taken]
        return [m.place for m in taken]

    def nothing(self):
        assert not self.messages, f"was not to be said: {self}"

    def __str__(self):
        return "; ".join(f"{m.place} ← {m.text!r}" for m in self.messages) or "silence"


class StillPace(SlowMotion):
    """Time follows the world's clock; whoever sleeps is not woken by it, so that a day takes no time."""


class WecomWorld:
    def __init__(self, folder, url, way, group_card, push, app_hears, roster=SAMPLE):
        self.app_hears, self.roster = app_hears, roster
        self.folder, self.url, self.way, self.group_card, self.push = folder, url, way, group_card, push
        self.fake, self.api = FakeBot(), app_side.FakeWecomApp()
        self.pace = StillPace()
        self.heard = []
        self._names = itertools.count(1)
        self._posts = self._delivered = 0
        self._stack = AsyncExitStack()
        self.answers = []  # what callbacks were answered with, as the platform reads it

    # -- life ----------------------------------------------------------------------------------------------------------

    async def open(self, at=START):
        self.clock = DemoClock(at, frozen=True)
        await self._serve_fake()
        if self.push:
            self.fake.groups = {MEMBERS: "hook-members", COUNTIES: "hook-counties"}
        self.fake.now = self.api.now = self.clock.now().timestamp()
        await self.start()
        async with self.bot.store.read() as session:
            rooms = list(await session.scalars(select(Room)))
        rows = read_roster(self.roster, rooms)
        await self.bot.store.write(lambda session: put_in_place(session, rows))
        if self.roster is not SAMPLE:  # all of a small one's people are in the directory
            accounts = await self._people()
            self.api.members = {userid(person): {} for person in accounts}

    async def _serve_fake(self):
        app = web.Application(client_max_size=64 << 20)
        self.fake.add_to(app)
        for route in list(self.api.app().router.routes()):
            app.router.add_route("*", route.resource.canonical, route.handler)
        app.router.add_post("/cgi-bin/aibot/response", self._response_url)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.fake.base = self.api.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.api.members = {}
        self.used = set()

    async def _response_url(self, request):
        code = request.query["response_code"]
        if code in self.used:
            return web.json_response({"errcode": 40058, "errmsg": "used"})
        errcode = self.fake.answer_to_url(await request.json(), code.partition("~")[2])
        if errcode == 0:
            self.used.add(code)
        return web.json_response({"errcode": errcode, "errmsg": "see errcode"})

    def settings(self):
        keys = self.folder.parent / "keys"
        if not keys.exists():
            made = recipients.make_keys(keys, ["lead1", "lead2"])
            self.fingerprint = made.fingerprint
        legs = {}
        if self.way == "socket":
            legs["bot"] = {
                "bot_id": BOT_ID,
                "secret": SECRET,
                "url": self.fake.socket_url,
                "group_card": self.group_card,
            }
        if self.way in ("callback", "both"):
            card = "none" if self.group_card == "none" else "reply"
            legs["bot_callback"] = {"token": envelopes.TOKEN, "aes_key": envelopes.AES_KEY, "group_card": card}
            legs["bot_callback"]["name"] = self.fake.name
        if self.way in ("app", "both"):
            legs["app"] = {"corp_id": app_side.CORP, "agent_id": app_side.AGENT, "secret": app_side.SECRET}
            if self.app_hears:
                legs["app"] |= {"token": envelopes.TOKEN, "aes_key": envelopes.AES_KEY}
        rooms = [
            {"id": room, "name": name, "audience": [kind], "chat_id": CHATS[room]}
            | ({"push_key": f"hook-{room}"} if self.push else {})
            for room, name, kind in (("members", "成员单位群", "成员单位"), ("counties", "县区群", "县区"))
        ]
        people = [("clerk", "经办", ["clerk"]), ("head", "主任", ["head"])]
        people += [(f"lead{n}", f"线索专员{n}", ["lead_officer"]) for n in (1, 2)]
        return Settings(
            data={"dir": self.folder},
            database={"url": self.url},
            office={"person": [{"id": i, "name": n, "roles": r, "wecom": userid(i)} for i, n, r in people]},
            wecom={
                "api": self.fake.base,
                "room": rooms,
                "media": {"hosts": ["127.0.0.1"], "allow_private_addresses": True},
                **legs,
            },
            leads={"recipients": keys / "recipients.toml", "fingerprint": self.fingerprint},
        )

    async def start(self):
        self._running = AsyncExitStack()
        settings = self.settings()
        opened = service.opened(settings, clock=self.clock, live=True, pace=self.pace)
        self.service = await self._running.enter_async_context(opened)
        self.bot, self.legs = self.service.bot, self.service.wecom
        app = web.Application(middlewares=[sentences])
        for callback in self.legs.callbacks:
            callback.add_to(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._running.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        if self.legs.keeper is not None:
            await eventually(lambda: self.legs.keeper.is_ready or self.legs.keeper.stands_by)

    async def _people(self):
        async with self.bot.store.read() as session:
            return [person for person, _ in await contacts.accounts(session)]

    async def stop(self):
        await self._running.aclose()

    async def is_down_until(self, at):
        """An outage: time passes while nobody is there."""
        await self.stop()
        self._move(at)
        await self.start()

    async def close(self):
        await self.stop()
        await self._stack.aclose()

    # -- people --------------------------------------------------------------------------------------------------------

    async def hears(self, person, text):
        """Words said in private that nobody waits to see answered."""
        before = self._done
        await self.fake.say(userid(person), text, msgid=f"m{next(self._names)}")
        await eventually(lambda: self._done > before)

    async def speak(self, person, **body):
        """A private message of any kind, as the platform writes it."""
        before = self._done
        await self.fake.say(userid(person), **body)
        await eventually(lambda: self._done > before)

    async def says(self, person, text, *, room=None, quote=None, msgid=None):
        """In a group only what mentions the bot reaches it, on every way; the app hears no group at all."""
        msgid = msgid or f"m{next(self._names)}"
        chat = CHATS.get(room, room)
        before = self._done
        if self.way == "socket":
            if await self.fake.say(userid(person), text, chat=chat, quote=quote, msgid=msgid) is not None:
                await eventually(lambda: self._done > before)
        elif self._to_bot(chat) and (chat is None or f"@{self.fake.name}" in text):
            body = envelopes.text_message(text, msgid=msgid, userid=userid(person), chat=chat, at=self._seconds)
            place = chat or userid(person)
            body["response_url"] = f"{self.fake.base}/cgi-bin/aibot/response?response_code={msgid}~{place}"
            if quote is not None:
                body["quote"] = {"msgtype": "text", "text": {"content": quote}}
            await self._post("bot", body)
        elif not self._to_bot(chat) and chat is None:
            xml = envelopes.text_xml(text, msgid=msgid, userid=userid(person), at=self._seconds, corp=app_side.CORP)
            await self._post("app", xml)
        return await self.listen()

    def _to_bot(self, chat):
        """Whether something is said to the bot; else it is to the app."""
        return self.way == "callback" or (self.way == "both" and (chat is not None or not self.app_hears))

    async def posts(self, person, text, *, msgid=None):
        """A private message by callback, as the platform posts it; nobody looks at what becomes of it."""
        msgid = msgid or f"{next(self._names)}"
        if self.way == "callback":
            body = envelopes.text_message(text, msgid=msgid, userid=userid(person), chat=None, at=self._seconds)
            await self._post("bot", body)
        else:
            xml = envelopes.text_xml(text, msgid=msgid, userid=userid(person), at=self._seconds, corp=app_side.CORP)
            await self._post("app", xml)

    async def posts_picture(self, person, media_id, *, msgid):
        """A picture sent to the app."""
        xml = envelopes.text_xml("", msgid=msgid, userid=userid(person), at=self._seconds, corp=app_side.CORP)
        xml = xml.replace("<![CDATA[text]]>", "<![CDATA[image]]>").replace(
            "<Content><![CDATA[]]></Content>", f"<MediaId><![CDATA[{media_id}]]></MediaId>"
        )
        await self._post("app", xml)

    def read_api(self):
        """The read API behind a token `t`."""
        app = web.Application(middlewares=[sentences])
        Api(self.bot, grants([Token(token=SecretStr("t"), role=Role.CLERK)])).add_to(app)
        return app

    async def caught_up(self):
        """What was kept on the disk is done."""
        for _ in range(500):
            await self.legs.spool.catch_up()
            if not self.bot.troubles.now:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(dict(self.bot.troubles.now))

    @property
    def stored(self):
        """How many messages this run has stored, repetitions not counted."""
        return self.bot.dispatch.stored

    async def presses(self, person, said, key, *, room=None):
        msgid, task = f"m{next(self._names)}", said.card["task_id"]
        before = self._done
        if self.way == "socket":
            await self.fake.click(userid(person), task, key, chat=CHATS.get(room), msgid=msgid)
            await eventually(lambda: self._done > before)
        elif said.by == "app":
            await self._post("app", self._click_xml(person, task, key))
        else:
            inner = {"card_type": "button_interaction", "event_key": key, "task_id": task}
            body = envelopes.text_message(
                "", msgid=msgid, userid=userid(person), chat=CHATS.get(room), at=self._seconds
            )
            event = {"eventtype": "template_card_event", "template_card_event": inner}
            await self._post("bot", body | {"msgtype": "event", "event": event})
        return await self.listen()

    async def post_press(self, person, task, key, response_code):
        """A press of the app's card, whatever becomes of it."""
        await self._post("app", self._click_xml(person, task, key, response_code))

    def _click_xml(self, person, task, key, response_code=""):
        response_code = response_code or f"rc{next(self._names)}"
        return (
            f"<xml><ToUserName><![CDATA[{app_side.CORP}]]></ToUserName>"
            f"<FromUserName><![CDATA[{userid(person)}]]></FromUserName><CreateTime>{self._seconds}</CreateTime>"
            f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[template_card_event]]></Event>"
            f"<EventKey><![CDATA[{key}]]></EventKey><TaskId><![CDATA[{task}]]></TaskId>"
            f"<CardType><![CDATA[button_interaction]]></CardType><ResponseCode><![CDATA[{response_code}]]>"
            f"</ResponseCode><AgentID>{app_side.AGENT}</AgentID></xml>"
        )

    async def _post(self, leg, message):
        nonce = f"nonce{next(self._names)}"
        if leg == "bot":
            posted = envelopes.bot_post(message, timestamp=self._seconds, nonce=nonce)
        else:
            posted = envelopes.app_post(message, timestamp=self._seconds, nonce=nonce, corp=app_side.CORP)
        async with (
            ClientSession(trust_env=False) as http,
            http.post(posted.url(f"{self.address}/wecom/{leg}"), data=posted.body) as answer,
        ):
            text = await answer.text()
            assert answer.status == 200, text
            if text:
                self._answered(leg, message, text, nonce)

    def _answered(self, leg, message, text, nonce):
        if leg == "app":
            self.answers.append(envelopes.open_app_answer(text, nonce, corp=app_side.CORP))
            return
        self.answers.append(body := envelopes.open_bot_answer(text))
        task = message.get("event", {}).get("template_card_event", {}).get("task_id", "")
        who = message["from"]["userid"]
        self.fake.answer_to_callback(body, message.get("chatid") or who, who, task)

    @property
    def _done(self):
        return self.legs.frames.intake.counts["done"] if self.legs.frames is not None else 0

    @property
    def _seconds(self):
        return int(self.clock.now().timestamp())

    # -- time ----------------------------------------------------------------------------------------------------------

    async def passes(self, **duration):
        return await self.until(self.clock.now() + timedelta(**duration))

    async def until(self, at):
        target = datetime.fromisoformat(at) if isinstance(at, str) else at
        while True:
            await self.bot.settle()
            async with self.bot.store.read() as session:
                due = [await self.bot.dispatch.next_due(), await outbox.next_due(session)]
            upcoming = min((one for one in due if one is not None), default=None)
            if upcoming is None or upcoming > target:
                break
            self._move(max(upcoming, self.clock.now() + timedelta(milliseconds=1)))
        self._move(target)
        return await self.listen()

    def move(self, **duration):
        self._move(self.clock.now() + timedelta(**duration))

    def _move(self, at):
        gone = (at - self.clock.now()).total_seconds()
        self.clock.move_to(at)
        self.pace.at += max(gone, 0)
        self.fake.now += max(gone, 0)
        self.api.now += max(gone, 0)

    async def listen(self):
        await self.bot.settle()
        await asyncio.sleep(0.002)
        people = {chat: room for room, chat in CHATS.items()}
        fresh = [
            Said(people.get(post.chat, post.chat.lower()), post.text, post.mentions, post.card, post.by)
            for post in self.fake.posts[self._posts :]
        ]
        self._posts = len(self.fake.posts)
        for one in self.api.delivered[self._delivered :]:
            card = one.content if one.msgtype == "template_card" else None
            text = one.content["content"] if card is None else _card_text(card)
            fresh.append(Said(one.userid.lower(), text, (), card, "app"))
        self._delivered = len(self.api.delivered)
        heard = Heard(fresh)
        self.heard.append(heard)
        return heard

    def everything_to(self, person):
        """Every word that was ever said to somebody in private, on whatever leg."""
        bot = [post.text for post in self.fake.to(userid(person))]
        return bot + [one.content.get("content", "") for one in self.api.delivered if one.userid == userid(person)]

    def done_with(self):
        """What was said besides is no part of this story."""
        for heard in self.heard:
            heard.all_to()

    async def receipts(self, number):
        return await receipts_of(self.bot, number)

    ledger = receipts

    async def notices(self):
        return await notices_of(self.bot)

    def nothing_unheard(self):
        for heard in self.heard:
            heard.nothing()


def _card_text(card):
    return f"{card['main_title']['title']}\n{card.get('sub_title_text', '')}".strip()


@asynccontextmanager
async def wecom(folder, url="", *, way="socket", group_card="push", push=True, app_hears=True):
    world = WecomWorld(folder, url, way, group_card, push, app_hears)
    await world.open()
    try:
        yield world
        world.nothing_unheard()
    finally:
        await world.close()


@asynccontextmanager
async def office(database, tmp_path, caplog, **options):
    """The world as above; an error in the log that nobody expected fails the story."""
    async with wecom(tmp_path / "data", database, **options) as world:
        yield world
    errors = [r.getMessage() for r in caplog.records if r.levelname in ("ERROR", "CRITICAL")]
    assert not errors, errors


async def opens(world, *people):
    """They say hello in private, which is what lets the bot write to them."""
    for person in people:
        assert "我在" in (await world.says(person, "你好")).to(person).text
