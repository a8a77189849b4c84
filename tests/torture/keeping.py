"""FI-14 and FI-21: canary leads through every path, and a backup restored into an empty folder."""

import asyncio
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pyrage
from checker import damage, undeclared, wrong_in
from live_wecom import Replica, platform
from traffic import Traffic, at_rest
from trial import Ground, Reached, trial

from bot import backup
from bot.backup import Plan
from bot.restoring import restore

ROOT = Path(__file__).resolve().parents[2]


@trial(
    "canaries",
    "a thousand marked leads through every path",
    asked="0 marks in any file, log, message or answer",
    sizes=(0, 0, 1, 1),
    unit="searches",
    long=2,
)
async def canaries(ground: Ground) -> Reached:
    """The search of tests/leak, which `make test` runs too."""
    command = (sys.executable, "-m", "pytest", "tests/leak", "-q", "-n", "0", "-p", "no:cacheprovider")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=dict(os.environ)
    )
    said = (await process.communicate())[0].decode()
    reached = Reached(said.strip().splitlines()[-1] if said.strip() else "nothing said")
    reached.expect(process.returncode == 0, said[-300:])
    return reached


@trial(
    "drill",
    "backups while people talk, each restored into an empty folder",
    asked="row counts equal, integrity_check ok, the restored office runs",
    sizes=(1, 2, 10, 30),
    unit="backups",
)
async def drill(ground: Ground) -> Reached:
    reached, key = Reached(), pyrage.x25519.Identity.generate()
    longest = 0.0
    async with platform(ground.folder) as there:
        replica = Replica(there, "a")
        data = replica.folder / "data"
        plan = Plan(data / "shoudao.sqlite3", data / "media", ground.folder / "backups", [str(key.to_public())], 100)
        made = []

        async def back_up() -> None:
            nonlocal longest
            for number in range(ground.size):
                await asyncio.sleep(ground.chance.uniform(0.3, 1.5))
                began = time.monotonic()
                made.append(await asyncio.to_thread(backup.make, plan, there_now(there, number)))
                longest = max(longest, time.monotonic() - began)

        try:
            await replica.start()
            await replica.import_roster()
            traffic = Traffic(there, lambda: replica.url, ground.chance)
            await traffic.run(back_up())
            await at_rest(f"sqlite+aiosqlite:///{plan.database}", now=there.time)
        finally:
            await replica.end()
        for number, one in enumerate(made):
            folder = ground.folder / f"restored-{number}"
            restored = await asyncio.to_thread(restore, one.path, str(key), folder)
            reached.expect(restored.counts == one.manifest["counts"], f"other counts in {folder.name}")
            reached.faults += damage(folder / "shoudao.sqlite3")
        await _runs(there, folder, replica, traffic, reached)
        reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), r"long connection")
    sealed = b"".join(path.read_bytes() for path in plan.folder.iterdir())
    reached.expect(
        b"SQLite format" not in sealed and "有人强收".encode() not in sealed, "something stands in clear in a backup"
    )
    reached.figure = f"{len(made)} restored, {restored.counts['inbox']} messages in the last, ≤ {longest:.1f} s to make"
    return reached


def there_now(there, minutes):
    """A minute later each time: a backup is named by its second, and one of the same second takes its place."""
    return datetime.fromtimestamp(there.time() + minutes * 60, UTC)


async def _runs(there, folder, replica, traffic, reached):
    """The last one, put in the place of the lost one, with the key that was kept elsewhere."""
    key = (replica.folder / "data" / "key").read_bytes()
    shutil.rmtree(replica.folder / "data")
    shutil.copytree(folder, replica.folder / "data")
    (replica.folder / "data" / "key").write_bytes(key)
    await replica.start()
    try:
        one = await traffic.say("u001", "待办")
        reached.expect(one.answered, "the restored office does not answer")
        reached.expect((await replica.ask("/readyz"))["ready"], "the restored office is not ready")
    finally:
        await replica.end()
    url = f"sqlite+aiosqlite:///{replica.folder / 'data' / 'shoudao.sqlite3'}"
    # What was said since the backup stands in the groups already, and is not in the restored ledger: that is its loss.
    reached.faults += await wrong_in(url)
