"""Server-sent events: one per message that a person can see, and `edit` when the bot changes one in place."""

import asyncio
import json
from contextlib import suppress
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.channels.simulator import Message, Simulator
from bot.channels.simulator_people import Residents
from bot.channels.simulator_streams import Stream, Told
from bot.console.access import SECURITY

PING = 15.0
AT_ONCE = 50  # events in one write
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", **SECURITY}


async def stream(request: web.Request, simulator: Simulator, people: Residents, zone: ZoneInfo) -> web.StreamResponse:
    """Serve one page until it goes, lags too far behind, or we stop."""
    member = await people.member(request.query.get("as"))
    response = web.StreamResponse(headers=HEADERS)

    def cut() -> None:
        if request.transport is not None:
            request.transport.abort()  # a write that waits for a reader who does not read ends with it

    page = Stream(member.id, lambda room: people.in_room(member.id, room), cut)
    # A closed tab is no error.
    with simulator.streams.opened(page), suppress(ConnectionError):
        await response.prepare(request)
        await response.write(b": here\n\n")
        while page in simulator.streams.open:
            await response.write(await _events(page, zone))
    return response


async def _events(page: Stream, zone: ZoneInfo) -> bytes:
    """What there is to tell, waiting for it; a comment after a long silence, so that a dead connection is noticed."""
    try:
        waiting = [await asyncio.wait_for(page.waiting.get(), PING)]
    except TimeoutError:
        return b": ping\n\n"
    while len(waiting) < AT_ONCE and not page.waiting.empty():
        waiting.append(page.waiting.get_nowait())
    return b"".join([await _event(told, zone) for told in waiting if told is not None])


async def _event(told: Told, zone: ZoneInfo) -> bytes:
    message = await told.data()
    if not isinstance(message, Message):
        return b""
    data = json.dumps(message.as_json(zone), ensure_ascii=False)
    mark = f"id: {message.id}\n" if told.event == "message" else ""
    return f"event: {told.event}\n{mark}data: {data}\n\n".encode()


def close_streams(simulator: Simulator) -> None:
    """An open page would hold the shutdown for twice its timeout."""
    simulator.streams.close()
