"""FI-8 and FI-7: somebody else holds the write lock, and the disk is full. Nothing that was answered may be lost."""

import asyncio
import contextlib
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from checker import ALARMS, undeclared, wrong_in
from live_wecom import Replica, platform
from traffic import Traffic, at_rest
from trial import Ground, Reached, trial

HOLDS = (1.0, 3.0, 8.0, 30.0)  # seconds; the platform gives up after five, and after three tries
DECLARED = (ALARMS, r"could not be stored", r"could not be served", r"closed without an answer", r"sending failed",
            r"rates could not be looked up", r"a beat failed", r"Ticker\._beat .* skipped", r"long connection",
            r"state not reported")  # fmt: skip


@trial(
    "locked",
    "the write lock held by somebody else",
    asked="0 answered but lost, no 5xx",
    sizes=(1, 2, 8, 50),
    unit="holds",
)
async def locked(ground: Ground) -> Reached:
    async def disturb(replica: Replica) -> None:
        for number in range(ground.size):
            await asyncio.sleep(ground.chance.uniform(0.5, 1.5))
            await asyncio.to_thread(_hold, replica.folder / "data" / "shoudao.sqlite3", HOLDS[number % len(HOLDS)])
        await asyncio.sleep(1)

    return await _under(ground, ground.folder, disturb)


def _hold(path: Path, seconds: float) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as file:
        file.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        file.execute("ROLLBACK")


@trial(
    "disk",
    "the disk full, and space again",
    asked="0 answered but lost, back ≤ 30 s, no damage",
    sizes=(1, 1, 15, 100),
    unit="times full",
)
async def disk(ground: Ground) -> Reached:
    """On a small file system in memory where we may mount one, whose filler leaves between nothing and a few pages; else
    no file of the process may grow beyond as much."""
    with _small_disk(ground.folder / "small") as mounted:

        async def disturb(replica: Replica) -> None:
            full = _filled(ground.folder / "small") if mounted else _limited(replica.process.pid)
            for _ in range(ground.size):
                await asyncio.sleep(ground.chance.uniform(0.5, 1.5))
                with full(ground.chance.choice((0, 4096, 40960))):
                    await asyncio.sleep(ground.chance.uniform(1.0, 3.0))
            await asyncio.sleep(1)

        reached = await _under(ground, ground.folder / "small", disturb, rest=30.0)
    reached.figure += "" if mounted else ", by a limit: no right to mount"
    return reached


@contextlib.contextmanager
def _small_disk(place: Path) -> Iterator[bool]:
    place.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], check=False, capture_output=True
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _filled(place: Path) -> Callable[[int], contextlib.AbstractContextManager[None]]:
    @contextlib.contextmanager
    def full(spare: int) -> Iterator[None]:
        """All but `spare` bytes, if that is to be had at all."""
        kept, filler = place / "spare", place / "filler"
        with contextlib.suppress(OSError):
            kept.write_bytes(bytes(spare))
        for piece in (1 << 16, 512):
            with contextlib.suppress(OSError), filler.open("ab") as file:
                while True:
                    file.write(bytes(piece))
                    file.flush()
        kept.unlink(missing_ok=True)
        yield
        filler.unlink(missing_ok=True)

    return full


def _limited(pid: int) -> Callable[[int], contextlib.AbstractContextManager[None]]:
    @contextlib.contextmanager
    def full(spare: int) -> Iterator[None]:
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (spare, before[1]))
        yield
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    return full


async def _under(ground: Ground, place: Path, disturb, *, rest: float = 180.0) -> Reached:
    reached = Reached()
    async with platform(place) as there:
        replica = Replica(there, "a")
        replica.log = ground.folder / "log"  # not on the disk that is full: a line that is cut there tells nothing
        statuses: dict[int, int] = {}
        there.statuses = statuses
        url = f"sqlite+aiosqlite:///{replica.folder / 'data' / 'shoudao.sqlite3'}"
        try:
            await replica.start()
            await replica.import_roster()
            traffic = Traffic(there, lambda: replica.url, ground.chance)
            await traffic.run(disturb(replica))
            took = await at_rest(url, rest, now=there.time)
            reached.expect(took is not None, f"not back to normal within {rest:.0f} seconds")
            again = await traffic.say("u001", "待办")
            reached.expect(again.answered, "it does not answer when all is well again")
        finally:
            await replica.end()
        await traffic.look(url, reached)
        reached.faults += await wrong_in(url)
        bad = {status: count for status, count in statuses.items() if status >= 500}
        reached.expect(not bad, f"answers of 5xx: {bad}")
        reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), *DECLARED)
    answered = sum(one.answered for one in traffic.said)
    reached.figure = f"{answered} answered of {len(traffic.said)}, at rest after {took or 0:.1f} s"
    return reached
