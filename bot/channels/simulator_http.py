"""The simulator's routes: its JSON and the event stream; the page's own stand in simulator_page.py."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.channels.simulator import Simulator
from bot.channels.simulator_posts import Posts
from bot.channels.simulator_shapes import read_instant, read_object
from bot.channels.simulator_streaming import Messages, close_streams, stream
from bot.clock import DemoClock
from bot.faults import Fault
from bot.media import Media
from models.rules.durations import read_duration

FARTHEST = timedelta(days=400)  # one move of the clock


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
        self._moving = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.root)
        app.router.add_get("/sim/api/state", self.state)
        app.router.add_post("/sim/api/messages", self.post_message)
        app.router.add_get("/sim/api/messages", self.messages)
        app.router.add_post("/sim/api/clicks", self.click)
        app.router.add_post("/sim/api/clock", self.move_clock)
        app.router.add_post("/sim/api/abilities", self.abilities)
        app.router.add_get("/sim/api/stream", self.stream, allow_head=False)
        app.router.add_get("/sim/images/{name}", self.image)
        app.on_shutdown.append(self.close_streams)

    async def root(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/sim")

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
        member = await self.posts.people.member(request.query.get("as"), where)
        after = request.query.get("after", "0") or "0"
        if not after.isascii() or not after.isdigit() or len(after) > 15:
            raise Fault(400, "after 应是消息编号（整数）")
        found = await self.simulator.listing(member.id, where, int(after))
        return _json([message.as_json(self.zone) for message in found])

    async def move_clock(self, request: web.Request) -> web.Response:
        """Move on and do all that falls due on the way. Two calls at once take turns: two hours and two are four."""
        body = await read_body(request)
        if ("advance" in body) == ("to" in body):
            raise Fault(400, '请给出 advance（如 "PT2H"）或 to（带时区的时间）之一')
        target = self._target(read_instant(body["to"])) if "to" in body else None
        step = read_duration(body["advance"]) if isinstance(body.get("advance"), str) else None
        if target is None and step is None:
            raise Fault(400, 'advance 应是 ISO 8601 时长，如 "PT2H"、"P1D"')
        async with self._moving:
            if step is not None:
                target = self._target(self.clock.now() + min(step, FARTHEST * 2))
            await self._advance(target)
        self.simulator.streams.wake()
        return _json({"now": self._now()})

    def _target(self, at: datetime) -> datetime:
        """Where the clock is to go, if it may; the second that a reader has just been shown is no past."""
        now = self.clock.now()
        if at < now - timedelta(seconds=1):
            raise Fault(400, "时钟只能往前拨")
        if at - now > FARTHEST:
            raise Fault(400, f"一次最多快进{FARTHEST.days}天")
        return at

    async def abilities(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        wrong = [k for k, v in body.items() if k not in ("hears_all", "buttons", "edit") or not isinstance(v, bool)]
        if wrong:
            raise Fault(400, "只能设 hears_all、buttons、edit，值为 true 或 false")
        self.simulator.narrow(body)
        now = self.simulator.abilities
        return _json({"hears_all": now.hears_all, "buttons": now.buttons, "edit": now.edit})

    async def image(self, request: web.Request) -> web.StreamResponse:
        """A picture by its name, the hash of its content. What was sent in private stays out of the browser's cache."""
        name = request.match_info["name"]
        path = self.media.path(name)
        if path is not None:
            return web.FileResponse(path, headers={"Cache-Control": "private, max-age=86400"})
        held = self.simulator.pictures.get(name)
        if held is None:
            raise Fault(404, "没有这张图片")
        return web.Response(body=held.data, content_type=held.mime)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        member = await self.posts.people.member(request.query.get("as"))
        return await stream(request, self.simulator, self.posts.people, member.id, Messages(self.zone))

    async def close_streams(self, _: web.Application) -> None:
        close_streams(self.simulator)

    def _now(self) -> str:
        return self.clock.now().astimezone(self.zone).isoformat(timespec="seconds")


async def read_body(request: web.Request) -> dict[str, Any]:
    try:
        data = await request.read()
    except (web.RequestPayloadError, ConnectionError):
        raise Fault(400, "请求体没有传完，或编码不对") from None
    return read_object(data)


def _json(value: object) -> web.Response:
    return web.json_response(value, dumps=_dumps)


_dumps = json.JSONEncoder(ensure_ascii=False).encode
