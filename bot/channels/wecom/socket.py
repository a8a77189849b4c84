"""One WebSocket of the 智能机器人: frames out with their acks, frames in.

Frame: `{cmd, headers: {req_id}, body}`; an ack has no cmd, but the req_id of what it answers, errcode and errmsg.
Source: developer.work.weixin.qq.com/document/path/101463 and the official SDK 1.0.7.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import aiohttp

from bot.channels.wecom.json_messages import parse_json
from bot.channels.wecom.pace import Pace, within

ACK, BEAT, MISSED = 5.0, 30.0, 2
LARGEST = 8 << 20
# The service has sent raw control characters; inside a string they may stay, between tokens they break the parser.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Frame = Mapping[str, Any]


class NotSent(Exception):
    """It certainly did not leave."""


class NoAnswer(Exception):
    """It left, and no ack came."""


class Socket:
    """`ask` may be called by many at once; `listen` and `beat` run until the connection ends."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, pace: Pace, hear: Callable[[Frame], None]) -> None:
        self._ws, self._pace, self._hear = ws, pace, hear
        self._waiting: dict[str, asyncio.Future[Frame]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._ended = False

    async def ask(self, cmd: str, body: Mapping[str, Any] | None = None, req_id: str = "") -> Frame:
        """Send one frame and wait for its ack. Raises NotSent or NoAnswer.

        Frames with one req_id go one after the other, because that is all that tells their acks apart.
        """
        name = req_id or f"{cmd}_{int(self._pace.now() * 1000)}_{secrets.token_hex(4)}"
        turn = self._turns.setdefault(name, asyncio.Lock())
        async with turn:
            if self._ended or self._ws.closed:
                raise NotSent
            answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
            self._waiting[name] = answer
            try:
                await self._send({"cmd": cmd, "headers": {"req_id": name}} | ({} if body is None else {"body": body}))
                return await within(self._pace, ACK, answer)
            except TimeoutError:
                raise NoAnswer from None
            finally:
                self._waiting.pop(name, None)

    async def _send(self, frame: Mapping[str, Any]) -> None:
        text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        try:
            await self._ws.send_str(text)
        except (aiohttp.ClientConnectionResetError, RuntimeError):  # closed before anything was written
            raise NotSent from None
        except OSError:
            raise NoAnswer from None

    async def listen(self) -> None:
        """Take frames until the other side, or the network, ends it."""
        try:
            async for message in self._ws:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self._ended = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(NoAnswer())

    def _take(self, text: str) -> None:
        frame = parse_json(_CONTROL.sub("", text))
        if frame is None:
            return
        if frame.get("cmd"):
            self._hear(frame)
            return
        headers = frame.get("headers")
        answer = self._waiting.get(str(headers.get("req_id")) if isinstance(headers, dict) else "")
        if answer is not None and not answer.done():
            answer.set_result(frame)

    async def beat(self) -> None:
        """Ping until two in a row went unanswered."""
        missed = 0
        while missed < MISSED:
            await self._pace.sleep(BEAT)
            try:
                await self.ask("ping")
                missed = 0
            except NoAnswer:
                missed += 1
            except NotSent:
                return
