"""A socket held by somebody else: while the bot is stopped and started again, nobody who calls is refused."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from bot import inherited

ROOT = Path(__file__).resolve().parents[2]
CALLERS = 8


def test_sockets_meant_for_another_process_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for pid, count in ((str(os.getpid() + 1), "1"), ("", "1"), (str(os.getpid()), ""), (str(os.getpid()), "x")):
        monkeypatch.setenv("LISTEN_PID", pid)
        monkeypatch.setenv("LISTEN_FDS", count)
        assert inherited.sockets() == []
        assert "LISTEN_FDS" not in os.environ and "LISTEN_PID" not in os.environ


HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "bot", "run"])
"""


async def start(folder: Path, held: socket.socket) -> asyncio.subprocess.Process:
    """As systemd does it: the socket is the third descriptor, and its number and ours stand in the environment."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HAND_OVER, str(held.fileno())),
        cwd=folder,
        pass_fds=(held.fileno(),),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


async def up(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    assert "收到助手已启动" in (await process.stdout.readline()).decode()


class Callers:
    """People who call again and again, each on a new connection."""

    def __init__(self, url: str) -> None:
        self.url, self.over = url, False
        self.answers: list[int] = []
        self.more = asyncio.Condition()

    async def call(self) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as client:
            while not self.over:
                async with client.get(self.url, timeout=aiohttp.ClientTimeout(total=20)) as answer:
                    self.answers.append(answer.status)
                async with self.more:
                    self.more.notify_all()

    async def answered(self, count: int) -> None:
        async with self.more:
            await self.more.wait_for(lambda: len(self.answers) >= count)


async def test_nobody_who_calls_during_a_restart_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[web]\nlisten = "127.0.0.1:1"\n', encoding="utf-8")  # not to be listened on
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(64)
        callers = Callers(f"http://127.0.0.1:{held.getsockname()[1]}/healthz")
        process = await start(tmp_path, held)
        try:
            await up(process)
            calling = [asyncio.create_task(callers.call()) for _ in range(CALLERS)]
            await callers.answered(2 * CALLERS)
            process.send_signal(signal.SIGTERM)
            await process.wait()
            process = await start(tmp_path, held)
            await up(process)
            await callers.answered(len(callers.answers) + 2 * CALLERS)
            callers.over = True
            await asyncio.gather(*calling)  # a refusal or a lost connection comes out here
        finally:
            process.send_signal(signal.SIGTERM)
            await process.communicate()
        assert set(callers.answers) == {200}
