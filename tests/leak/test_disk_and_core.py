"""A disk that is really full, a process that dies with its memory in its hands: neither leaves a lead behind."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from browsing import ROOT, Demo
from canaries import canary, files, hits

SMALL = 2 << 20


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of two megabytes, where one may be mounted; else the process gets a limit (`limited`)."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
    mounted = (
        os.geteuid() == 0 and subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


async def tell(demo: Demo, marks: list[str], count: int) -> list[int]:
    """Leads one after another, in private and in a room; gives the statuses."""
    found = []
    async with aiohttp.ClientSession(demo.origin) as client:
        for number in range(count):
            marks.append(canary())
            room, words = (
                (None, f"线索 某村{marks[-1]}" * 300) if number % 3 else ("members", f"某某{marks[-1]}欺行霸市")
            )
            body = {"from": f"u{number % 20 + 1:03d}", "room": room, "text": words}
            async with client.post("/sim/api/messages", json=body) as answer:
                found.append(answer.status)
    return found


@pytest.mark.timeout(120)
async def test_on_a_full_disk_leads_are_refused_and_nothing_of_them_is_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as mounted:
        demo = Demo(tmp_path / "disk" / "demo", at="2026-11-18T15:00+08:00")
        await demo.start()
        assert demo.process is not None
        if not mounted:
            resource.prlimit(demo.process.pid, resource.RLIMIT_FSIZE, (SMALL, SMALL))
        marks: list[str] = []
        taken = 0
        for _ in range(60):
            statuses = await tell(demo, marks, 20)
            taken += statuses.count(200)
            if 503 in statuses[-3:]:
                break
        assert set(statuses) <= {200, 503} and 503 in statuses and taken
        await demo.end(signal.SIGKILL)
        assert hits(files(tmp_path)) == []
    assert hits(files(tmp_path)) == []


@pytest.mark.timeout(60)
async def test_a_process_that_is_made_to_dump_its_memory_writes_no_core(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo", at="2026-11-18T15:00+08:00")
    before = {path.name for path in ROOT.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))  # as an administrator who is looking for a fault would
    try:
        await demo.start()
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    assert demo.process is not None
    assert resource.prlimit(demo.process.pid, resource.RLIMIT_CORE) == (0, 0)
    marks: list[str] = []
    assert set(await tell(demo, marks, 3)) == {200}
    demo.process.send_signal(signal.SIGABRT)
    await asyncio.wait_for(demo.process.communicate(), 15)
    assert {path.name for path in ROOT.iterdir()} - before == set()
    assert hits(files(tmp_path)) == []


def test_no_other_process_may_look_into_ours() -> None:
    script = (
        "import ctypes; from bot.shut_mouth import keep_memory_in; keep_memory_in();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if __import__('sys').platform == 'linux' else 0)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True).stdout == b"0\n"
