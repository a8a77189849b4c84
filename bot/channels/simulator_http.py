"""The simulator's routes: the page, its JSON, and the event stream."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.channels.simulator import Simulator, Stream
from bot.channels.simulator_posts import Posts, read_instant
from bot.clock import DemoClock
from bot.faults import Fault
from bot.media import Media
from models.rules.durations import read_duration

PAGES = Path(__file__).resolve().parent.parent.parent / "templates" / "pages"
PING = 15.0
FARTHEST = timedelta(days=400)  # one move of the clock
Body = dict[str, Any]


class Routes:
    """HTTP in front of `Posts`. Every fault is `{"error": "<one sentence>"}` with a 4xx."""

    def __init__(
        self,
        simulator: Simulator,
        posts: Posts,
        media: Media,
        clock: DemoClock,
        advance: Callable[[Any], Awaitable[None]],
    ) -> None:
        self.simulator, self.posts, self.media, self.clock, self._advance = simulator, posts, media, clock, advance
        self.zone = posts.around.office.zone

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.root)
        app.router.add_get("/sim", self.page)
        app.router.add_get("/sim/api/state", self.state)
        app.router.add_post("/sim/api/messages", self.post_message)
        app.router.add_get("/sim/api/messages", self.messages)
        app.router.add_post("/sim/api/clicks", self.click)
        app.router.add_post("/sim/api/clock", self.move_clock)
        app.router.add_post("/sim/api/abilities", self.abilities)
        app.router.add_get("/sim/api/stream", self.stream)
        app.router.add_get("/sim/images/{name}", self.image)
        app.on_shutdown.append(self.close_streams)

    async def root(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/sim")

    async def page(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "sim.html", headers={"Cache-Control": "no-store"})

    async def state(self, _: web.Request) -> web.Response:
        roster = await self.posts.roster()
        rooms = [
            {"id": room.id, "name": room.name, "people": [p.id for p in roster.people_of_room(room.id)]}
            for room in roster.rooms.values()
        ]
        people = [
            {"id": p.id, "name": p.name, "unit": p.unit.name if p.unit is not None else None, "roles": sorted(p.roles)}
            for p in roster.people.values()
        ]
        return _json({"now": self._now(), "rooms": rooms, "people": people})

    async def post_message(self, request: web.Request) -> web.Response:
        return _json(await self.posts.message(await read_body(request)))

    async def click(self, request: web.Request) -> web.Response:
        return _json(await self.posts.click(await read_body(request)))

    async def messages(self, request: web.Request) -> web.Response:
        room = request.query.get("room", "private")
        where = None if room == "private" else room
        _, member = await self.posts.member(request.query.get("as"), where)
        after = request.query.get("after", "0") or "0"
        if not after.isascii() or not after.isdigit() or len(after) > 15:
            raise Fault(400, "after 应是消息编号（整数）")
        found = await self.simulator.listing(member.id, where, int(after))
        return _json([message.as_json(self.zone) for message in found])

    async def move_clock(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        now = self.clock.now()
        if ("advance" in body) == ("to" in body):
            raise Fault(400, '请给出 advance（如 "PT2H"）或 to（带时区的时间）之一')
        if "to" in body:
            target = read_instant(body["to"])
            if target < now - timedelta(seconds=1):
                raise Fault(400, "时钟只能往前拨")
        else:
            step = read_duration(body["advance"]) if isinstance(body["advance"], str) else None
            if step is None:
                raise Fault(400, 'advance 应是 ISO 8601 时长，如 "PT2H"、"P1D"')
            target = now + step if step <= FARTHEST else now + FARTHEST * 2
        if target - now > FARTHEST:
            raise Fault(400, f"一次最多快进{FARTHEST.days}天")
        await self._advance(target)
        return _json({"now": self._now()})

    async def abilities(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        wrong = [k for k, v in body.items() if k not in ("hears_all", "buttons", "edit") or not isinstance(v, bool)]
        if wrong:
            raise Fault(400, "只能设 hears_all、buttons、edit，值为 true 或 false")
        self.simulator.narrow(body)
        now = self.simulator.abilities
        return _json({"hears_all": now.hears_all, "buttons": now.buttons, "edit": now.edit})

    async def image(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
        held = self.simulator.pictures.get(name)
        if held is not None:
            return web.Response(body=held.data, content_type=held.mime, headers=headers)
        path = self.media.path(name)
        if path is None:
            raise Fault(404, "没有这张图片")
        return web.FileResponse(path, headers=headers)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events, one per message this person can see; `edit` when one changes in place."""
        _, member = await self.posts.member(request.query.get("as"))
        roster = await self.posts.roster()
        rooms = {r for r in roster.rooms if any(p.id == member.id for p in roster.people_of_room(r))}
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        stream = Stream(member.id)
        self.simulator.streams.add(stream)
        with suppress(ConnectionResetError):  # a closed tab is no error
            try:
                await response.prepare(request)
                await response.write(b": here\n\n")
                while stream in self.simulator.streams:
                    await self._feed(stream, rooms, response)
            finally:
                self.simulator.streams.discard(stream)
        return response

    async def _feed(self, stream: Stream, rooms: set[str], response: web.StreamResponse) -> None:
        try:
            told = await asyncio.wait_for(stream.waiting.get(), PING)
        except TimeoutError:
            await response.write(b": ping\n\n")
            return
        if told is None:
            return
        event, message = told
        if message.room is not None and message.room not in rooms:
            return
        if event == "edit":
            message = await self.simulator.bots(message.id) or message
        data = json.dumps(message.as_json(self.zone), ensure_ascii=False)
        await response.write(f"event: {event}\nid: {message.id}\ndata: {data}\n\n".encode())

    async def close_streams(self, _: web.Application) -> None:
        """An open page would hold the shutdown for twice its timeout."""
        for stream in list(self.simulator.streams):
            self.simulator.streams.discard(stream)
            with suppress(asyncio.QueueFull):
                stream.waiting.put_nowait(None)

    def _now(self) -> str:
        return self.clock.now().astimezone(self.zone).isoformat(timespec="seconds")


async def read_body(request: web.Request) -> Body:
    """The JSON object of a request; anything else is one clear sentence."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Fault(400, "请求体不是有效的 JSON") from None
    if not isinstance(body, dict):
        raise Fault(400, "请求体应是一个 JSON 对象")
    return body


def _json(value: object) -> web.Response:
    return web.json_response(value, dumps=_dumps)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
