"""What the door of 企业微信 is made of: each leg that the configuration names, the one door over them, and their life."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from ssl import SSLContext

from aiohttp import ClientSession
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Bot
from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.bot_leg import BotLeg
from bot.channels.wecom.callback import Callback
from bot.channels.wecom.card_chances import CardChances
from bot.channels.wecom.cards import message_of
from bot.channels.wecom.catching_up import CatchingUp
from bot.channels.wecom.checks import Found
from bot.channels.wecom.crypto import Envelopes, key_sets
from bot.channels.wecom.door import APP, BOT, Face, WeCom
from bot.channels.wecom.envelopes import AppLeg
from bot.channels.wecom.envelopes import BotLeg as BotEnvelope
from bot.channels.wecom.fetching import Fetching
from bot.channels.wecom.group_cards import GroupCards
from bot.channels.wecom.identity import Directory
from bot.channels.wecom.intake import Intake
from bot.channels.wecom.keeper import Keeper, SoleOwner
from bot.channels.wecom.listening import LEG, Frames, reader
from bot.channels.wecom.look import look, staff_of
from bot.channels.wecom.media import MediaDoor, Rules, media_door
from bot.channels.wecom.names import Names
from bot.channels.wecom.net import client, trust
from bot.channels.wecom.owner import AdvisoryOwner
from bot.channels.wecom.pace import Pace, RealPace
from bot.channels.wecom.passive import Answer, CardReply, CardUpdate
from bot.channels.wecom.push import Push
from bot.channels.wecom.quotas import Quotas, SharedQuotas
from bot.channels.wecom.reply_leg import ReplyLeg
from bot.channels.wecom.reporting import Reporter
from bot.channels.wecom.said import Said
from bot.channels.wecom.settings import AppSection, BotCallbackSection, BotSection, CallbackKeys, WeComSection
from bot.channels.wecom.spool import Spool
from bot.channels.wecom.windows import Windows
from handlers.request import Desk
from models.gathering import Gathering
from models.incoming import Incoming


@dataclass
class Legs:
    """What stands open. `callbacks` are to be added to the web application."""

    door: WeCom
    spool: CatchingUp
    keeper: Keeper | None = None
    frames: Frames | None = None
    callbacks: list[Callback] = field(default_factory=list)


@dataclass(eq=False)
class _Builder:
    """Adds one leg after the other to `legs`."""

    bot: Bot
    section: WeComSection
    key: bytes
    pace: Pace
    http: ClientSession
    media: MediaDoor
    directory: Directory
    windows: Windows
    reporter: Reporter
    quotas: Quotas
    legs: Legs
    names: Names = field(default_factory=Names)

    def app(self, section: AppSection) -> None:
        door = self.legs.door
        door.app = AppApi(
            self.http,
            self.section.api,
            section.corp_id,
            section.agent_id,
            section.secret.get_secret_value(),
            quotas=self.quotas,
            accounts=self.directory.accounts,
        )
        self.names.app = door.app
        if section.token.get_secret_value():
            door.app_hears = True
            intake = self._intake(APP, Fetching(self.media, app=door.app))
            made = self._callback(AppLeg(section.corp_id), section, section.corp_id, intake)
            made.late = partial(_change_card, door.app)

    def bot_callback(self, section: BotCallbackSection) -> None:
        answers = self.legs.door.answers = ReplyLeg(
            self.section.api, self.http, self.bot.store, self.bot.clock, self.key, self._unpressed
        )
        intake = self._intake(BOT, Fetching(self.media, bot_key=section.aes_key.get_secret_value()))
        intake.address, intake.chances = answers.address, self.legs.door.chances
        made = self._callback(BotEnvelope(), section, "", intake)
        made.late = partial(_put_back, self.legs.door.chances, self.key)

    def long_connection(self, section: BotSection) -> None:
        intake = self._intake(BOT, Fetching(self.media))
        frames = self.legs.frames = Frames(intake, self.pace, self.reporter, self.legs.spool, self.key)
        self.legs.spool.legs[LEG] = frames.again
        store = self.bot.store
        owner = SoleOwner() if store.is_sqlite else AdvisoryOwner(store.engine, section.bot_id, self.pace)
        keeper = self.legs.keeper = Keeper(
            section, self.http, pace=self.pace, owner=owner, hear=frames.hear, report=self.reporter.state
        )
        self.legs.door.elsewhere = lambda: keeper.stands_by
        speaker = self.legs.door.bot = BotLeg(keeper, self.pace, self.windows, self.key, self.quotas, self._unpressed)
        intake.window, intake.chances, intake.card_follows = speaker.window, self.legs.door.chances, True

    def _unpressed(self, buttons: Sequence[Mapping[str, str]]) -> str:
        return "\n" + self.bot.around.words("unpressed", {"keys": [button["key"] for button in buttons]})

    def _intake(self, leg: str, fetching: Fetching) -> Intake:
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
            names=self.names,
            stale=self.reporter.stale,
            excuse=partial(_excuse, self.bot),
        )

    def _callback(self, envelope: BotEnvelope | AppLeg, keys: CallbackKeys, receiveid: str, intake: Intake) -> Callback:
        secrets = (keys.token, keys.aes_key, keys.old_token, keys.old_aes_key)
        sets = key_sets(*(secret.get_secret_value() for secret in secrets))
        opened = Envelopes(sets, receiveid)
        made = Callback(envelope, opened, intake.held, self.bot.clock, self.legs.spool, self.reporter.mismatch)
        self.legs.callbacks.append(made)
        self.legs.spool.legs[envelope.name] = made.again
        return made


@asynccontextmanager
async def open_wecom(
    bot: Bot, section: WeComSection, key: bytes, *, connect: bool = True, pace: Pace | None = None
) -> AsyncIterator[Legs]:
    """Build the door and add it to the bot's doors. `connect`: keep the long connection; the command line must not."""
    pace, reporter = pace or RealPace(), Reporter(bot.store, bot.clock)
    windows = Windows(pace)
    directory = Directory(bot.store, bot.around)
    await directory.refresh()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(client(section))
        fresh = await stack.enter_async_context(client(section, fresh=True))
        media = await stack.enter_async_context(_media(section))
        quotas = SharedQuotas(bot.store, bot.clock, key)
        chances = CardChances(bot.store, bot.clock, bot.sender.wake)
        await chances.load()
        push = Push(section.api, fresh, quotas)
        door = await _door(bot, section, key, directory, windows, reporter, push, chances)
        spool = CatchingUp(Spool(bot.folder / "spool"), pace, bot.troubles, reporter)
        legs = Legs(door, spool)
        builder = _Builder(bot, section, key, pace, http, media, directory, windows, reporter, quotas, legs)
        if section.app is not None:
            builder.app(section.app)
        if section.bot_callback is not None:
            builder.bot_callback(section.bot_callback)
        if section.bot is not None:
            builder.long_connection(section.bot)
        legs.door.look = partial(_look, bot, section, legs)
        legs.door.counted = {f"callback {one.leg.name}": one.counts for one in legs.callbacks}
        if legs.frames is not None:
            legs.door.counted |= {"long connection": legs.frames.intake.counts}
        bot.doors.add(legs.door)
        for name in (BOT, APP):
            bot.doors.add(Face(legs.door, name), carries_all=False)
        if connect:
            await spool.open()
            stack.push_async_callback(_stop, asyncio.create_task(spool.run()))
        if legs.keeper is not None and connect:
            stack.push_async_callback(_stop, asyncio.create_task(legs.keeper.run()))
        yield legs


async def _door(
    bot: Bot,
    section: WeComSection,
    key: bytes,
    directory: Directory,
    windows: Windows,
    reporter: Reporter,
    push: Push,
    chances: CardChances,
) -> WeCom:
    leg = section.bot or section.bot_callback
    cards = GroupCards(bot.store, leg.group_card if leg is not None else "none")
    await cards.load([room.id for room in section.room])
    keys = {room.id: room.push_key for room in section.room if room.push_key.get_secret_value()}
    return WeCom(
        directory=directory,
        windows=windows,
        cards=cards,
        chances=chances,
        installation=key,
        names=bot.around.names,
        tail=lambda number: bot.around.words("cut", {"number": number}),
        report=reporter.raise_alarm,
        push=push if keys else None,
        keys=keys,
    )


async def _change_card(app: AppApi, said: Said, answer: Answer) -> None:
    """A card that was pressed, and could not be changed in the same breath: the app may still change it for days."""
    if isinstance(answer, CardUpdate) and said.response_code:
        # It goes on under the name that it was sent with, which the press repeats.
        card = {**answer.card, "task_id": said.task_id} if answer.card.get("button_list") else None
        await app.update_card(said.response_code, [said.userid], card=card, caption=answer.caption)


async def _put_back(chances: CardChances, key: bytes, said: Said, answer: Answer) -> None:
    """A card that was to be the answer waits for the next who speaks."""
    row = message_of(answer.card["task_id"], key) if isinstance(answer, CardReply) else None
    if row is not None:
        await chances.put_back(row)


def _media(section: WeComSection) -> AbstractAsyncContextManager[MediaDoor]:
    authority = trust(section)
    rules = Rules(tuple(section.media.hosts), private=section.media.allow_private_addresses)
    return media_door(rules, proxy=section.proxy or None, ssl=authority if isinstance(authority, SSLContext) else True)


async def _excuse(bot: Bot, incoming: Incoming, reasons: Sequence[str]) -> None:
    """Tell in private why a picture or file was not taken."""

    async def unit(session: AsyncSession) -> None:
        desk = Desk(Gathering(session), bot.clock.now(), await bot.around.load(session))
        key = f"not taken:{incoming.channel}:{incoming.external_id}"
        desk.tell(incoming.person, "picture_refused", key=key, veiled=True, reasons=list(reasons))
        await desk.gathering.flush()

    await bot.store.write(unit)
    bot.sender.wake()


async def _look(bot: Bot, section: WeComSection, legs: Legs) -> list[Found]:
    state = legs.keeper.state if legs.keeper is not None else None
    return await look(bot.store, section, await staff_of(bot.store), bot.clock.now(), state=state)


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
