"""`shoudao demo`: a throw-away office with the sample roster, the simulator, and a clock that can be moved on."""

import asyncio
import contextlib
import hashlib
import signal
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot import recipients
from bot.app import Bot, build, installation_key, locked, running
from bot.channels.simulator import Simulator
from bot.channels.simulator_http import Routes
from bot.channels.simulator_page import Page
from bot.channels.simulator_posts import Posts
from bot.clock import SAFETY, DemoClock, SystemClock, Ticker
from bot.collecting import spare_those_who_wait
from bot.console.access import grant, sentences
from bot.console.api import Api
from bot.console.health import Health
from bot.console.leads import LeadDesk
from bot.importing import ROOMS, put_in_place, read_roster
from bot.process import prepare_process
from models import outbox, pinned
from models.marks import read_mark, read_time, write_mark
from models.office import Office
from models.people import Person, Role
from models.pseudonyms import Pseudonyms
from models.rooms import Room
from models.sealing import Recipients
from models.store import Store

SAMPLE = Path(__file__).with_name("sample") / "roster.csv"
TOKEN = "demo"  # noqa: S105  # public on purpose: it opens throw-away data on loopback
LARGEST_BODY = 130 << 20  # nine pictures of ten megabytes in base64
SHORTEST, LONGEST = timedelta(milliseconds=1), timedelta(hours=1)
OFFICE = (
    ("clerk", "经办", (Role.CLERK,)),
    ("head", "主任", (Role.HEAD,)),
    ("lead1", "线索专员一", (Role.LEAD_OFFICER,)),
    ("lead2", "线索专员二", (Role.LEAD_OFFICER,)),
    ("auditor", "审计", (Role.AUDITOR,)),
)


@dataclass(frozen=True)
class Demo:
    """A demo that runs: its organs, its clock, and the web application in front of them."""

    bot: Bot
    clock: DemoClock
    simulator: Simulator
    app: web.Application

    async def advance(self, target: datetime) -> None:
        """Move the clock, stopping at everything that falls due on the way, in its order."""
        stride = SHORTEST
        while True:
            await self.bot.settle()
            due = [await self.bot.dispatch.next_due(), await self.next_message()]
            upcoming = min((at for at in due if at is not None), default=None)
            if upcoming is None or upcoming > target:
                break
            # What is due but cannot be done just now must not hold the clock: it is tried again in ever longer strides.
            stride = min(stride * 2, LONGEST) if upcoming <= self.clock.now() else SHORTEST
            self.clock.move_to(min(target, max(upcoming, self.clock.now() + stride)))
        self.clock.move_to(target)
        await self.bot.settle()
        await self.bot.store.write(self.remember)

    async def next_message(self) -> datetime | None:
        async with self.bot.store.read() as session:
            return await outbox.next_due(session)

    async def beat(self) -> None:
        """Do what is due, and write down a time that the clock will not reach before the next beat: after a kill it
        goes on from there, and so never back."""
        await self.bot.beat()
        ahead = timedelta(seconds=2 * SAFETY)
        await self.bot.store.write(lambda session: self.remember(session, ahead))

    async def remember(self, session: AsyncSession, ahead: timedelta = timedelta(0)) -> None:
        await write_mark(session, "demo clock", (self.clock.now() + ahead).isoformat())


@asynccontextmanager
async def open_demo(
    folder: Path, *, roster: Path | None = None, at: datetime | None = None, url: str = "", frozen: bool = False
) -> AsyncIterator[Demo]:
    """Everything of a demo but the listening socket. With data already in `folder` the clock goes on from there."""
    async with locked(folder):
        store = Store(url or f"sqlite+aiosqlite:///{folder / 'shoudao.sqlite3'}")
        try:
            await store.open()
            await store.write(lambda session: furnish(session, roster or SAMPLE, replace=roster is not None))
            clock = DemoClock(at or SystemClock().now(), frozen=frozen)
            simulator = Simulator(store, clock, Pseudonyms(installation_key(folder)))
            last = max(filter(None, (await simulator.start(), await _remembered(store))), default=None)
            if last is not None:
                clock = simulator.clock = DemoClock(last, frozen=frozen)
            keys = throw_away_keys(folder)
            await store.write(lambda session: pinned.pin(session, keys))  # made here: there is nothing to agree to
            bot = build(store=store, clock=clock, office=Office(), folder=folder, recipients=keys)
            bot.doors.add(simulator)
            async with running(bot):
                demo = _demo(bot, clock, simulator)
                yield demo
                await store.write(demo.remember)
        finally:
            await store.close()


def _demo(bot: Bot, clock: DemoClock, simulator: Simulator) -> Demo:
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[sentences])
    demo = Demo(bot, clock, simulator, app)
    posts = Posts(simulator, bot.dispatch, bot.store, bot.around, clock, installation_key(bot.folder))
    Routes(simulator, posts, bot.media, clock, demo.advance).add_to(app)
    Page(posts).add_to(app)
    known = [
        grant(TOKEN, Role.CLERK),
        grant(f"{TOKEN}-lead", Role.LEAD_OFFICER),
        grant(f"{TOKEN}-audit", Role.AUDITOR),
    ]
    Api(bot, known).add_to(app)
    LeadDesk(bot, known).add_to(app)
    Health(bot).add_to(app)
    app.router.add_static("/static", Path(__file__).resolve().parent.parent / "templates" / "pages" / "static")
    return demo


async def _remembered(store: Store) -> datetime | None:
    async with store.read() as session:
        return await read_time(session, "demo clock")


async def furnish(session: AsyncSession, roster: Path, *, replace: bool) -> None:
    """Rooms, the office's people and the units, unless they are there already."""
    if await read_mark(session, "roster") is not None and not replace:
        return
    rooms = [
        await session.merge(Room(id=room, name=name, audience=[kind], position=position))
        for position, (room, (name, kind)) in enumerate(ROOMS.items())
    ]
    for person, name, roles in OFFICE:
        await session.merge(Person(id=person, name=name, roles=[str(role) for role in roles]))
    await session.flush()
    await put_in_place(session, read_roster(roster, rooms))


def throw_away_keys(folder: Path) -> Recipients:
    """Keys for the demo's leads, made beside its data: good for trying, never for real leads."""
    keys = folder / "throw-away-keys"
    if not (keys / "recipients.toml").exists():
        recipients.make_keys(keys, ["lead1", "lead2"])
    digest = hashlib.sha256((keys / "recipients.toml").read_bytes()).hexdigest()
    return recipients.load(keys / "recipients.toml", digest)


async def serve(
    *, host: str, port: int, folder: Path | None, roster: Path | None, at: datetime | None, browser: bool
) -> None:
    """Run until interrupted, and say where."""
    prepare_process()
    with contextlib.ExitStack() as stack:
        kept = folder is not None
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shoudao-demo-")))
        async with open_demo(place, roster=roster, at=at) as demo:
            runner = web.AppRunner(demo.app, access_log=None, shutdown_timeout=5)
            await runner.setup()
            ticker = Ticker(demo.beat)
            try:
                site = web.TCPSite(runner, host, port)
                await site.start()
                address = f"http://{host}:{runner.addresses[0][1]}/sim"
                note = "" if kept else "（数据随退出删除；线索密钥是演示用的，不要录入真实线索）"
                print(f"演示已就绪：{address}{note}", flush=True)  # noqa: T201
                if browser:
                    await asyncio.to_thread(webbrowser.open, address)
                ticker.start()
                spare_those_who_wait()
                await _until_interrupted()
            finally:
                await ticker.stop()
                await runner.cleanup()


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
