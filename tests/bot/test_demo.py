"""`shoudao demo` as one starts it: what it says, what a restart keeps, and how it stops."""

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import door as doors
import pytest

from bot.app import AlreadyRunning
from bot.demo import open_demo
from models.marks import read_mark


async def test_a_restart_keeps_what_stood_in_rooms_and_forgets_private_words(database: str, tmp_path: Path) -> None:
    async with doors.opened(tmp_path, database) as door:
        await door.issues()
        await door.says("u018", "收到", "members", id="mine")
        quoted = await door.says("u018", "我私下说的话")
        private = {"from": "u018", "text": "这也是私下的", "quote": quoted, "id": "private"}
        answer = await door.call("/sim/api/messages", private)
        await door.moves(advance="PT1H")
        room, bots = await door.sees("clerk", "members"), await door.bots("u018")
        newest = max(m["id"] for m in [*room, *await door.sees("u018"), *await door.sees("clerk")])
    async with doors.opened(tmp_path, database, at=None) as door:
        assert await door.sees("clerk", "members") == room
        assert await door.sees("u018") == bots
        assert await door.call("/sim/api/messages", private) == answer  # though what it quotes is forgotten
        body = {"from": "u018", "room": "members", "text": "收到", "id": "mine"}
        status, again = await door.call("/sim/api/messages", body)
        assert status == 200 and again["id"] in [m["id"] for m in room]
        assert await door.sees("clerk", "members") == room
        assert (await door.call("/sim/api/messages", body | {"text": "别的"}))[0] == 409
        assert await door.says("u017", "收到", "members") > newest
        assert await door.says("u017", "收到", "members", quote=room[0]["id"])


async def test_the_clock_goes_on_where_it_stood_and_the_given_time_is_ignored(tmp_path: Path) -> None:
    async with doors.opened(tmp_path) as door:
        now = await door.moves(to="2026-11-20T09:00+08:00")
    for at in (None, doors.START, datetime.fromisoformat("2030-01-01T00:00+08:00")):
        async with doors.opened(tmp_path, at=at) as door:
            assert (await door.look("/sim/api/state"))[1]["now"] == now


async def test_two_demos_cannot_share_their_data(tmp_path: Path) -> None:
    async with doors.opened(tmp_path):
        with pytest.raises(AlreadyRunning, match="另一个收到助手"):
            async with open_demo(tmp_path):
                pass


async def test_another_roster_takes_the_place_of_the_sample(tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("单位,类别,联络员,账号\n甲局,成员单位,张三,z1\n乙县,县区,李四,l4\n", encoding="utf-8")
    async with open_demo(tmp_path / "data", roster=file, frozen=True) as demo, demo.bot.store.read() as session:
        roster = (await demo.bot.around.load(session)).roster
    assert [u.name for u in roster.units.values()] == ["甲局", "乙县"]
    assert {"clerk", "head", "lead1", "lead2", "auditor"} < set(roster.people)


class Running:
    """A demo in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, said: bytearray) -> None:
        self.process, self.address, self.said = process, address, said

    async def post(self, path: str, body: Any) -> Any:
        async with aiohttp.ClientSession() as session, session.post(self.address + path, json=body) as answer:
            return await answer.json()

    async def get(self, path: str) -> Any:
        async with aiohttp.ClientSession() as session, session.get(self.address + path) as answer:
            return await answer.json()

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to stop; gives the seconds that took."""
        begun = time.monotonic()
        self.process.send_signal(how)
        await asyncio.wait_for(self.process.wait(), 20)
        return time.monotonic() - begun


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-browser", "--port", "0", "--data", str(folder),
        "--at", "2026-11-18T15:00+08:00",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert process.stdout
    said = bytearray()
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        yield Running(process, found[0], said)
        said += await process.stdout.read()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_prints_one_line_with_its_address_and_stops_at_once_with_pages_open(tmp_path: Path) -> None:
    async with started(tmp_path) as demo:
        assert (await demo.get("/healthz")) == {"ok": True}
        async with aiohttp.ClientSession() as session:
            pages = [await session.get(f"{demo.address}/sim/api/stream?as={p}") for p in ("clerk", "u018", "u018")]
            host, port = demo.address.removeprefix("http://").split(":")
            idle = await asyncio.open_connection(host, int(port))
            assert await demo.stop() < 3
            for page in pages:
                page.close()
            idle[1].close()
        assert demo.process.returncode == 0
    assert demo.said == b""


async def test_a_reader_who_never_reads_holds_neither_the_others_nor_the_end(tmp_path: Path) -> None:
    async with started(tmp_path) as demo:
        host, port = demo.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /sim/api/stream?as=u018 HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        async with aiohttp.ClientSession() as session:
            body = {"from": "u018", "room": "members", "text": "很长的话" * 5000}
            for _ in range(60):  # more than the buffers between two processes hold
                async with session.post(f"{demo.address}/sim/api/messages", json=body) as answer:
                    assert answer.status == 200
        assert await demo.stop() < 3
        writer.close()
    assert demo.said == b""


async def test_after_a_kill_the_clock_is_not_behind_and_every_answer_stands(tmp_path: Path) -> None:
    async with started(tmp_path) as demo:
        await demo.post("/sim/api/clock", {"advance": "PT2H"})
        answers = [
            await demo.post("/sim/api/messages", {"from": "u018", "room": "members", "text": f"第{n}句"})
            for n in range(20)
        ]
        before = (await demo.get("/sim/api/state"))["now"]
        await demo.stop(signal.SIGKILL)
    async with doors.opened(tmp_path, at=None) as door:
        now = (await door.look("/sim/api/state"))[1]["now"]
        assert datetime.fromisoformat(now) >= datetime.fromisoformat(before) - timedelta(seconds=1)
        ids = [m["id"] for m in await door.sees("clerk", "members")]
        assert [a["id"] for a in answers] == ids
        assert await door.says("u018", "又来了", "members") > max(ids)


async def test_the_clock_is_written_down_so_that_a_kill_cannot_turn_it_back(tmp_path: Path) -> None:
    async with open_demo(tmp_path, at=doors.START) as demo:
        await demo.beat()
        async with demo.bot.store.read() as session:
            said = await read_mark(session, "demo clock")
        assert said is not None and datetime.fromisoformat(said) > demo.clock.now() + timedelta(seconds=5)


async def test_plain_rubbish_on_the_socket_leaves_no_traceback(tmp_path: Path) -> None:
    rubbish = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /sim HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"BREW /sim HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /sim/api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{}",
        b"POST /sim/api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /sim/api/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /sim/%ff%fe\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /sim/api/messages HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    )
    async with started(tmp_path) as demo:
        host, port = demo.address.removeprefix("http://").split(":")
        for data in rubbish:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(data)
            writer.write_eof()
            said = await asyncio.wait_for(reader.read(), 10)
            assert not said.startswith(b"HTTP/1.1 5"), (data[:60], said[:300])
            writer.close()
        assert (await demo.get("/healthz")) == {"ok": True}
        await demo.stop()
    assert b"Traceback" not in demo.said, demo.said.decode()
