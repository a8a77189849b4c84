"""A whole office to tell stories in: real database, real templates, real handlers; only the last edge is false.

`says` posts one message and gives what the bot said because of it; `passes` moves the clock and gives what it said
unasked; `crash` stops between two steps and starts again. At the end every message must have been looked at.
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot.app import Bot, installation_key
from bot.channels.simulator import NAME, Message
from bot.channels.simulator_posts import Posts
from bot.console.access import grants, sentences
from bot.console.api import Api
from bot.demo import Demo, open_demo
from bot.settings import Token
from models import notices, outbox
from models.incoming import Attachment, Incoming
from models.notices import Notice, NoticeState
from models.people import Role
from models.receipts import of_notice
from models.rules.durations import read_duration
from models.sealing import Secret

START = datetime.fromisoformat("2026-11-18T15:00+08:00")
# For a story that asks nothing of the database that a neighbour does not ask of both.
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def receipts_of(bot: Bot, number: int) -> dict[str, Any]:
    """The rows of a notice's receipts, by unit."""
    async with bot.store.read() as session:
        roster = (await bot.around.load(session)).roster
        notice = await notices.by_number(session, number)
        assert notice is not None
        return {roster.units[r.unit_id].name: r for r in await of_notice(session, notice.id)}


async def notices_of(bot: Bot) -> Sequence[Notice]:
    """All of them that were sent, in their order."""
    async with bot.store.read() as session:
        sent = select(Notice).where(Notice.number.is_not(None), Notice.state.not_in([NoticeState.DRAFT]))
        return (await session.scalars(sent.order_by(Notice.number))).all()


@dataclass
class Heard:
    """What the bot said at one moment; each message is taken once, and all must be."""

    messages: list[tuple[str, Message]] = field(default_factory=list)

    def to(self, place: str) -> Message:
        """Take the next message to a person or a room."""
        for index, (where, message) in enumerate(self.messages):
            if where == place:
                del self.messages[index]
                return message
        raise AssertionError(f"nothing was said to {place}; but {self}")

    def all_to(self, *places: str) -> list[str]:
        """Take every message to these places; gives the places, in order of speaking."""
        taken = [(w, m) for w, m in self.messages if not places or w in places]
        self.messages = [pair for pair in self.messages if pair not in taken]
        return [w for w, _ in taken]

    def lines(self) -> list[tuple[str, str]]:
        """Where, and what."""
        return [(where, message.text) for where, message in self.messages]

    def nothing(self) -> None:
        assert not self.messages, f"was not to be said: {self}"

    def __str__(self) -> str:
        return "; ".join(f"{where} ← {message.text!r}" for where, message in self.messages) or "silence"


class World:
    """One office and its clock."""

    def __init__(
        self, folder: Path, url: str, roster: Path | None, abilities: Mapping[str, bool] | None = None
    ) -> None:
        self.abilities = abilities or {}
        self.folder, self.url, self.roster = folder, url, roster
        self.heard: list[Heard] = []
        self._taken: list[int] = []  # outbox rows already looked at
        self._stack = AsyncExitStack()
        self.demo: Demo
        self.posts: Posts

    async def open(self, at: datetime | None = START) -> None:
        self.demo = await self._stack.enter_async_context(
            open_demo(self.folder, roster=self.roster, at=at, url=self.url, frozen=True)
        )
        self.demo.simulator.narrow(dict(self.abilities))
        bot = self.bot = self.demo.bot
        self.posts = Posts(
            self.demo.simulator, bot.dispatch, bot.store, bot.around, self.demo.clock, installation_key(self.folder)
        )

    async def close(self) -> None:
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    async def restart(self) -> None:
        """Stop in good order and start again on the same data."""
        await self.close()
        self.roster = None
        await self.open(at=None)

    @property
    def now(self) -> datetime:
        return self.demo.clock.now()

    async def is_down_until(self, at: datetime) -> None:
        """An outage: time passes while nobody is there."""
        self.demo.clock.move_to(at)
        await self.restart()

    async def says(
        self,
        person: str,
        text: str,
        *,
        room: str | None = None,
        quote: Message | int | None = None,
        pictures: tuple[bytes, ...] = (),
        client_id: str | None = None,
    ) -> Heard:
        await self.posts.message(
            {
                "from": person,
                "room": room,
                "text": text,
                "quote": quote.id if isinstance(quote, Message) else quote,
                "images": [base64.b64encode(p).decode() for p in pictures],
                "id": client_id,
            }
        )
        return await self.listen()

    async def sends(self, person: str, *files: Attachment) -> Heard:
        """Files in private, as other doors hand them in: the simulator's page knows none."""
        incoming = Incoming(
            channel=NAME,
            external_id=uuid4().hex,
            person=person,
            room=None,
            words=Secret(""),
            at=self.now,
            files=files,
        )
        await self.demo.bot.dispatch.submit(incoming)
        return await self.listen()

    async def reply(self, person: str, text: str, *, room: str | None = None, pictures: tuple[bytes, ...] = ()) -> str:
        """What the bot answered this person; whatever else it said is another test's matter."""
        said = await self.says(person, text, room=room, pictures=pictures)
        answer = said.to(person).text
        said.all_to()
        return answer

    async def presses(self, person: str, message: Message, key: str) -> Heard:
        await self.posts.click({"from": person, "message": message.id, "key": key})
        return await self.listen()

    async def passes(self, duration: str) -> Heard:
        """Move the clock on by an ISO 8601 duration."""
        step = read_duration(duration)
        assert step is not None
        return await self.until(self.now + step)

    async def until(self, at: datetime | str) -> Heard:
        await self.demo.advance(datetime.fromisoformat(at) if isinstance(at, str) else at)
        return await self.listen()

    async def listen(self) -> Heard:
        """Let everything due be done and sent, then collect what is new."""
        await self.demo.bot.settle()
        fresh: list[tuple[str, Message]] = []
        simulator = self.demo.simulator
        people = (await self.posts.roster()).people
        query = select(*outbox.TABLE.c).where(outbox.TABLE.c.state == "sent", outbox.TABLE.c.edits.is_(None))
        async with self.demo.bot.store.read() as session:
            for row in await session.execute(query.where(outbox.TABLE.c.id.not_in(self._taken))):
                self._taken.append(row.id)
                place = row.room or simulator.names.person(row.person, people) or row.person
                fresh.append((place, simulator.from_outbox(row._mapping)))
        fresh.sort(key=lambda pair: pair[1].id)
        heard = Heard(fresh)
        self.heard.append(heard)
        return heard

    async def room(self, room: str) -> list[Message]:
        return await self.demo.simulator.listing("clerk", room, 0)

    async def receipts(self, number: int) -> dict[str, Any]:
        """The rows of a notice's receipts, by unit."""
        return await receipts_of(self.bot, number)

    async def notices(self) -> Sequence[Notice]:
        return await notices_of(self.bot)

    async def ledger(self, number: int) -> dict[str, dict[str, Any]]:
        """The receipts of a notice by unit, as the read API tells them."""
        notice = await self.api(f"/api/notices/{number}")
        return {row["unit"]: row for row in notice["receipts"]}

    async def api(self, path: str) -> Any:
        """Ask the read API with the demo's token."""
        async with TestClient(TestServer(self._application())) as client:
            answer = await client.get(path, headers={"Authorization": "Bearer demo"})
            assert answer.status == 200, await answer.text()
            return await answer.json()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[sentences])
        Api(self.demo.bot, grants([Token(token=SecretStr("demo"), role=Role.CLERK)])).add_to(app)
        return app

    def nothing_unheard(self) -> None:
        for heard in self.heard:
            heard.nothing()


@asynccontextmanager
async def opened(folder: Path, url: str = "", roster: Path | None = None) -> AsyncIterator[World]:
    world = World(folder, url, roster)
    await world.open()
    try:
        yield world
    finally:
        await world.close()
