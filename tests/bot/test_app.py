"""Starting and stopping: one process a data folder, and nothing left half sent."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from spine import Spine, message, organs
from sqlalchemy import func, select

from bot.app import AlreadyRunning, installation_key, locked, running
from bot.channels import Outgoing, sent
from bot.sender import HOLD
from models import outbox
from models.outbox import Outbox

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def spine(database: str, tmp_path: Path) -> AsyncIterator[Spine]:
    async with organs(database, tmp_path / "data") as opened:
        yield opened


async def test_a_second_process_on_the_same_folder_is_refused_with_its_sentence(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys, pathlib\nfrom bot.app import AlreadyRunning, locked\n"
        "async def main():\n    async with locked(pathlib.Path(sys.argv[1])): print('mine')\n"
        "try:\n    asyncio.run(main())\nexcept AlreadyRunning as refused:\n    print(refused)\n"
    )

    def other() -> str:
        command = [sys.executable, "-c", script, str(tmp_path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout

    async with locked(tmp_path):
        said = await asyncio.to_thread(other)
        assert "另一个收到助手正在用数据目录" in said
        assert str(tmp_path) in said
        with pytest.raises(AlreadyRunning):
            async with locked(tmp_path):
                pass
    assert await asyncio.to_thread(other) == "mine\n"


async def test_the_data_folder_and_its_secrets_are_ours_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    async with locked(folder):
        key = installation_key(folder)
    assert len(key) == 32
    assert installation_key(folder) == key
    assert [stat.S_IMODE(one.stat().st_mode) for one in (folder, folder / "key", folder / "lock")] == [
        0o700,
        0o600,
        0o600,
    ]


async def test_a_running_bot_hears_and_answers_by_itself(spine: Spine) -> None:
    async with running(spine.bot) as bot:
        await bot.dispatch.submit(message("帮助", room=None))
        async with asyncio.timeout(10):
            await spine.door.settled_once.wait()
    assert spine.door.posted[0].person == "u018"


async def test_stopping_waits_for_what_is_being_sent(spine: Spine) -> None:
    began = asyncio.Event()

    async def slowly(one: Outgoing) -> Any:
        began.set()
        await asyncio.sleep(0.1)
        return sent("1")

    await spine.put("a", send_class="never_twice")
    spine.door.answers.append(slowly)
    async with running(spine.bot):
        async with asyncio.timeout(10):
            await began.wait()
    assert (await spine.row("a")).state == "sent"


async def test_what_a_crash_left_claimed_is_dealt_with_before_anything_is_sent(spine: Spine) -> None:
    """O-12, O-13."""
    await spine.put("a", send_class="never_twice")
    now = spine.clock.now()
    await spine.store.write(lambda session: outbox.claim(session, now, now + HOLD, 10, by=1))
    if not spine.store.is_sqlite:
        spine.later(seconds=61)  # on PostgreSQL another process may still hold it
    async with running(spine.bot):
        assert (await spine.row("a")).state == "unknown"
    assert spine.door.posted == []


async def test_starting_twice_schedules_one_summary(spine: Spine) -> None:
    for _ in range(2):
        async with running(spine.bot):
            pass
    assert (await spine.all(select(func.count()).where(Outbox.kind == "summary")))[0][0] == 0
    assert await spine.bot.dispatch.next_due() is not None
