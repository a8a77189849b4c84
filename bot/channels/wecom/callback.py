"""The two addresses that the platform posts to: /wecom/bot (智能机器人, JSON) and /wecom/app (自建应用, XML).

1. Method, size, no Content-Encoding; one each of signature, timestamp and nonce, of strict format.
2. No DOCTYPE; the encrypted part is cut out of the envelope without parsing it.
3. Signature and receiver; only then is anything parsed.
4. The listener stores it and waits for the commit. Then an empty 200, or an encrypted answer.
5. What is not stored within four seconds is kept as it came, still encrypted, on the disk (`catching_up.py`); then 200.

When not even that can be done the connection is closed without an answer: the platform's pages disagree on whether a 5xx
is retried, and agree on this. Faults say nothing about what was wrong.
"""

import asyncio
import json
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web

from bot.channels.wecom.address import Address
from bot.channels.wecom.catching_up import CatchingUp, Kept
from bot.channels.wecom.crypto import Envelopes, Forged, Malformed, Opened
from bot.channels.wecom.empty_answer import EmptyAnswer
from bot.channels.wecom.envelopes import Leg
from bot.channels.wecom.passive import Answer
from bot.channels.wecom.patience import Patience, tell
from bot.channels.wecom.said import Said, SaidKind
from bot.clock import Clock, since_start
from bot.console.access import secured
from bot.submitted import Conflict, NotStored

log = logging.getLogger(__name__)
LARGEST = 64 * 1024
WINDOW = timedelta(minutes=10)
WINDOW_SECONDS = WINDOW.total_seconds()
ANSWER_WITHIN = 4.7  # seconds for all of it; the platform gives up after 5
STORE_WITHIN = 4.0  # seconds after which it is kept on the disk instead
PAUSES = (0.1, 0.4, 1.0, 2.0)  # a pressed card is sent once only: a short trouble of the database must not lose it
_SENTENCES = {
    400: "请求格式不对",
    403: "请求未通过校验",
    405: "这个地址只接受 GET 和 POST",
    413: "请求太大",
}
_USUAL = re.compile(r"msg_signature=([0-9A-Fa-f]{1,64})&timestamp=([0-9]{1,20})&nonce=([0-9A-Za-z_]{1,64})")
_SIGNATURES = ("msg_signature", "msgsignature", "signature")  # the official plugin takes all three

Listener = Callable[[Said], Awaitable[Answer | None]]
"""Stores one `Said` and does it; returns after the commit, with what to answer at once, if anything."""


class Fault(Exception):
    """An answer of 4xx."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Late(Exception):
    """Not stored in time; `trying` may still be under way."""

    def __init__(self, trying: "asyncio.Future[Answer | None]") -> None:
        super().__init__("not stored in time")
        self.trying = trying


class _Query(NamedTuple):
    signature: str
    timestamp: str
    nonce: str


@dataclass(eq=False)
class Callback:
    """One address. `counts` holds what came of requests: stored, kept, stale, ignored, conflict, 400 … and `closed`."""

    leg: Leg
    envelopes: Envelopes
    listener: Listener
    clock: Clock
    spool: CatchingUp | None = None
    mismatch: Callable[[], Awaitable[None]] | None = None
    late: Callable[[Said, Answer], Awaitable[None]] | None = None
    answer_within: float = ANSWER_WITHIN
    store_within: float = STORE_WITHIN
    pauses: Sequence[float] = PAUSES
    counts: Counter[str] = field(default_factory=Counter)
    _patience: Patience = field(default_factory=Patience)
    _at_work: set[asyncio.Future[Any]] = field(default_factory=set)

    def add_to(self, app: web.Application) -> None:
        app.router.register_resource(Address(f"/wecom/{self.leg.name}", self.handle))

    async def handle(self, request: web.Request) -> web.Response:
        try:
            if request.method == "GET":
                return self._verify(request)
            if request.method != "POST":
                raise Fault(405)
            return await self._hear(request)
        except Fault as fault:
            return self._refuse(fault.status)
        except Malformed:
            return self._refuse(400)
        except Forged:
            return self._refuse(403)
        except (ConnectionError, aiohttp.ClientError):  # gone before all was said
            return self._close(request)
        except Exception as trouble:  # not stored in time, or not at all: close, and the platform comes again
            log.error("callback %s closed without an answer: %s", self.leg.name, type(trouble).__name__)
            return self._close(request)

    def _close(self, request: web.Request) -> web.Response:
        self.counts["closed"] += 1
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # goes nowhere

    def _refuse(self, status: int) -> web.Response:
        self.counts[str(status)] += 1
        headers = {"Allow": "GET, POST"} if status == 405 else {}
        error = {"error": _SENTENCES[status]}
        response = secured(web.json_response(error, status=status, headers=headers, dumps=_dumps))
        if status == 413:
            response.force_close()
        return response

    def _verify(self, request: web.Request) -> web.Response:
        """The platform's test of the address: the decrypted echo, within a second, without quotes or line end."""
        query = self._query(request)
        echo = request.query.getall("echostr", [])
        if len(echo) != 1:
            raise Malformed
        # A plus sign that nobody escaped has become a space on the way.
        opened = self.envelopes.open(query.signature, query.timestamp, query.nonce, echo[0].replace(" ", "+"))
        self.counts["verified"] += 1
        return secured(web.Response(body=opened.message, content_type="text/plain", charset="utf-8"))

    async def _hear(self, request: web.Request) -> web.Response:
        if "Content-Encoding" in request.headers:
            raise Fault(400)
        since = since_start()
        body = await _read(request, self.answer_within)
        query = self._query(request)
        encrypt = self.leg.encrypted(body)
        if encrypt is None:
            raise Malformed
        now = self.clock.now()
        opened, said = self._read(query, encrypt, now)
        try:
            answer = await self._listen(said)
        except _Late as late:
            if self.spool is None:
                raise
            late.trying.add_done_callback(partial(self._too_late, said))
            async with asyncio.timeout(self.answer_within - (since_start() - since)):
                await self.spool.keep(Kept(self.leg.name, now, query._asdict(), encrypt.encode()), late.trying)
            self.counts["kept"] += 1
            answer = None
        return self._write(query, opened, said, answer)

    def _read(self, query: _Query, encrypt: str, now: datetime) -> tuple[Opened, Said]:
        """Raises Malformed or Forged."""
        opened = self.envelopes.open(query.signature, query.timestamp, query.nonce, encrypt)
        return opened, _dated(_keyed(self.leg.read(opened.message), opened), query.timestamp, now)

    async def again(self, kept: Kept) -> None:
        """Do what was kept. Raises what the listener raises, and Forged when the keys have changed since."""
        query = _Query(**kept.head)
        _, said = self._read(query, kept.body.decode(), kept.at)
        answer = await self.listener(said)
        self.counts["caught up"] += 1
        if answer is not None and self.late is not None:
            await self.late(said, answer)

    def _too_late(self, said: Said, trying: "asyncio.Future[Answer | None]") -> None:
        """Done after all, when nobody waited any more: what was to be answered takes the other way, if there is one."""
        if trying.cancelled() or trying.exception() is not None or self.late is None:
            return
        if (answer := trying.result()) is not None:
            self._leave(asyncio.ensure_future(self.late(said, answer)))

    def _query(self, request: web.Request) -> _Query:
        usual = _USUAL.fullmatch(request.rel_url.raw_query_string)
        if usual is not None:
            return _Query(signature=usual[1], timestamp=usual[2], nonce=usual[3])
        values = request.query
        names = _SIGNATURES if self.leg.name == "bot" else _SIGNATURES[:1]
        found = [values.getall(name, []) for name in ("timestamp", "nonce")]
        found.append([value for name in names for value in values.getall(name, [])])
        if any(len(given) != 1 for given in found):
            raise Malformed
        return _Query(timestamp=found[0][0], nonce=found[1][0], signature=found[2][0])

    async def _listen(self, said: Said) -> Answer | None:
        """Wait for the commit. Whoever stops waiting does not stop the work: the next delivery finds it done."""
        task, enough = asyncio.create_task(self._stored(said)), self._patience.waiter(self.store_within)
        # What `asyncio.wait` does, at a third of its price: every message waits here.
        task.add_done_callback(partial(tell, enough))
        try:
            await enough
        except asyncio.CancelledError:
            self._leave(task)
            raise
        if not task.done():
            self._leave(task)
            raise _Late(task)
        try:
            answer = task.result()
        except NotStored:
            raise _Late(task) from None
        except Conflict:
            self.counts["conflict"] += 1
            log.warning("callback %s: an id came again with other content; the first stands", self.leg.name)
            if self.mismatch is not None:
                await self.mismatch()
            return None
        self.counts["ignored" if said.kind is SaidKind.IGNORED else "stored"] += 1
        self.counts["stale"] += said.stale
        return answer

    def _leave(self, task: "asyncio.Task[Any]") -> None:
        """It goes on by itself; the loop alone would let go of it."""
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        task.add_done_callback(_look_at)

    async def _stored(self, said: Said) -> Answer | None:
        for pause in self.pauses:
            try:
                return await self.listener(said)
            except NotStored:
                self.counts["tried again"] += 1
                await asyncio.sleep(pause)
        return await self.listener(said)

    def _write(self, query: _Query, opened: Opened, said: Said, answer: Answer | None) -> web.Response:
        now = int(self.clock.now().timestamp())
        message = self.leg.answer(said, answer, now) if answer is not None else None
        if message is None:
            return EmptyAnswer(now)
        return secured(self.leg.write(self.envelopes.seal(opened, message, str(now), query.nonce)))


def _dated(said: Said, timestamp: str, now: datetime) -> Said:
    """An old message is kept and marked, never thrown away: a wrong clock of ours would discard every answer."""
    stale = abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS
    stale = stale or (said.at is not None and abs(now - said.at) > WINDOW)
    return said._replace(stale=stale, at=said.at or now) if stale or said.at is None else said


def _keyed(said: Said, opened: Opened) -> Said:
    """Here pictures have no key of their own: theirs is the one that opened the message, also while keys change."""
    if not said.items:
        return said
    items = (replace(item, aes_key=item.aes_key or opened.aes_key) if item.url else item for item in said.items)
    return said._replace(items=tuple(items))


async def _read(request: web.Request, seconds: float) -> bytes:
    """The body, of which no more than the limit is ever held. Raises TimeoutError."""
    if (request.content_length or 0) > LARGEST:
        raise Fault(413)
    if request.content.is_eof():  # it has come whole with its head, as almost all do
        body = request.content.read_nowait()
        if len(body) > LARGEST:
            raise Fault(413)
        return body
    parts = bytearray()
    async with asyncio.timeout(seconds):
        while chunk := await request.content.readany():
            parts += chunk
            if len(parts) > LARGEST:
                raise Fault(413)
    return bytes(parts)


def _look_at(task: "asyncio.Task[Any]") -> None:
    """A failure after its request was given up is logged by the request; here it is only taken note of."""
    if not task.cancelled():
        task.exception()


def _dumps(value: Mapping[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False)
