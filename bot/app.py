"""What the bot is made of, top to bottom, and the order in which it starts and stops."""

import asyncio
import fcntl
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import Doors
from bot.clock import Clock
from bot.dispatch import Dispatch
from bot.media import Media
from bot.render import Renderer
from bot.sender import Sender
from bot.surroundings import Around
from bot.troubles import Troubles
from handlers import lead_drill, lead_forget, periodic, posts, recipients, summary
from handlers.registry import load
from handlers.request import Desk
from models.gathering import Gathering
from models.office import Office
from models.pseudonyms import Pseudonyms
from models.sealing import Recipients
from models.store import Store

log = logging.getLogger(__name__)
BEAT, BEAT_SAYS = "clock.beat", "到点的事做不成：请看日志，检查磁盘空间和数据库服务"


class AlreadyRunning(Exception):
    """Another process holds this data folder; the text says what to do."""


@dataclass
class Bot:
    """The organs. `settle` does all that is due now: ticks first, then what they want to say."""

    store: Store
    doors: Doors
    around: Around
    dispatch: Dispatch
    sender: Sender
    media: Media
    clock: Clock
    folder: Path

    async def settle(self) -> None:
        await self.dispatch.pass_time()
        await self.sender.recover()
        await self.sender.quiet()

    async def beat(self) -> None:
        """What falls due by the clock. The sender is only woken: it rests between its rounds, and `settle` does not."""
        try:
            await self.dispatch.pass_time()
            await self.sender.look_back()
        except Exception:
            self.troubles.stands(BEAT, BEAT_SAYS)
            raise
        self.troubles.over(BEAT)
        self.sender.wake()

    @property
    def troubles(self) -> Troubles:
        """What is wrong and cannot be written down."""
        return self.dispatch.troubles


def build(
    *,
    store: Store,
    clock: Clock,
    office: Office,
    folder: Path,
    recipients: Recipients | None,
    shared: Path | None = None,
) -> Bot:
    """Put the organs together; nothing runs yet. `folder` is this process's, `shared` that of all its replicas."""
    common = shared or folder
    doors, media = Doors(), Media(common / "media")
    around = Around(office, Renderer(), doors, media, recipients, Pseudonyms(installation_key(common)))
    sender = Sender(store, doors, around, clock)
    dispatch = Dispatch(store, load(), around, clock, sender.wake)
    sender.busy = lambda: dispatch.in_burst
    return Bot(
        store=store,
        doors=doors,
        around=around,
        dispatch=dispatch,
        sender=sender,
        media=media,
        clock=clock,
        folder=folder,
    )


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[Bot]:
    """The loops, from recovery to a clean stop. What a crash left half sent is dealt with before anything is sent."""
    await bot.store.write(lambda session: _first_steps(bot, session))
    await bot.sender.recover()
    tasks = [asyncio.create_task(bot.dispatch.run()), asyncio.create_task(bot.sender.run())]
    try:
        yield bot
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await bot.sender.stop()


async def _first_steps(bot: Bot, session: AsyncSession) -> None:
    around = await bot.around.load(session)
    desk = Desk(Gathering(session), bot.clock.now(), around)
    await summary.schedule(desk)
    await periodic.schedule(desk)
    await posts.tell_waiting(desk)
    await recipients.compare(desk)
    await lead_forget.plan_again(desk)
    await lead_drill.schedule(desk)
    await desk.gathering.flush()


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[None]:
    """One process per data folder: two writers on one SQLite file can, rarely, damage it."""
    _make(folder)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(f"另一个收到助手正在用数据目录 {folder}；请先停掉它，或另选一个数据目录") from None
        yield
    finally:
        os.close(handle)


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def installation_key(folder: Path) -> bytes:
    """A secret of this installation, outside the database: it keys the hashes that tell a repeated message.

    It appears whole or not at all, and whoever comes second takes that of the first: replicas share the folder.
    """
    path = folder / "key"
    if not path.exists():
        own = folder / f".key-{secrets.token_hex(8)}"
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_bytes()
