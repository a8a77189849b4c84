"""Keeps the long connection of the 智能机器人: for ever, and exactly one.

A newer subscriber makes the server throw out the older one. If that one came back it would throw out the newer, and so
on without end: being thrown out therefore stops this process's connection for good, and is an alarm. Unless it was
another replica of ours, to which the connection had passed while this one stood still: then this one waits its turn.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import Any, Protocol

import aiohttp

from bot.channels.wecom.json_messages import SaidKind, read_bot_payload
from bot.channels.wecom.pace import Pace
from bot.channels.wecom.settings import BotSection
from bot.channels.wecom.socket import LARGEST, Frame, NoAnswer, NotSent, Socket

log = logging.getLogger(__name__)
FIRST, LONGEST, SLOW, LIVED, LOUD = 1.0, 60.0, 60.0, 30.0, 4
OPEN = 15.0
WRONG_SECRET = 853000


class State(StrEnum):
    """What stands between us and the platform now."""

    WAITING = "waiting"  # another process holds the connection
    CONNECTING = "connecting"
    READY = "ready"
    WRONG_SECRET = "wrong secret"  # noqa: S105  # the name of a state
    LOST = "lost"
    TAKEN = "taken"  # another subscriber has thrown us out


SENTENCES = {
    State.WAITING: "智能机器人长连接由另一个进程持有，本进程待命",
    State.CONNECTING: "智能机器人长连接正在连接",
    State.READY: "智能机器人长连接已连上",
    State.WRONG_SECRET: "智能机器人的 Bot ID 或 Secret 不对（853000）：请到管理后台→智能机器人→API 模式核对，改好后重启",
    State.LOST: "智能机器人长连接断开，正在重连：请检查网络和 [wecom.bot] url",
    State.TAKEN: "智能机器人长连接被另一个程序顶掉，已停止、不会自行重连：请停掉那个程序，再重启本服务",
}


class Owner(Protocol):
    """Who may hold the connection."""

    async def acquire(self) -> None:
        """Wait until it is ours."""

    async def lost(self) -> None:
        """Wait until it is no longer ours."""

    async def ours(self) -> bool:
        """Whether it is still ours at this moment."""

    async def release(self) -> None: ...


class SoleOwner:
    """With SQLite the lock of the data folder has settled it."""

    async def acquire(self) -> None:
        return

    async def lost(self) -> None:
        await asyncio.Event().wait()

    async def ours(self) -> bool:
        return True

    async def release(self) -> None:
        return


class Keeper:
    """`run` for ever; `ask` when `ready`. `hear` is given every callback frame in a task of its own."""

    def __init__(
        self,
        section: BotSection,
        http: aiohttp.ClientSession,
        *,
        pace: Pace,
        owner: Owner,
        hear: Callable[[Frame], Coroutine[Any, Any, None]],
        report: Callable[[State], Awaitable[None]],
    ) -> None:
        self.section, self._http, self._pace, self._owner = section, http, pace, owner
        self._hear, self._report = hear, report
        self._socket: Socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._fails = 0
        self.state = State.CONNECTING
        self.ready = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        return self.ready.is_set()

    @property
    def stands_by(self) -> bool:
        """Whether another process has the connection."""
        return self.state is State.WAITING

    async def run(self) -> None:
        """Connect, and again when it ends; only being thrown out stops it."""
        try:
            while True:
                before, self.state = self.state, State.WAITING
                await self._owner.acquire()
                self.state = before
                began = self._pace.now()
                ended = await self._once()
                lived = self._pace.now() - began >= LIVED
                self._fails = 0 if lived else self._fails + 1
                if ended is State.LOST and self._fails < LOUD:
                    ended = State.CONNECTING  # a hiccup is nobody's business yet
                await self._move(ended)
                if ended is State.TAKEN:
                    await self._owner.lost()  # held on to: else the next process in line would throw out the thrower
                    return
                if ended is State.WAITING:
                    continue
                await self._pace.sleep(SLOW if ended is State.WRONG_SECRET else self.pause())
        finally:
            await self._owner.release()
            for task in list(self._tasks):
                task.cancel()

    def pause(self) -> float:
        """Doubling from one second to sixty; half of it by chance, so that many do not come back at once."""
        return float(min(FIRST * 2 ** min(max(self._fails - 1, 0), 10), LONGEST) * (0.5 + self._pace.chance() / 2))

    async def ask(self, cmd: str, body: dict[str, Any], req_id: str = "") -> Frame:
        """Raises NotSent or NoAnswer."""
        if self._socket is None or not self.ready.is_set():
            raise NotSent
        return await self._socket.ask(cmd, body, req_id)

    async def _move(self, state: State) -> None:
        if state is self.state:
            return
        self.state = state
        try:
            await self._report(state)
        except Exception as trouble:  # an alarm that cannot be written must not end the connection
            log.error("state not reported: %s", type(trouble).__name__)

    async def _once(self) -> State:
        """One connection from its opening to its end; gives how it ended."""
        try:
            opening = self._http.ws_connect(
                self.section.url, max_msg_size=LARGEST, timeout=aiohttp.ClientWSTimeout(ws_close=1.0)
            )
            async with asyncio.timeout(OPEN):
                ws = await opening
        except (aiohttp.ClientError, OSError, TimeoutError) as trouble:
            log.info("long connection not opened: %s", type(trouble).__name__)
            return State.LOST
        taken = asyncio.Event()
        self._socket = socket = Socket(ws, self._pace, lambda frame: self._take(frame, taken))
        listening = asyncio.create_task(socket.listen())
        try:
            state = await self._subscribe(socket)
            if state is not State.READY:
                return state
            self.ready.set()
            await self._move(State.READY)
            await _first(listening, socket.beat(), self._owner.lost(), _set(taken))
            if not await self._owner.ours():
                return State.WAITING
            return State.TAKEN if taken.is_set() else State.LOST
        finally:
            self.ready.clear()
            self._socket = None
            await ws.close()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _subscribe(self, socket: Socket) -> State:
        body = {"bot_id": self.section.bot_id, "secret": self.section.secret.get_secret_value()}
        try:
            answer = await socket.ask("aibot_subscribe", body)
        except (NotSent, NoAnswer):
            return State.LOST
        errcode = answer.get("errcode", 0)
        if errcode == 0:
            return State.READY
        log.warning("subscribe refused: %s", errcode if isinstance(errcode, int) else "?")
        return State.WRONG_SECRET if errcode == WRONG_SECRET else State.LOST

    def _take(self, frame: Frame, taken: asyncio.Event) -> None:
        body = frame.get("body")
        if isinstance(body, dict) and read_bot_payload(body).kind is SaidKind.DISCONNECTED:
            taken.set()
            return
        task = asyncio.create_task(self._hear(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _first(listening: asyncio.Task[None], *others: Coroutine[Any, Any, None]) -> None:
    """Wait until one of them ends; the others are cancelled, `listening` is left to its owner."""
    tasks = [asyncio.create_task(other) for other in others]
    try:
        await asyncio.wait([listening, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
