"""The platform's side of a bot's long connection and of 消息推送, on loopback: a real server that records every byte.

It imitates what the official SDKs and other people's measurements say: acks without cmd, 853000 for a wrong secret,
`disconnected_event` for the older of two subscribers, 846605 for an event answered as if it were a message, 42014 for a
task id used twice, 45009 over the rates, 93006 for a chat never spoken in, updates refused after five seconds.
`fault(...)` makes the next call go wrong. Time is `now`, moved by the test.
"""

import asyncio
import itertools
import json
from collections import defaultdict, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

BOT_ID, SECRET = "aib-test", "s3cr3t"
PER_MINUTE_HOOK, PER_MINUTE_BOT, PER_HOUR_BOT = 20, 30, 1000
ANSWER_IN, ANSWER_EVENT_IN = 24 * 3600.0, 5.0


@dataclass
class Post:
    """One message that stands in a group or a private chat. `by` is hook or bot."""

    by: str
    chat: str
    msgtype: str
    text: str = ""
    mentions: tuple = ()
    card: dict | None = None
    quotes: str = ""


@dataclass
class Asked:
    """A callback that was pushed: what may be answered to it, and since when."""

    kind: str
    chat: str
    at: float
    userid: str = ""
    task_id: str = ""


@dataclass
class Client:
    ws: web.WebSocketResponse
    subscribed: bool = False


@dataclass
class FakeBot:
    name: str = "收到助手"
    now: float = 1_790_000_000.0
    groups: dict = field(default_factory=dict)  # chat id -> hook key
    posts: list = field(default_factory=list)
    frames: list = field(default_factory=list)  # every frame that came, as parsed
    raw: list = field(default_factory=list)  # every byte of every request and frame
    hook_calls: list = field(default_factory=list)
    updates: list = field(default_factory=list)
    welcomes: list = field(default_factory=list)
    subscribes: int = 0
    pings: int = 0
    answer_pings: bool = True
    answer_subscribes: bool = True
    refuse_group_push: bool = False
    refuse_cards: bool = False
    refuse_updates: bool = False
    spoken: set = field(default_factory=set)  # chats and people whom the bot may write to
    cards: dict = field(default_factory=dict)  # task id -> Post
    base: str = ""
    date_header: str = ""
    clients: list = field(default_factory=list)
    _faults: dict = field(default_factory=lambda: defaultdict(deque))
    _asked: dict = field(default_factory=dict)
    _sent: dict = field(default_factory=lambda: defaultdict(deque))
    _names: object = field(default_factory=lambda: itertools.count(1))
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    # -- for tests ---------------------------------------------------------------------------------------------------

    def fault(self, where, how, times=1):
        """`where`: hook, or a frame's cmd. `how`: an error code, hang, hang_after, reset, reset_after, drop, 502, html."""
        self._faults[where].extend([how] * times)

    def texts(self, chat):
        return [post.text for post in self.posts if post.chat == chat]

    def to(self, chat):
        return [post for post in self.posts if post.chat == chat]

    @property
    def live(self):
        return [client for client in self.clients if client.subscribed and not client.ws.closed]

    async def say(self, userid, text="", *, chat=None, quote=None, msgid=None, **more):
        """Somebody speaks. In a group only what mentions the bot gets through, with its name still in front."""
        if chat is not None and f"@{self.name}" not in text:
            return None
        body = {"msgtype": "text", "text": {"content": text}, **more}
        if quote is not None:
            body["quote"] = {"msgtype": "text", "text": {"content": quote}}
        return await self._push("aibot_msg_callback", userid, chat, body, msgid, "message")

    async def click(self, userid, task_id, key, *, chat=None, flat=False, msgid=None):
        inner = {"card_type": "button_interaction", "event_key": key, "task_id": task_id}
        event = {"eventtype": "template_card_event", **(inner if flat else {"template_card_event": inner})}
        body = {"msgtype": "event", "event": event, "create_time": int(self.now)}
        return await self._push("aibot_event_callback", userid, chat, body, msgid, "click", task_id)

    async def enter(self, userid, msgid=None):
        body = {"msgtype": "event", "event": {"eventtype": "enter_chat"}, "create_time": int(self.now)}
        return await self._push("aibot_event_callback", userid, None, body, msgid, "enter")

    async def _push(self, cmd, userid, chat, body, msgid, kind, task_id=""):
        msgid = msgid or f"msg-{next(self._names)}"
        req_id = f"{cmd}_{next(self._names)}"
        self.spoken.add(chat or userid)
        body = {
            "msgid": msgid,
            "aibotid": BOT_ID,
            "chattype": "group" if chat else "single",
            "from": {"userid": userid},
            **({"chatid": chat} if chat else {}),
            **body,
        }
        self._asked[req_id] = Asked(kind, chat or userid, self.now, userid, task_id)
        await self.deliver({"cmd": cmd, "headers": {"req_id": req_id}, "body": body})
        return msgid

    async def deliver(self, frame):
        text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
        for client in self.live:
            await client.ws.send_str(text)

    def answer_to_callback(self, body, place, userid, task_id=""):
        """What a callback was answered with, as it then stands on people's screens; whether it was taken is not told."""
        if body.get("response_type") == "update_template_card":
            if body["template_card"]["task_id"] == task_id and not self.refuse_updates:
                self.updates.append((Asked("click", place, self.now, userid, task_id), body))
        elif body.get("msgtype") == "template_card":
            self._post(place, body)

    def answer_to_url(self, body, place):
        """By the one-use address of a message: markdown anywhere, a card in private."""
        if body["msgtype"] == "template_card" and place.startswith("wr"):
            return 40008
        errcode = self._post(place, body)
        if errcode == 0:
            self.posts[-1].by = "answer"
        return errcode

    async def drop_all(self):
        """The network goes: every connection ends without a word."""
        for client in self.clients:
            if client.ws._req is not None and client.ws._req.transport is not None:
                client.ws._req.transport.abort()

    # -- the long connection -----------------------------------------------------------------------------------------

    async def _socket(self, request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        client = Client(ws)
        self.clients.append(client)
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                continue
            self.raw.append(message.data)
            frame = json.loads(message.data)
            self.frames.append(frame)
            if await self._take(client, frame) == "end":
                request.transport.abort()
                break
        return ws

    async def _take(self, client, frame):
        cmd, req_id, body = frame["cmd"], frame["headers"]["req_id"], frame.get("body", {})
        fault = self._faults[cmd].popleft() if self._faults[cmd] else None
        if fault in ("hang", "drop"):
            if fault == "drop":
                await self._ack(client, req_id, 0)
            return None
        if fault == "reset":
            return "end"
        errcode = fault if isinstance(fault, int) else self._do(client, cmd, req_id, body)
        if fault == "reset_after":
            return "end"
        if fault == "hang_after" or errcode is None:
            return None
        await self._ack(client, req_id, errcode)
        if cmd == "aibot_subscribe" and errcode == 0:
            await self._throw_out(client)
        return None

    async def _ack(self, client, req_id, errcode):
        frame = {"headers": {"req_id": req_id}, "errcode": errcode, "errmsg": "ok" if errcode == 0 else "refused"}
        await client.ws.send_str(json.dumps(frame))

    async def _throw_out(self, newest):
        event = {"msgtype": "event", "event": {"eventtype": "disconnected_event"}, "aibotid": BOT_ID}
        for client in self.live:
            if client is not newest:
                frame = {"cmd": "aibot_event_callback", "headers": {"req_id": f"d_{next(self._names)}"}, "body": event}
                await client.ws.send_str(json.dumps(frame))
                client.subscribed = False

    def _do(self, client, cmd, req_id, body):
        """The error code, or None for no ack at all."""
        if cmd == "aibot_subscribe":
            self.subscribes += 1
            if not self.answer_subscribes:
                return None
            client.subscribed = (body.get("bot_id"), body.get("secret")) == (BOT_ID, SECRET)
            return 0 if client.subscribed else 853000
        if not client.subscribed:
            return 846600
        if cmd == "ping":
            self.pings += 1
            return 0 if self.answer_pings else None
        if cmd == "aibot_send_msg":
            return self._send(body)
        return self._respond(cmd, self._asked.get(req_id), body)

    def _send(self, body):
        chat, group = body["chatid"], body.get("chat_type") == 2
        if chat not in self.spoken:
            return 93006
        if body["msgtype"] == "template_card" and group and self.refuse_group_push:
            return 40008
        return self._post(chat, body)

    def _respond(self, cmd, asked, body):
        if asked is None:
            return 846605
        if cmd == "aibot_respond_msg":
            if asked.kind != "message" or self.now - asked.at > ANSWER_IN:
                return 846605
            return self._post(asked.chat, body)
        if self.now - asked.at > ANSWER_EVENT_IN:
            return 846605
        if cmd == "aibot_respond_welcome_msg" and asked.kind == "enter":
            self.welcomes.append((asked.userid, body["text"]["content"]))
            return 0
        if cmd == "aibot_respond_update_msg" and asked.kind == "click":
            if self.refuse_updates:
                return 40058
            card = body["template_card"]
            if body["response_type"] != "update_template_card" or card["task_id"] != asked.task_id:
                return 40058
            self.updates.append((asked, body))
            self.cards[asked.task_id].card = card
            return 0
        return 846605

    def _post(self, chat, body):
        if body["msgtype"] not in ("markdown", "template_card"):
            return 40008
        if body["msgtype"] == "template_card" and self.refuse_cards:
            return 40058
        if self._over(chat, ((PER_MINUTE_BOT, 60), (PER_HOUR_BOT, 3600))):
            return 45009
        post = Post("bot", chat, body["msgtype"])
        if body["msgtype"] == "markdown":
            post.text = body["markdown"]["content"]
            if not post.text:
                return 44004
            if len(post.text.encode()) > 20480:
                return 45002
        else:
            post.card = body["template_card"]
            if post.card["task_id"] in self.cards:
                return 42014
            post.text = f"{post.card['main_title']['title']}\n{post.card.get('sub_title_text', '')}".strip()
            self.cards[post.card["task_id"]] = post
        self.posts.append(post)
        return 0

    def _over(self, key, limits):
        sent = self._sent[key]
        if any(sum(at > self.now - seconds for at in sent) >= most for most, seconds in limits):
            return True
        sent.append(self.now)
        return False

    # -- 消息推送 ------------------------------------------------------------------------------------------------------

    async def _hook(self, request):
        data = await request.read()
        self.raw.append(data)
        fault = self._faults["hook"].popleft() if self._faults["hook"] else None
        if fault == "reset":
            request.transport.abort()
            return web.Response()
        if fault == "hang":
            await self._released.wait()
            return web.Response()
        if fault == "html":
            return web.Response(text="<html>busy</html>")
        if fault == "502":
            return web.Response(status=502)
        errcode = fault if isinstance(fault, int) else 0
        if not isinstance(fault, int) and fault != "drop":
            errcode = self._hook_post(request.query.get("key", ""), json.loads(data))
        if fault == "reset_after":
            request.transport.abort()
        if fault == "hang_after":
            await self._released.wait()
        headers = {"Date": self.date_header} if self.date_header else {}
        return web.json_response({"errcode": errcode, "errmsg": "see errcode"}, headers=headers)

    def _hook_post(self, key, body):
        self.hook_calls.append(body)
        chat = next((chat for chat, hook in self.groups.items() if hook == key and hook), None)
        if chat is None:
            return 93000
        text = body.get("text", {})
        content = text.get("content", "")
        if not content:
            return 93017
        if len(content.encode()) > 2048:
            return 45002
        if self._over(f"hook {key}", ((PER_MINUTE_HOOK, 60),)):
            return 45009
        self.posts.append(Post("hook", chat, "text", content, tuple(text.get("mentioned_list", ()))))
        return 0

    # -- the server --------------------------------------------------------------------------------------------------

    def add_to(self, app):
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/cgi-bin/webhook/send", self._hook)

    @property
    def socket_url(self):
        return self.base.replace("http://", "ws://") + "/socket"


@asynccontextmanager
async def fake_bot(fake=None):
    """A server on loopback; `base` is its address."""
    fake = fake or FakeBot()
    app = web.Application()
    fake.add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        fake._released.set()
        for client in fake.clients:
            await client.ws.close()
        await runner.cleanup()
