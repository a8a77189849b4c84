"""The server API of 企业微信 as the self-built app sees it, and the server that keeps sent pictures; on loopback.

A real server: every byte that came is in `calls`. `plan("/cgi-bin/message/send", Fault(...))` makes the next call of
that path go wrong. Time is `now`, moved by the test.
"""

import asyncio
import hashlib
import json
import secrets
from collections import defaultdict, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CORP, AGENT, SECRET = "ww1234567890abcdef", 1000002, "s3cr3t-of-the-app"
FIVE_MINUTES, THREE_DAYS, TWO_HOURS, CARD_LIFE = 300, 3 * 86400, 7200, 72 * 3600


@dataclass(frozen=True)
class Fault:
    """`how`: errcode, status, redirect, garbage, huge, flood, encoded, drip; hang and reset (the call is not done), hang_after
    and reset_after (it is done, and no answer comes); drop (said to be done, and is not)."""

    how: str
    value: int | str = 0


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]

    def json(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Delivered:
    """One message as one member sees it."""

    userid: str
    msgtype: str
    content: object
    msgid: str


@dataclass
class Kept:
    data: bytes
    until: float
    headers: dict[str, str] = field(default_factory=dict)


class FakeWecomApp:
    def __init__(self):
        self.now = 1_790_000_000.0
        self.calls: list[Call] = []
        self.delivered: list[Delivered] = []
        self.members = {
            name: {"userid": name, "name": name.title(), "status": 1} for name in ("ZhangSan", "lisi", "wangwu")
        }
        self.cards: dict[str, dict] = {}  # response code -> card and its users
        self.updates: list[dict] = []
        self.media: dict[str, Kept] = {}  # by media id
        self.files: dict[str, Kept] = {}  # by path on the media server
        self.gate: asyncio.Event | None = None  # where there is one, no token is given out until it is set
        self.base = ""
        self._tokens: dict[str, float] = {}
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._seen: dict[bytes, tuple[float, dict]] = {}
        self._tasks_used: set[str] = set()
        self._released = asyncio.Event()
        self.always: dict[str, Fault] = {}

    # -- for tests -------------------------------------------------------------------------------------------------

    def plan(self, path, *faults):
        self._faults[path].extend(faults)

    def count(self, path):
        return sum(call.path == path for call in self.calls)

    def spoil_tokens(self):
        """As when the secret was looked at in the console: every token is refused from now on."""
        self._tokens.clear()

    def keep_encrypted(self, data, key, name=None, title=None):
        """A picture or file on the media server, encrypted with `key`; gives its address, good for five minutes."""
        name = name or secrets.token_hex(8)
        pad = 32 - len(data) % 32
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        body = encryptor.update(data + bytes([pad]) * pad) + encryptor.finalize()
        headers = {"Content-Disposition": f"attachment; filename=\"{name}.jpg\"; filename*=UTF-8''%E5%9B%BE.jpg"}
        if title is not None:
            headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(title)}"}
        self.files[f"/media/{name}"] = Kept(body, self.now + FIVE_MINUTES, headers)
        return f"{self.base}/media/{name}"

    def keep_media(self, data):
        media_id = secrets.token_hex(12)
        self.media[media_id] = Kept(data, self.now + THREE_DAYS)
        return media_id

    # -- the server --------------------------------------------------------------------------------------------------

    def app(self):
        app = web.Application(client_max_size=64 << 20)
        for path, handler in {
            "/cgi-bin/gettoken": self._gettoken,
            "/cgi-bin/message/send": self._send,
            "/cgi-bin/message/update_template_card": self._update,
            "/cgi-bin/media/upload": self._upload,
            "/cgi-bin/media/get": self._get_media,
            "/cgi-bin/user/get": self._user,
            "/cgi-bin/agent/get": self._agent,
            "/media/{name}": self._file,
        }.items():
            app.router.add_route("*", path, self._faulty(handler))
        return app

    def _faulty(self, handler):
        async def wrapped(request):
            body = await request.read()
            path = request.path
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.calls.append(Call(request.method, path, dict(request.query), body, headers))
            waiting = self._faults[path]
            fault = waiting.popleft() if waiting else self.always.get(path)
            if fault is None:
                return await handler(request, body)
            return await self._go_wrong(fault, request, body, handler)

        return wrapped

    async def _go_wrong(self, fault, request, body, handler):
        match fault.how:
            case "errcode":
                return _json({"errcode": fault.value, "errmsg": "planned"})
            case "status":
                return web.Response(status=int(fault.value), text="planned")
            case "redirect":
                return web.Response(status=302, headers={"Location": str(fault.value)})
            case "garbage":
                return web.Response(text="<html>planned</html>")
            case "huge":
                return web.Response(body=b"x" * int(fault.value))
            case "flood":
                return await self._flood(request, int(fault.value))
            case "drop":
                return _json({"errcode": 0, "errmsg": "ok", "msgid": secrets.token_hex(8)})
            case "encoded":
                return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})
            case "drip":
                return await self._drip(request)
            case "hang_after":
                await handler(request, body)
                await self._released.wait()
            case "hang":
                await self._released.wait()
            case "reset_after":
                await handler(request, body)
        if request.transport is not None:  # the other side may have gone first
            request.transport.abort()
        return web.Response()

    async def _drip(self, request):
        response = web.StreamResponse(headers={"Content-Length": "1000000"})
        await response.prepare(request)
        await response.write(b"x")
        await self._released.wait()
        return response

    async def _flood(self, request, size):
        """So many bytes, of which nothing was said beforehand."""
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(size // 4096):
            await response.write(b"x" * 4096)
        return response

    async def _gettoken(self, request, _):
        if self.gate is not None:
            await self.gate.wait()
        if request.query.get("corpid") != CORP:
            return _json({"errcode": 40013, "errmsg": "invalid corpid"})
        if request.query.get("corpsecret") != SECRET:
            return _json({"errcode": 40001, "errmsg": "invalid credential"})
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self.now + TWO_HOURS
        return _json({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": TWO_HOURS})

    def _refusal(self, request):
        token = request.query.get("access_token", "")
        if token not in self._tokens:
            return _json({"errcode": 40014, "errmsg": "invalid access_token"})
        if self._tokens[token] < self.now:
            return _json({"errcode": 42001, "errmsg": "access_token expired"})
        return None

    async def _send(self, request, body):
        if (refusal := self._refusal(request)) is not None:
            return refusal
        said = json.loads(body)
        if said.get("agentid") != AGENT:
            return _json({"errcode": 40056, "errmsg": "invalid agentid"})
        asked = [name for name in said.get("touser", "").split("|") if name]
        known = {name.casefold(): name for name in self.members}
        there = [known[name.casefold()] for name in asked if name.casefold() in known]
        missing = [name for name in asked if name.casefold() not in known]
        if not there:
            return _json(
                {"errcode": 81013, "errmsg": "user & party & tag all invalid", "invaliduser": "|".join(missing)}
            )
        if (wrong := self._unfit(said)) is not None:
            return _json({"errcode": wrong, "errmsg": "planned"})
        request_hash = hashlib.sha256(body).digest()
        if said.get("enable_duplicate_check") and request_hash in self._seen:
            at, answer = self._seen[request_hash]
            if self.now - at < said.get("duplicate_check_interval", 1800):
                return _json(answer)
        return _json(self._deliver(said, there, missing, request_hash))

    def _unfit(self, said):
        kind = said.get("msgtype")
        content = said.get(kind)
        if kind == "text":
            size = len(content["content"].encode())
            return 44004 if size == 0 else 45002 if size > 2048 else None
        if kind == "template_card":
            task = content.get("task_id", "")
            if content.get("card_type") != "button_interaction" or not content["main_title"]["title"]:
                return 40058
            if not 1 <= len(content["button_list"]) <= 6 or not task or set(task) - set(TASK_CHARACTERS):
                return 40058
            return None
        return 40008

    def _deliver(self, said, there, missing, request_hash):
        kind, msgid = said["msgtype"], secrets.token_hex(12)
        answer = {"errcode": 0, "errmsg": "ok", "msgid": msgid, "invaliduser": "|".join(missing)}
        if kind == "template_card":
            if said[kind]["task_id"] in self._tasks_used:
                return {"errcode": 42014, "errmsg": "task_id is used"}
            self._tasks_used.add(said[kind]["task_id"])
            answer["response_code"] = self.new_response_code(said[kind], there)
        self.delivered.extend(Delivered(name, kind, said[kind], msgid) for name in there)
        self._seen[request_hash] = (self.now, answer)
        return answer

    def new_response_code(self, card, userids):
        """As at a sending or a press: good for one update within 72 hours."""
        response_code = secrets.token_urlsafe(24)
        self.cards[response_code] = {"card": card, "users": list(userids), "until": self.now + CARD_LIFE}
        return response_code

    async def _update(self, request, body):
        if (refusal := self._refusal(request)) is not None:
            return refusal
        said = json.loads(body)
        known = self.cards.get(said.get("response_code", ""))
        if known is None or known["until"] < self.now:
            return _json({"errcode": 40058, "errmsg": "response_code invalid or used"})
        if said.get("agentid") != AGENT or ("button" in said) == ("template_card" in said):
            return _json({"errcode": 40058, "errmsg": "invalid body"})
        del self.cards[said["response_code"]]
        self.updates.append(said)
        return _json({"errcode": 0, "errmsg": "ok", "invaliduser": ""})

    async def _upload(self, request, body):
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if request.query.get("type") not in ("image", "voice", "video", "file"):
            return _json({"errcode": 40004, "errmsg": "invalid media type"})
        head, _, rest = body.partition(b"\r\n\r\n")
        data = rest[: rest.rfind(b"\r\n--")]
        if b'name="media"' not in head or len(data) <= 5:
            return _json({"errcode": 44001, "errmsg": "empty media data"})
        return _json({"errcode": 0, "errmsg": "ok", "type": "image", "media_id": self.keep_media(data)})

    async def _get_media(self, request, _):
        if (refusal := self._refusal(request)) is not None:
            return refusal
        kept = self.media.get(request.query.get("media_id", ""))
        if kept is None or kept.until < self.now:
            return _json({"errcode": 40007, "errmsg": "invalid media_id"})
        return web.Response(body=kept.data, content_type="image/jpeg")

    async def _user(self, request, _):
        if (refusal := self._refusal(request)) is not None:
            return refusal
        member = self.members.get(request.query.get("userid", ""))
        return _json({"errcode": 60111, "errmsg": "userid not found"} if member is None else {"errcode": 0, **member})

    async def _agent(self, request, _):
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if request.query.get("agentid") != str(AGENT):
            return _json({"errcode": 301002, "errmsg": "not allowed"})
        return _json({"errcode": 0, "errmsg": "ok", "agentid": AGENT, "name": "收到助手"})

    async def _file(self, request, _):
        kept = self.files.get(str(PurePosixPath(request.path)))
        if kept is None or kept.until < self.now:
            return web.Response(status=403, text="expired")
        return web.Response(body=kept.data, headers=kept.headers)


TASK_CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-@"


def _json(answer):
    return web.json_response(answer)


@asynccontextmanager
async def fake_wecom_app(ssl=None):
    """The server, open on a free port of loopback; over TLS where a context is given."""
    fake = FakeWecomApp()
    runner = web.AppRunner(fake.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl)
    await site.start()
    fake.base = f"http{'s' if ssl else ''}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        fake._released.set()
        await runner.cleanup()
