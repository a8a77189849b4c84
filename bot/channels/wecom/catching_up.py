"""What the database could not take in time is on the disk (`spool.py`), and done as soon as the database can again.

A message is known by its id, so one that is done twice, after a crash or because its first try ended well after all,
has one effect.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.channels.wecom.pace import Pace
from bot.channels.wecom.reporting import Reporter
from bot.channels.wecom.spool import Spool
from bot.submitted import Conflict, NotStored
from bot.tracing import origin
from bot.troubles import Troubles

log = logging.getLogger(__name__)
EVERY, TRIES = 2.0, 3
WAITING, WAITING_SAYS = "spool", "有来自企业微信的消息暂存在磁盘上，等数据库恢复后补记：请检查磁盘空间和数据库服务"
NO_SPOOL, NO_SPOOL_SAYS = "spool.file", "暂存文件 spool 打不开或建不成：请检查数据目录的空间和权限"
LOST_SAYS = "有暂存的企业微信消息补记不了（密钥已换，或处理出错）：请看日志，必要时请对方重发"


@dataclass(frozen=True)
class Kept:
    """One message as it came to `leg`; `head` holds what its reader needs besides the body."""

    leg: str
    at: datetime
    head: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def packed(self) -> bytes:
        head = {"leg": self.leg, "at": self.at.timestamp(), **self.head}
        return json.dumps(head).encode() + b"\n" + self.body


def unpacked(payload: bytes) -> Kept:
    head, _, body = payload.partition(b"\n")
    fields = json.loads(head)
    return Kept(fields.pop("leg"), datetime.fromtimestamp(fields.pop("at"), UTC), fields, body)


Doing = Callable[[Kept], Awaitable[Any]]
"""Does one kept message; raises NotStored when it must wait on."""


@dataclass(eq=False)
class _Waiting:
    """`trying` is its first try, which may still be under way."""

    kept: Kept
    trying: "asyncio.Future[Any] | None" = None
    tries: int = 0


class CatchingUp:
    """`keep` in time of need; `run` for ever. `legs` says who does the messages of each leg."""

    def __init__(self, spool: Spool, pace: Pace, troubles: Troubles, reporter: Reporter) -> None:
        self._spool, self._pace, self._troubles, self._reporter = spool, pace, troubles, reporter
        self._waiting: list[_Waiting] = []
        self._open = False
        self.legs: dict[str, Doing] = {}
        self.kept = 0

    async def open(self) -> None:
        """Take up what an earlier run has left. Without its file the rest goes on, and people hear of it."""
        try:
            left = await self._spool.open()
        except OSError as trouble:
            log.error("no spool: %s", origin(trouble))
            self._troubles.stands(NO_SPOOL, NO_SPOOL_SAYS)
            return
        self._open = True
        self._waiting = [_Waiting(unpacked(payload)) for payload in left]
        if self._waiting:
            self._troubles.stands(WAITING, WAITING_SAYS)

    async def keep(self, kept: Kept, trying: "asyncio.Future[Any] | None" = None) -> None:
        """On the disk when it returns. Raises OSError when it is not."""
        if not self._open:
            raise OSError("no spool")
        one = _Waiting(kept, trying)
        self._waiting.append(one)  # before it is written: else what is being written could be forgotten
        try:
            await self._spool.keep(kept.packed())
        except BaseException:
            self._waiting.remove(one)
            raise
        self.kept += 1
        self._troubles.stands(WAITING, WAITING_SAYS)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            while True:
                try:
                    await self.catch_up()
                except Exception as trouble:  # a disk that is still full; the next round may find room
                    log.error("catching up failed: %s", origin(trouble))
                await self._pace.sleep(EVERY)
        finally:
            self._spool.close()

    async def catch_up(self) -> None:
        """One round over all that waits; it ends at the first that still cannot be stored."""
        for one in list(self._waiting):
            try:
                if await self._done(one) and one in self._waiting:
                    self._waiting.remove(one)
            except NotStored:
                return
        if not self._waiting and self._open and WAITING in self._troubles.now:
            await self._spool.forget()
            self._troubles.over(WAITING)

    async def _done(self, one: _Waiting) -> bool:
        """False while its first try is under way."""
        if one.trying is not None:
            if not one.trying.done():
                return False
            if not one.trying.cancelled() and one.trying.exception() is None:
                return True
            one.trying = None
        try:
            await self.legs[one.kept.leg](one.kept)
        except (NotStored, asyncio.CancelledError):
            raise
        except Conflict:
            return True
        except Exception as trouble:  # another key by now, or a mistake of ours: it must not hold up the rest for ever
            one.tries += 1
            log.error("a kept message could not be done: %s", origin(trouble))
            if one.tries < TRIES:
                return False
            await self._reporter.raise_alarm("spool.lost", LOST_SAYS)
        return True
