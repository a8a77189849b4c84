"""The organs without their loops: a real database and real handlers, a door that ends as it is told, a clock that stands."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from bot import demo
from bot.app import Bot, build
from bot.channels import Abilities, Outcome, Outgoing, sent
from bot.clock import DemoClock
from bot.dispatch import Dispatch
from bot.sender import Sender
from handlers.registry import Registry
from models import outbox
from models.incoming import Incoming
from models.office import Office
from models.outbox import Outbox
from models.sealing import Secret
from models.store import Store

START = datetime.fromisoformat("2026-11-18T15:00+08:00")
ABLE = Abilities(True, True, True, True, True, True, True)


class FakeDoor:
    """A door whose answers are written beforehand: outcomes, exceptions, or functions of the message."""

    def __init__(self, name: str = "fake", *, shows_settled_only: bool = False) -> None:
        self.name, self.abilities, self.shows_settled_only = name, ABLE, shows_settled_only
        self.answers: deque[Any] = deque()
        self.posted: list[Outgoing] = []
        self.settlements: list[tuple[int, Outcome]] = []
        self.settled_once = asyncio.Event()

    async def send(self, message: Outgoing) -> Outcome:
        self.posted.append(message)
        answer = self.answers.popleft() if self.answers else sent(str(len(self.posted)))
        if callable(answer):
            answer = await answer(message)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Outcome)
        return answer

    def settled(self, message: Outgoing, outcome: Outcome) -> None:
        self.settlements.append((message.id, outcome))
        self.settled_once.set()


class Spine:
    """One set of organs on one database, and a few questions to ask of it."""

    def __init__(self, bot: Bot, clock: DemoClock, door: FakeDoor) -> None:
        self.bot, self.clock, self.door = bot, clock, door
        self.store, self.sender = bot.store, bot.sender
        self.senders = [bot.sender]

    def later(self, **span: float) -> datetime:
        self.clock.move_to(self.clock.now() + timedelta(**span))
        return self.clock.now()

    def another_sender(self) -> Sender:
        """One more on the same store and doors."""
        self.senders.append(Sender(self.store, self.bot.doors, self.bot.around, self.clock))
        return self.senders[-1]

    async def put(self, key: str, **columns: Any) -> None:
        await self.store.write(lambda session: outbox.add_rows(session, [a_row(key, self.clock.now(), **columns)]))

    async def row(self, key: str) -> Outbox:
        async with self.store.read() as session:
            found = await outbox.by_key(session, key)
        assert found is not None, key
        return found

    async def ask(self, query: Callable[[AsyncSession], Any]) -> Any:
        async with self.store.read() as session:
            return await query(session)

    async def all(self, query: Any) -> list[Any]:
        async with self.store.read() as session:
            return list((await session.execute(query)).all())


@asynccontextmanager
async def serving(spine: Spine, registry: Registry | None = None) -> AsyncIterator[Dispatch]:
    """A dispatch at work, stopped at the end as by a kill: what waits for its time is not waited for."""
    bot = spine.bot
    dispatch = Dispatch(bot.store, registry or bot.dispatch.registry, bot.around, bot.clock, lambda: None)
    task = asyncio.create_task(dispatch.run())
    try:
        yield dispatch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def a_row(key: str, at: datetime, **columns: Any) -> dict[str, Any]:
    """A row of the outbox as handlers gather them."""
    place = {} if "person" in columns else {"room": "members"}
    blank: dict[str, Any] = {
        "key": key,
        "kind": "test",
        "channel": "fake",
        "room": None,
        "person": None,
        "body": f"正文 {key}",
        "buttons": [],
        "mentions": [],
        "quote": None,
        "edits": None,
        "send_class": "at_least_once",
        "office_hours": False,
        "wants": [],
        "notice_id": None,
        "created_at": at,
        "due_at": at,
        "not_after": None,
        "state": "pending",
        "attempts": 0,
        "claimed_until": None,
        "reason": "",
    }
    return blank | place | columns


def message(text: str, person: str = "u018", room: str | None = "members", **more: Any) -> Incoming:
    """Something said, as a door hands it in."""
    name = more.pop("external_id", None) or uuid4().hex
    at = more.pop("at", START)
    more = {"message": name, **more}
    return Incoming(channel="fake", external_id=name, person=person, room=room, words=Secret(text), at=at, **more)


_made: dict[str, bytes] = {}  # a furnished SQLite file, made once a run


async def furnish(url: str) -> None:
    """Tables, the sample roster and the office's people."""
    path = make_url(url).database if url.startswith("sqlite") else None
    if path is not None and "sqlite" in _made:
        Path(path).write_bytes(_made["sqlite"])  # noqa: ASYNC240
        return
    store = Store(url)
    await store.open()
    await store.write(lambda session: demo.furnish(session, demo.SAMPLE, replace=False))
    await store.close()
    if path is not None:
        _made["sqlite"] = Path(path).read_bytes()  # noqa: ASYNC240


@asynccontextmanager
async def organs(url: str, folder: Path, *, fresh: bool = True) -> AsyncIterator[Spine]:
    """`fresh` is False for the second set of organs on a database that the first has furnished."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    if fresh:
        await furnish(url)
    store = Store(url)
    try:
        clock = DemoClock(START, frozen=True)
        bot = build(store=store, clock=clock, office=Office(), folder=folder, recipients=None)
        door = FakeDoor()
        bot.doors.add(door)
        spine = Spine(bot, clock, door)
        yield spine
        for sender in spine.senders:
            await sender.presence.leave()
    finally:
        await store.close()
