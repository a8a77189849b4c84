"""What the door of 企业微信 is made of: each leg that the configuration names, the one door over them, and their life."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from ssl import SSLContext

from bot.app import Bot
from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.bot_leg import BotLeg
from bot.channels.wecom.callback import AppLeg, Callback
from bot.channels.wecom.callback import BotLeg as BotEnvelope
from bot.channels.wecom.checks import Found
from bot.channels.wecom.crypto import Envelopes, key_sets
from bot.channels.wecom.door import APP, BOT, Face, WeCom
from bot.channels.wecom.fetching import Fetching
from bot.channels.wecom.group_cards import GroupCards
from bot.channels.wecom.identity import Directory
from bot.channels.wecom.intake import Intake
from bot.channels.wecom.keeper import Keeper, Owner, SoleOwner
from bot.channels.wecom.listening import Frames, reader
from bot.channels.wecom.look import look, staff_of
from bot.channels.wecom.media import Rules, media_door
from bot.channels.wecom.net import client, trust
from bot.channels.wecom.owner import AdvisoryOwner
from bot.channels.wecom.pace import Pace, RealPace
from bot.channels.wecom.push import Push
from bot.channels.wecom.reply_leg import ReplyLeg
from bot.channels.wecom.reporting import Reporter
from bot.channels.wecom.settings import CallbackKeys, WeComSection
from bot.channels.wecom.windows import Windows

log = logging.getLogger(__name__)


@dataclass
class Legs:
    """What stands open. `callbacks` are to be added to the web application."""

    door: WeCom
    keeper: Keeper | None = None
    frames: Frames | None = None
    callbacks: list[Callback] = field(default_factory=list)


@dataclass(eq=False)
class _Builder:
    bot: Bot
    section: WeComSection
    key: bytes
    pace: Pace
    windows: Windows
    directory: Directory
    reporter: Reporter

    def intake(self, leg: str, fetching: Fetching) -> Intake:
        office = self.bot.around.office
        return Intake(
            leg=leg,
            channel=leg,
            dispatch=self.bot.dispatch,
            at_once=self.bot.sender.at_once,
            directory=self.directory,
            windows=self.windows,
            fetch=reader(fetching),
            clock=self.bot.clock,
            pace=self.pace,
            zone=office.zone,
            bot=office.bot,
            key=self.key,
            stale=self.reporter.stale,
        )

    def owner(self) -> Owner:
        store, bot = self.bot.store, self.section.bot
        if store.is_sqlite or bot is None:
            return SoleOwner()
        return AdvisoryOwner(store.engine, bot.bot_id, self.pace)

    def callback(self, envelope: BotEnvelope | AppLeg, keys: CallbackKeys, receiveid: str, intake: Intake) -> Callback:
        secrets = (keys.token, keys.aes_key, keys.old_token, keys.old_aes_key)
        sets = key_sets(*(secret.get_secret_value() for secret in secrets))
        return Callback(envelope, Envelopes(sets, receiveid), intake.held, self.bot.clock)


@asynccontextmanager
async def open_wecom(
    bot: Bot, section: WeComSection, key: bytes, *, connect: bool = True, pace: Pace | None = None
) -> AsyncIterator[Legs]:
    """Build the door and add it to the bot's doors. `connect`: keep the long connection; the command line must not."""
    pace = pace or RealPace()
    windows, reporter = Windows(pace), Reporter(bot.store, bot.clock)
    directory = Directory(bot.store, bot.around)
    await directory.refresh()
    builder = _Builder(bot, section, key, pace, windows, directory, reporter)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(client(section))
        fresh = await stack.enter_async_context(client(section, fresh=True))
        authority = trust(section)
        rules = Rules(tuple(section.media.hosts), private=section.media.allow_private_addresses)
        ssl = authority if isinstance(authority, SSLContext) else True
        media = await stack.enter_async_context(media_door(rules, proxy=section.proxy or None, ssl=ssl))
        cards = GroupCards(bot.store, section.bot.group_card if section.bot is not None else "none")
        await cards.load([room.id for room in section.room])
        keys = {room.id: room.push_key for room in section.room if room.push_key.get_secret_value()}
        door = WeCom(
            directory=directory,
            windows=windows,
            cards=cards,
            installation=key,
            names=bot.around.names,
            tail=_tail(bot),
            report=reporter.raise_alarm,
            push=Push(section.api, fresh, pace) if keys else None,
            keys=keys,
        )
        legs = Legs(door)
        app = section.app
        if app is not None:
            door.app = AppApi(http, section.api, app.corp_id, app.agent_id, app.secret.get_secret_value())
            if app.token.get_secret_value():
                door.app_hears = True
                intake = builder.intake(APP, Fetching(media, app=door.app))
                legs.callbacks.append(builder.callback(AppLeg(app.corp_id), app, app.corp_id, intake))
        if section.bot_callback is not None:
            door.answers = ReplyLeg(section.api, http, pace, windows)
            bot_key = section.bot_callback.aes_key.get_secret_value()
            intake = builder.intake(BOT, Fetching(media, bot_key=bot_key))
            intake.window = door.answers.window
            legs.callbacks.append(builder.callback(BotEnvelope(), section.bot_callback, "", intake))
        if section.bot is not None:
            intake = builder.intake(BOT, Fetching(media))
            legs.frames = frames = Frames(intake, pace, reporter)
            legs.keeper = Keeper(
                section.bot, http, pace=pace, owner=builder.owner(), hear=frames.hear, report=reporter.state
            )
            door.bot = BotLeg(legs.keeper, pace, windows, key)
            intake.window = door.bot.window
        door.look = partial(_look, bot, section, legs)
        bot.doors.add(door)
        for name in (BOT, APP):
            bot.doors.add(Face(door, name), carries_all=False)
        if legs.keeper is not None and connect:
            task = asyncio.create_task(legs.keeper.run())
            stack.push_async_callback(_stop, task)
        yield legs


async def _look(bot: Bot, section: WeComSection, legs: Legs) -> list[Found]:
    state = legs.keeper.state if legs.keeper is not None else None
    return await look(bot.store, section, await staff_of(bot.store), bot.clock.now(), state=state)


def _tail(bot: Bot) -> Callable[[int | None], str]:
    def tail(number: int | None) -> str:
        return bot.around.words("cut", {"number": number})

    return tail


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
