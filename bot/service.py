"""`shoudao run`: the service from its settings, and the organs that the other commands borrow when it does not run."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import inherited, recipients
from bot.alarming import Alarming, kept_up
from bot.app import Bot, build, installation_key, locked, running
from bot.channels.terminal import Terminal
from bot.channels.wecom.building import Legs, open_wecom
from bot.channels.wecom.pace import Pace
from bot.clock import Clock, SystemClock, Ticker
from bot.collecting import spare_those_who_wait
from bot.console.access import grants, sentences
from bot.console.api import Api
from bot.console.health import Health
from bot.console.leads import LeadDesk
from bot.control import Control
from bot.heartbeat import Heartbeat
from bot.nightly import Nightly
from bot.process import prepare_process
from bot.settings import Settings, clock_time
from models import alarms, posts
from models.rooms import Room
from models.roster import touch_roster
from models.rules.role_changes import Post
from models.sealing import Recipients
from models.store import Store

BODY = 64 * 1024
UNFIT = "recipients unfit"
LOOK_EVERY = 60.0  # seconds


@dataclass(frozen=True)
class Service:
    """The organs of a configured bot, with the door that the command line speaks through."""

    bot: Bot
    terminal: Terminal
    settings: Settings
    wecom: Legs | None = None


@asynccontextmanager
async def _wecom(bot: Bot, settings: Settings, live: bool, pace: Pace | None) -> AsyncIterator[Legs | None]:
    if not settings.wecom.in_use:
        yield None
        return
    async with open_wecom(bot, settings.wecom, installation_key(settings.shared), connect=live, pace=pace) as legs:
        yield legs


@asynccontextmanager
async def opened(
    settings: Settings, *, clock: Clock | None = None, live: bool = False, pace: Pace | None = None
) -> AsyncIterator[Service]:
    """Everything but the web: the database brought up to date, the configuration's people and rooms in place.

    `live`: this is the service itself, which keeps the connections that only one process may have. `clock` and `pace`
    are the system's unless given.
    """
    folder = settings.data.dir
    async with locked(folder):
        store = Store(settings.database_url)
        try:
            await store.open()
            clock = clock or SystemClock()
            now = clock.now()
            await store.write(lambda session: _furnish(session, settings, now))
            settings.shared.mkdir(mode=0o700, parents=True, exist_ok=True)
            known, why_not = _officers_now(settings)
            await store.write(lambda session: _say_why(session, why_not, now))
            bot = build(
                store=store,
                clock=clock,
                office=settings.as_office(),
                folder=folder,
                shared=settings.shared,
                recipients=known,
            )
            terminal = Terminal()
            bot.doors.add(terminal, carries_all=False)
            async with _wecom(bot, settings, live, pace) as legs, running(bot):
                yield Service(bot, terminal, settings, legs)
        finally:
            await store.close()


def officers(settings: Settings) -> Recipients | None:
    """Who can open leads; None, which means that none are taken, while nothing is pinned. Raises RecipientsError."""
    if not settings.leads.fingerprint:
        return None
    return recipients.load(settings.leads.recipients, settings.leads.fingerprint)


def _officers_now(settings: Settings) -> tuple[Recipients | None, str]:
    """Who can open leads, and why nobody can where the pinned list is unfit. Raises RecipientsError."""
    try:
        return officers(settings), ""
    except recipients.Unfit as fault:
        return None, str(fault)


async def _say_why(session: AsyncSession, why_not: str, now: datetime) -> None:
    """Without leads the rest goes on, and that is an alarm until it is mended."""
    await alarms.clear_alarm(session, now, UNFIT)
    if why_not:
        await alarms.raise_alarm(session, now, UNFIT, why_not)


async def _furnish(session: AsyncSession, settings: Settings, now: datetime) -> None:
    """The configuration's own people and rooms; what it no longer names is no longer anybody."""
    people = settings.office.person
    named = {one.id: (one.name, Post(frozenset(map(str, one.roles)), one.wecom)) for one in people}
    await posts.fill(session, named, now)
    bound = {room.id: room.chat_id for room in await session.scalars(select(Room))}
    for position, room in enumerate(settings.room):
        await session.merge(
            Room(
                id=room.id,
                name=room.name,
                purpose=room.purpose,
                audience=list(room.audience),
                position=position,
                ends_on=room.ends_on,
                chat_id=room.chat_id or bound.get(room.id, ""),  # bound in the group by a clerk
            )
        )
    await touch_roster(session)


async def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Run until interrupted."""
    prepare_process()
    sockets = inherited.sockets()
    async with opened(settings, live=True) as service, kept_up(_alarming(service)), aiohttp.ClientSession() as http:
        bot = service.bot
        runner = web.AppRunner(_app(service), access_log=None, shutdown_timeout=5)
        inner = web.AppRunner(Control(bot, service.terminal).app(), access_log=None, shutdown_timeout=5)
        await runner.setup()
        await inner.setup()
        tickers = [Ticker(bot.beat), *_tickers(service, http)]
        path = socket_path(settings.data.dir)
        try:
            for site in _sites(runner, settings, sockets):
                await site.start()
            path.unlink(missing_ok=True)
            await web.UnixSite(inner, str(path)).start()
            path.chmod(0o600)
            for ticker in tickers:
                ticker.start()
            spare_those_who_wait()
            say(f"收到助手已启动：http://{settings.web.listen}/healthz")
            await interrupted()
        finally:
            for ticker in tickers:
                await ticker.stop()
            await runner.cleanup()
            await inner.cleanup()
            path.unlink(missing_ok=True)


def _alarming(service: Service) -> Alarming:
    bot, settings = service.bot, service.settings
    url = settings.alarm.url.get_secret_value()
    return Alarming(bot.store, bot.clock, bot.troubles, office=settings.office.name, url=url)


def _app(service: Service) -> web.Application:
    app = web.Application(client_max_size=BODY, middlewares=[sentences])
    known = grants(service.settings.api.token)
    Api(service.bot, known).add_to(app)
    LeadDesk(service.bot, known).add_to(app)
    Health(service.bot).add_to(app)
    for callback in service.wecom.callbacks if service.wecom is not None else ():
        callback.add_to(app)
    return app


def _sites(runner: web.AppRunner, settings: Settings, sockets: Sequence[socket.socket]) -> list[web.BaseSite]:
    """The socket that was handed over where there is one, else our own."""
    if sockets:
        return [web.SockSite(runner, one, backlog=inherited.QUEUE) for one in sockets]
    host, _, port = settings.web.listen.rpartition(":")
    return [web.TCPSite(runner, host, int(port), backlog=inherited.QUEUE)]


def _tickers(service: Service, http: aiohttp.ClientSession) -> list[Ticker]:
    """What is done beside the day's work, as far as it is wanted: the sign of life and the nightly backup."""
    bot, settings, found = service.bot, service.settings, []
    if settings.alarm.heartbeat_url.get_secret_value():
        heartbeat = Heartbeat(bot, http, settings.alarm.heartbeat_url)
        found.append(Ticker(heartbeat.beat, settings.alarm.heartbeat_minutes * 60))
    plan = settings.backup_plan
    if plan is not None and plan.recipients:
        nightly = Nightly(bot.store, bot.clock, plan, clock_time(settings.backup.at), bot.around.office.zone)
        found.append(Ticker(nightly.look, LOOK_EVERY))
    return found


def socket_path(folder: Path) -> Path:
    """Where the other commands reach the running service."""
    return folder / "control.sock"


async def interrupted() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
