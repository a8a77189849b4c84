"""Alarms on a way that needs none of our doors: to the log, and as JSON to `alarm.url` (I10).

1. Every few seconds, beside everything else: what has been raised and what is over since the last look, both from the
   table and, when that cannot be read or written, from memory (`bot/troubles.py`).
2. Each is a line of the log and one POST, in their order; one that fails is tried again with a growing pause.
3. When three tries have failed people hear of it by their doors, and `/readyz` says so, until one gets through.

After a restart what stands is told again: better twice than never. `id` tells a repetition.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from bot.clock import Clock, since_start
from bot.tracing import origin
from bot.troubles import Troubles
from models import alarms
from models.alarms import Alarm
from models.store import Store

log = logging.getLogger(__name__)
EVERY, SECONDS = 5.0, 10.0
FIRST, LONGEST, LOUD = 5.0, 60.0, 3
MOST = 500  # that wait for an address which does not answer; the oldest are let go of, for they stand in the table
UNREAD, UNPOSTED = "database.read", "alarm.url"
UNREAD_SAYS = "数据库读不了：请检查磁盘和数据库服务"
UNPOSTED_SAYS = "告警发不到 [alarm] url：请检查那个地址和到它的网络"


@dataclass(frozen=True)
class Told:
    """One alarm as it is told; `cleared_at` says that it is over."""

    id: str
    what: str
    detail: str
    at: datetime
    cleared_at: datetime | None = None

    def as_json(self, office: str) -> dict[str, Any]:
        over = self.cleared_at.isoformat(timespec="seconds") if self.cleared_at is not None else None
        times = {"at": self.at.isoformat(timespec="seconds"), "cleared_at": over}
        return {"id": self.id, "office": office, "what": self.what, "detail": self.detail, **times}


class Alarming:
    """`look` once, or let `kept_up` do it all the time. `url` may be empty: then there is the log."""

    def __init__(self, store: Store, clock: Clock, troubles: Troubles, *, office: str, url: str = "") -> None:
        self._store, self._clock, self._troubles, self._office, self._url = store, clock, troubles, office, url
        self._last: int | None = None  # the alarm that was read last
        self._standing: dict[str, Told] = {}  # told, and not over yet
        self._waiting: OrderedDict[tuple[str, bool], Told] = OrderedDict()
        self._fails, self._not_before = 0, 0.0
        self.posted = 0

    async def look(self, http: aiohttp.ClientSession) -> None:
        """See what is new, and tell it. Whatever is wrong here is the log's, and the next look's."""
        try:
            self._take(await self._from_table())
            self._troubles.over(UNREAD)
        except Exception as trouble:
            self._troubles.stands(UNREAD, UNREAD_SAYS)
            log.warning("alarms could not be read: %s", origin(trouble))
        self._take(self._from_memory())
        if self._waiting and self._url and since_start() >= self._not_before:
            await self._post_all(http)

    # -- what there is to tell -----------------------------------------------------------------------------------------

    async def _from_table(self) -> list[Told]:
        ids = [int(name) for name in self._standing if name.isdigit()]
        async with self._store.read() as session:
            if self._last is None:
                fresh, self._last = await alarms.named(session, ""), await alarms.last_id(session)
            else:
                fresh = await alarms.since(session, self._last)
            over = [one for one in await alarms.of_ids(session, ids) if one.cleared_at is not None]
        self._last = max((self._last, *(one.id for one in fresh)))
        return [_told(one) for one in (*over, *fresh)]

    def _from_memory(self) -> list[Told]:
        now = self._clock.now()
        found = []
        for what, detail in self._troubles.now.items():
            before = self._standing.get(what)
            if before is None or before.detail != detail:
                found.append(Told(what, what, detail, now))
        for name, told in self._standing.items():
            if not name.isdigit() and name not in self._troubles.now:
                found.append(Told(name, told.what, told.detail, told.at, now))
        return found

    def _take(self, found: Iterable[Told]) -> None:
        for told in found:
            over = told.cleared_at is not None
            if over:
                self._standing.pop(told.id, None)
            else:
                self._standing[told.id] = told
            log.warning("alarm %s: %s %s", "over" if over else "raised", told.what, told.detail)
            if self._url:
                self._waiting[told.id, over] = told
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)

    # -- telling it ----------------------------------------------------------------------------------------------------

    async def _post_all(self, http: aiohttp.ClientSession) -> None:
        while self._waiting:
            name, told = next(iter(self._waiting.items()))
            if not await self._posted(http, told):
                self._fails += 1
                self._not_before = since_start() + min(FIRST * 2 ** min(self._fails - 1, 10), LONGEST)
                if self._fails == LOUD:
                    await self._say(raised=True)
                return
            self._waiting.pop(name, None)
            self.posted += 1
            if self._fails >= LOUD:
                await self._say(raised=False)
            self._fails = 0

    async def _posted(self, http: aiohttp.ClientSession, told: Told) -> bool:
        """The address may hold a secret: neither it nor an error's text, which quotes it, is ever written anywhere."""
        try:
            async with http.post(self._url, json=told.as_json(self._office), allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as trouble:
            log.warning("alarm not posted: %s", type(trouble).__name__)
            return False
        if not 200 <= status < 300:
            log.warning("alarm not posted: HTTP %d", status)
        return 200 <= status < 300

    async def _say(self, *, raised: bool) -> None:
        """By the other doors, and to whoever watches `/readyz`: this way does not work."""
        now = self._clock.now()
        if raised:
            self._troubles.stands(UNPOSTED, UNPOSTED_SAYS)
        else:
            self._troubles.over(UNPOSTED)
        try:
            if raised:
                await self._store.write(lambda session: alarms.raise_alarm(session, now, UNPOSTED, UNPOSTED_SAYS))
            else:
                await self._store.write(lambda session: alarms.clear_alarm(session, now, UNPOSTED))
        except Exception as trouble:
            log.warning("alarm not written down: %s", origin(trouble))


def _told(alarm: Alarm) -> Told:
    return Told(str(alarm.id), alarm.what, alarm.detail, alarm.at, alarm.cleared_at)


def session() -> aiohttp.ClientSession:
    """Straight to the address: no proxy of the doors', which may be what does not work, and none of the environment."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    )


@asynccontextmanager
async def kept_up(one: Alarming) -> AsyncIterator[Alarming]:
    """It looks every few seconds, beside everything else."""
    task = asyncio.create_task(_serve(one))
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _serve(one: Alarming) -> None:
    async with session() as http:
        while True:
            await one.look(http)
            await asyncio.sleep(EVERY)
