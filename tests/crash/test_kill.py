"""kill -9 at random moments under mixed traffic: what was answered is there once, what was not may be sent again.

SHOUDAO_SEED replays a run's moments and traffic, SHOUDAO_KILLS says how many there are.
"""

import asyncio
import os
import random
import re
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from models.journal import verify
from models.store import Store

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("SHOUDAO_KILLS", "8"))
SEED = int(os.environ.get("SHOUDAO_SEED") or time.time_ns() % 1_000_000)
UNITS = [f"u{n:03}" for n in range(1, 31)]
SHORTEST, LONGEST = 0.02, 0.5  # seconds of traffic before a kill


@dataclass
class Said:
    """One message of somebody's: sent again under its id until it is answered."""

    id: str
    person: str
    room: str | None
    text: str
    answer: dict[str, Any] | None = None


@dataclass
class Office:
    """A demo that is killed and started again on the same data, and the address at which it now answers."""

    folder: Path
    url: str = ""
    up: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = ("-m", "bot", "demo", "--no-browser", "--port", "0", "--data", str(self.folder))
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            "--at",
            "2026-11-18T15:00+08:00",
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode()
        found = re.search(r"http://[\d.:]+", line)
        assert found, line + (await self.process.stdout.read()).decode()
        self.url = found[0]
        self.up.set()

    async def end(self, how: signal.Signals) -> str:
        """Gives what it had said since it was ready."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.up.clear()
        self.process.send_signal(how)
        said = await self.process.stdout.read()
        await self.process.wait()
        self.process = None
        return said.decode()


class Traffic:
    """People who talk at once, each waiting for an answer before going on."""

    def __init__(self, office: Office, client: aiohttp.ClientSession, chance: random.Random) -> None:
        self.office, self.client, self.chance = office, client, chance
        self.said: list[Said] = []
        self.over = False

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; None when the office was killed before it came."""
        headers = {"Authorization": "Bearer demo"}
        try:
            async with self.client.request(method, self.office.url + path, json=body, headers=headers) as response:
                assert response.status == 200, await response.text()
                return await response.json()
        except (aiohttp.ClientError, ConnectionError):
            return None

    async def post(self, said: Said) -> None:
        """Send until answered; sometimes once more, as an impatient platform does."""
        body = {"from": said.person, "room": said.room, "text": said.text, "id": said.id}
        while True:
            await self.office.up.wait()
            url = self.office.url
            answer = await self.call("POST", "/sim/api/messages", body)
            if answer is None:
                if self.office.url == url:
                    self.office.up.clear()  # whoever was refused knows first; the next start sets it
                continue
            if said.answer is None:
                said.answer = answer
                if self.chance.random() < 0.2:
                    continue
            assert answer == said.answer, (said, answer)
            return

    async def say(self, person: str, room: str | None, text: str) -> None:
        one = Said(f"m{len(self.said)}", person, room, text)
        self.said.append(one)
        await self.post(one)

    async def liaison(self, units: list[str]) -> None:
        while not self.over:
            unit, kind, mark = self.chance.choice(units), self.chance.random(), f"标{len(self.said)}标"
            if kind < 0.5:
                await self.say(unit, "members", f"收到 {self.chance.randint(1, 3)}")
            elif kind < 0.7:
                await self.say(unit, None, f"报 {mark} 发放宣传单120份")
            elif kind < 0.85:
                await self.say(unit, None, f"线索 {mark} 有人强收停车费")
            else:
                await self.say(unit, "members", f"{mark} 我们这边正在开会")

    async def clerk(self) -> None:
        while not self.over:
            await self.say("clerk", None, f"通知 各单位报送第{len(self.said)}批材料 明天下班前")
            await self.say("clerk", None, "发")


@asynccontextmanager
async def talking(traffic: Traffic) -> AsyncIterator[None]:
    people = [traffic.clerk(), *(traffic.liaison(UNITS[n::5]) for n in range(5))]
    tasks = [asyncio.create_task(one) for one in people]
    try:
        yield
        traffic.over = True
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.timeout(60 + 10 * KILLS)
async def test_what_was_answered_is_there_once_however_often_it_is_killed(tmp_path: Path) -> None:
    print(f"SHOUDAO_SEED={SEED} SHOUDAO_KILLS={KILLS}")
    chance = random.Random(SEED)
    office = Office(tmp_path / "data")
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(force_close=True)) as client:
        traffic = Traffic(office, client, chance)
        try:
            await office.start()
            async with talking(traffic):
                for _ in range(KILLS):
                    await asyncio.sleep(chance.uniform(SHORTEST, LONGEST))
                    await office.end(signal.SIGKILL)
                    await office.start()
            assert await traffic.call("POST", "/sim/api/clock", {"advance": "PT5M"})  # all that is due is sent
            await look(traffic)
        finally:
            if office.process is not None:
                await office.end(signal.SIGTERM)
    await look_inside(tmp_path / "data" / "shoudao.sqlite3")


async def listed(traffic: Traffic, room: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["id"] if found else 0
        more = await traffic.call("GET", f"/sim/api/messages?as=clerk&room={room}&after={after}")
        if not more:
            return found
        found += more


async def look(traffic: Traffic) -> None:
    """Everything as a user sees it."""
    said = traffic.said
    assert len(said) > KILLS
    assert all(one.answer for one in said)
    messages = await listed(traffic, "members")
    shown = Counter((m["id"], m["from"], m["text"]) for m in messages if m["from"] != "bot")
    in_room = Counter((one.answer["id"], one.person, one.text) for one in said if one.room and one.answer)
    assert shown == in_room
    ids = [one.answer["id"] for one in said if one.answer]
    assert len(set(ids)) == len(ids)

    notices = await traffic.call("GET", "/api/notices?state=all")
    texts = Counter(n["text"] for n in notices)
    assert len(texts) == sum(one.text.startswith("通知") for one in said)
    assert set(texts.values()) == {1}
    opened = [n["number"] for n in notices if n["state"] == "open"]
    for room in ("members", "counties"):
        posts = Counter(
            number
            for m in await listed(traffic, room)
            if m["mentions"] == ["@all"]
            for number in re.findall(r"〔(\d+)号〕", m["text"])[:1]
        )
        assert posts == {str(number): 1 for number in opened}, room

    reports = await traffic.call("GET", "/api/reports")
    marks = Counter(mark for r in reports for mark in re.findall(r"标\d+标", r["text"]))
    assert marks == Counter(one.text.split()[1] for one in said if one.text.startswith("报"))
    leads = await traffic.call("GET", "/api/leads/counts")
    assert leads["total"] == sum(one.text.startswith("线索") for one in said)

    assert opened  # however slow the machine, the clerk has got one out
    for number in opened[:3]:
        owed = await traffic.call("GET", f"/api/notices/{number}")
        events = [[e["what"] for e in r["events"]] for r in owed["receipts"]]
        assert all(what.count("acked") <= 1 and what.count("delivered") == 1 for what in events)
    assert await traffic.call("GET", "/api/outbox?state=unknown") == []


async def look_inside(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        parked = connection.execute("SELECT error FROM inbox WHERE state = 'parked'").fetchall()
        assert parked == []
        assert connection.execute("SELECT count(*) FROM alarms").fetchone() == (0,)
        assert connection.execute("SELECT key FROM outbox WHERE state NOT IN ('sent', 'cancelled')").fetchall() == []
    connection.close()
    store = Store(f"sqlite+aiosqlite:///{path}")
    async with store.read() as session:
        assert await verify(session) == []
    await store.close()
