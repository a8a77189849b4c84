"""The simulator's page: made on the server, kept up to date by a stream of fragments; what it does goes to the JSON door."""

from urllib.parse import urlencode

from aiohttp import web

from bot.channels.simulator_form import read_form
from bot.channels.simulator_posts import Posts
from bot.channels.simulator_sight import PRIVATE, Sight, Stage
from bot.channels.simulator_streaming import stream
from bot.channels.simulator_watching import Fragments
from bot.faults import Fault
from bot.render import Pages
from models.roster import Member, Roster

FIRST = "clerk"  # whom a newcomer is


class Page:
    """`/sim?as=PERSON&room=ROOM`; without a room the list alone, as on a phone."""

    def __init__(self, posts: Posts) -> None:
        self.posts = posts
        self.stage = Stage(posts.simulator, posts.people, Pages(), posts.around.office)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/sim", self.page)
        app.router.add_get("/sim/earlier", self.earlier)
        app.router.add_get("/sim/stream", self.stream, allow_head=False)
        app.router.add_post("/sim/messages", self.post)

    async def page(self, request: web.Request) -> web.Response:
        """The page, or only its window for a page that is there already; an address that leads nowhere is put right."""
        roster = await self.posts.roster()
        me = roster.people.get(request.query.get("as", "")) or self._first(roster)
        sight = Sight(self.stage, me, request.query.get("room"))
        state = self.stage.state()
        await sight.read()
        if sight.where and sight.open is None:
            sight.where = PRIVATE
            await sight.read()
        place = {"as": me.id} | ({"room": sight.where} if sight.where else {})
        watch = urlencode({**place, "known": state})
        facts = sight.facts | {"sight": sight, "member": me, "watch": watch}
        if "HX-Request" not in request.headers:
            return _html(self.stage.pages("sim", **facts | self.stage.time() | {"groups": self._groups(roster)}))
        answer = _html(self.stage.pages("sim/window", **facts))
        if place != dict(request.query):
            answer.headers["HX-Push-Url"] = f"/sim?{urlencode(place)}"
        return answer

    def _first(self, roster: Roster) -> Member:
        return roster.people.get(FIRST) or next(iter(roster.people.values()))

    def _groups(self, roster: Roster) -> dict[str | None, list[Member]]:
        """Everybody, by the first of their rooms; the office apart."""
        groups: dict[str | None, list[Member]] = {}
        for person in roster.people.values():
            rooms = (room.name for room in roster.rooms.values() if self.posts.people.in_room(person.id, room.id))
            groups.setdefault(next(rooms, "") if person.unit is not None else None, []).append(person)
        return groups

    async def earlier(self, request: web.Request) -> web.Response:
        sight = await self._sight(request)
        number = request.query.get("before", "")
        if sight.open is None or not number.isdecimal() or len(number) > 15:
            raise Fault(400, "before 应是消息编号（整数），room 应是群编号或 private")
        messages, more = await sight.before(sight.open, int(number))
        return _html(self.stage.pages("sim/messages", messages=messages, more=more, where=sight.where, **sight.facts))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        member = await self.posts.people.member(request.query.get("as"))
        sight = Sight(self.stage, member, request.query.get("room"))
        told = Fragments(self.stage, sight, request.query.get("known", ""))
        return await stream(request, self.stage.simulator, self.stage.people, member.id, told)

    async def post(self, request: web.Request) -> web.Response:
        body = await read_form(request)
        await self.posts.message(body | {"room": None if body["room"] == PRIVATE else body["room"]})
        return web.Response(status=204)

    async def _sight(self, request: web.Request) -> Sight:
        sight = Sight(self.stage, await self.posts.people.member(request.query.get("as")), request.query.get("room"))
        await sight.read()
        return sight


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")
