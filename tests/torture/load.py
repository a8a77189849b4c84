"""FI-12: callbacks held for minutes, with bursts four times as dense, once clean and once with four fifths of it junk."""

import asyncio
import time
from pathlib import Path

from checker import undeclared, wrong_in
from junk import mutated
from live_wecom import UNITS, Replica, platform
from sqlalchemy import text
from traffic import at_rest
from trial import Ground, Reached, trial

from models.store import Store

STEADY, BURST, BURST_EVERY, BURST_FOR = 50, 200, 60.0, 10.0
NOTICES = 24
P99, MAX = 0.300, 1.0


@trial(
    "load",
    "50 callbacks/s with bursts of 200/s",
    asked="0 non-200, p99 ≤ 300 ms, max < 1 s, queue empty ≤ 10 s, memory ≤ 1 MB/min",
    sizes=(5, 8, 90, 600),
    unit="seconds",
    on_postgresql=True,
)
async def load(ground: Ground) -> Reached:
    return await _held(ground, junk=0.0)


@trial(
    "junk-load",
    "the same with 80 % junk",
    asked="0 non-200 for the rest, p99 ≤ 300 ms",
    sizes=(5, 6, 60, 600),
    unit="seconds",
)
async def junk_load(ground: Ground) -> Reached:
    return await _held(ground, junk=0.8)


class Meter:
    """Resident memory and open files of a process, looked at each second."""

    def __init__(self, pid: int) -> None:
        self.pid, self.seen = pid, []

    def look(self) -> None:
        status = Path(f"/proc/{self.pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
        self.seen.append((time.monotonic(), resident, len(list(Path(f"/proc/{self.pid}/fd").iterdir()))))

    @property
    def slope(self) -> float:
        """MB a minute over the second half, when all that is loaded once has been loaded."""
        half = self.seen[len(self.seen) // 2 :]
        if len(half) < 2:
            return 0.0
        return (half[-1][1] - half[0][1]) / max((half[-1][0] - half[0][0]) / 60, 1 / 60)


async def _held(ground: Ground, junk: float) -> Reached:
    reached = Reached()
    async with platform(ground.folder) as there:
        replica = Replica(there, "a", ground.database)
        url = ground.database or f"sqlite+aiosqlite:///{replica.folder / 'data' / 'shoudao.sqlite3'}"
        try:
            await replica.start()
            await replica.import_roster()
            for number in range(NOTICES):
                await there.send(replica.url, there.text("clerk", f"通知 请报送第{number}批材料 明天下班前"))
                await there.send(replica.url, there.text("clerk", f"发 {number + 1}"))
            crowd = Crowd(there, replica, ground, junk)
            crowd.prepare()
            await crowd.come()
            took = await at_rest(url, 150, now=there.time)
            reached.expect(took is not None, "what is due does not leave")
        finally:
            await replica.end()
        reached.faults += await wrong_in(url)
        reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), r"long connection")
        await crowd.judge(url, reached)
    return reached


class Crowd:
    def __init__(self, there, replica, ground, junk):
        self.there, self.replica, self.ground, self.junk = there, replica, ground, junk
        self.meter = Meter(replica.process.pid)
        self.took: list[float] = []
        self.good: list[str] = []
        self.ready = []
        self.failed = self.thrown = 0

    async def come(self):
        loop = asyncio.get_running_loop()
        began, due, tasks = loop.time(), loop.time(), set()
        until = began + self.ground.size
        next_look = began
        while due < until:
            gone = due - began
            burst = gone % BURST_EVERY < BURST_FOR / (1 if self.ground.size > 60 else 4)
            due += 1 / (BURST if burst else STEADY)
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if loop.time() >= next_look:
                self.meter.look()
                next_look += 1
            task = asyncio.create_task(self._one(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        self.meter.look()

    def prepare(self):
        """Sealed beforehand: it is not our own cipher that is measured."""
        for _ in range(self.ground.size * STEADY + 4 * BURST * 3):
            self.ready.append(self._rubbish() if self.ground.chance.random() < self.junk else self._answer())

    def _answer(self):
        msgid = f"6{next(self.there.names):018}"
        person = self.ground.chance.choice(UNITS)
        return msgid, self.there.text(person, f"收 {self.ground.chance.randint(1, NOTICES)}", msgid)

    def _rubbish(self):
        posted = self.there.text("u001", "收到")
        return "", type(posted)(posted.query, mutated(posted.body, self.ground.chance))

    async def _one(self, due):
        msgid, posted = self.ready.pop() if self.ready else self._answer()
        done = await self.there.send(self.replica.url, posted, tries=1)
        if not msgid:
            self.thrown += 1
        elif done:
            self.took.append(asyncio.get_running_loop().time() - due)
            self.good.append(msgid)
        else:
            self.failed += 1

    async def judge(self, url, reached):
        store = Store(url)
        try:
            async with store.read() as session:
                stored = set(await session.scalars(text("SELECT external_id FROM inbox WHERE external_id LIKE '6%'")))
        finally:
            await store.close()
        lost = len(set(self.good) - stored)
        took = sorted(self.took)
        p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
        files = [count for _, _, count in self.meter.seen]
        reached.expect(self.failed == 0, f"{self.failed} were not answered 200")
        reached.expect(lost == 0, f"I1: {lost} answered and not stored")
        reached.expect(p99 <= P99, f"p99 {p99 * 1000:.0f} ms")
        reached.expect(took[-1] < MAX, f"max {took[-1] * 1000:.0f} ms")
        reached.expect(
            self.ground.size < 60 or self.meter.slope <= 1.0, f"memory grows by {self.meter.slope:.1f} MB a minute"
        )
        reached.expect(files[-1] <= files[0] + 300, f"open files {files[0]} → {files[-1]}")
        bad = {status: count for status, count in self.there.statuses.items() if status >= 500}
        reached.expect(not bad, f"answers of 5xx: {bad}")
        reached.figure = (
            f"{len(took)} answered, {self.thrown} junk, p50 {p50 * 1000:.0f} p99 {p99 * 1000:.0f} max {took[-1] * 1000:.0f} ms, "
            f"memory {self.meter.seen[-1][1]:.0f} MB ({self.meter.slope:+.1f} a minute)"
        )
