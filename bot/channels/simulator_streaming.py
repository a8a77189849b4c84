"""Server-sent events, for other programs as JSON and for the page as fragments: what differs is the `Teller`."""

import asyncio
import json
from contextlib import suppress
from typing import Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.channels.simulator import Message, Simulator
from bot.channels.simulator_people import Residents
from bot.channels.simulator_streams import Stream, Told
from bot.console.access import SECURITY

PING = 15.0
AT_ONCE = 50  # events in one write
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", **SECURITY}
STILL_HERE = b": ping\n\n"  # after a long silence, so that a dead connection is noticed


class Teller(Protocol):
    """Puts into bytes what one reader is told."""

    def patience(self) -> float:
        """Seconds of silence after which there is something to say all the same."""

    async def greeting(self) -> bytes:
        """What comes first; whatever happens from now on is told."""

    async def tell(self, waiting: list[Told]) -> bytes:
        """What happened since, which may be nothing."""


class Messages:
    """One event per message that a person can see, and `edit` when the bot changes one in place."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def patience(self) -> float:
        return PING

    async def greeting(self) -> bytes:
        return b": here\n\n"

    async def tell(self, waiting: list[Told]) -> bytes:
        return b"".join([await self._event(told) for told in waiting]) or STILL_HERE

    async def _event(self, told: Told) -> bytes:
        message = await told.data()
        if not isinstance(message, Message):
            return b""
        data = json.dumps(message.as_json(self._zone), ensure_ascii=False)
        return event(told.event, data, number=message.id if told.event == "message" else None)


def event(name: str, data: str, *, number: int | None = None) -> bytes:
    """One event in the bytes of its stream; every line of the data needs its own beginning."""
    mark = f"id: {number}\n" if number is not None else ""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\ndata: ")
    return f"event: {name}\n{mark}data: {lines}\n\n".encode()


async def stream(
    request: web.Request, simulator: Simulator, people: Residents, person: str, teller: Teller
) -> web.StreamResponse:
    """Serve one reader until it goes, lags too far behind, or we stop."""
    response = web.StreamResponse(headers=HEADERS)

    def cut() -> None:
        if request.transport is not None:
            request.transport.abort()  # a write that waits for a reader who does not read ends with it

    page = Stream(person, lambda room: people.in_room(person, room), cut)
    # A closed tab is no error.
    with simulator.streams.opened(page), suppress(ConnectionError):
        await response.prepare(request)
        await response.write(await teller.greeting())
        while page in simulator.streams.open:
            waiting = await _told(page, teller.patience())
            if request.transport is None or request.transport.is_closing():
                break  # nobody looks any more: what is told now is not seen
            await response.write(await teller.tell(waiting))
    return response


async def _told(page: Stream, patience: float) -> list[Told]:
    """What there is to tell, waiting for it."""
    try:
        async with asyncio.timeout(patience):
            waiting = [await page.waiting.get()]
    except TimeoutError:
        return []
    while len(waiting) < AT_ONCE and not page.waiting.empty():
        waiting.append(page.waiting.get_nowait())
    return [told for told in waiting if told is not None]


def close_streams(simulator: Simulator) -> None:
    """An open page would hold the shutdown for twice its timeout."""
    simulator.streams.close()
