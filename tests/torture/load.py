"""FI-12: callbacks held for minutes, with bursts four times as dense, once clean and once with four fifths of it junk."""

import asyncio
import time
from pathlib import Path

from checker import undeclared, wrong_in
from junk import mutated
from live_wecom import SAMPLE, Replica, platform
from sqlalchemy import text
from traffic import at_rest
from trial import Beside, Ground, Reached, trial

from models.store import Store

STEADY, BURST = 50, 200  # a second
BURST_PART = 6  # of a minute, or of a run that is shorter, every so manieth part is a burst
NOTICES, CROWD = 24, 1200  # units; nobody says more than people do, and is told no more than the platform lets through
P99, MAX, EMPTY, SLOPE = 0.300, 1.0, 10.0, 1.0


@trial(
    "load",
    "50 callbacks/s with bursts of 200/s",
    asked="0 non-200, p99 ≤ 300 ms, max < 1 s, queue empty ≤ 10 s, memory ≤ 1 MB/min",
    sizes=(5, 10, 600, 3600),
    unit="seconds",
    postgresql=0.1,
    beside=Beside.RATES,
)
async def load(ground: Ground) -> Reached:
    return await _held(ground, junk=0.0, phase=1 / 3 if ground.database else 0.0)


@trial(
    "junk-load",
    "the same with 80 % junk",
    asked="0 non-200 for the rest, p99 ≤ 300 ms",
    sizes=(5, 10, 600, 3600),
    unit="seconds",
    beside=Beside.RATES,
)
async def junk_load(ground: Ground) -> Reached:
    return await _held(ground, junk=0.8, phase=2 / 3)


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


async def _held(ground: Ground, junk: float, phase: float) -> Reached:
    reached = Reached()
    async with platform(ground.folder) as there:
        people = [f"u{n:03}" for n in range(1, CROWD + 1)]
        there.app.members |= {one.upper(): {"userid": one.upper(), "name": one, "status": 1} for one in people}
        replica = Replica(there, "a", ground.database)
        url = ground.database or f"sqlite+aiosqlite:///{replica.folder / 'data' / 'shoudao.sqlite3'}"
        try:
            await replica.start()
            await replica.import_roster(_roster(ground.folder / "roster.csv"))
            for number in range(NOTICES):
                await there.send(replica.url, there.text("clerk", f"通知 请报送第{number}批材料 明天下班前"))
                await there.send(replica.url, there.text("clerk", f"发 {number + 1}"))
            crowd = Crowd(there, replica, ground, people, junk, phase)
            await crowd.come()
            took = await at_rest(url, 150, now=there.time)
            reached.expect(took is not None and took <= EMPTY, f"what is due has left only after {took} s")
        finally:
            await replica.end()
        reached.faults += await wrong_in(url)
        reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), r"long connection")
        await crowd.judge(url, reached)
    return reached


def _roster(path: Path) -> Path:
    """The sample's units, and more behind them."""
    lines = SAMPLE.read_text(encoding="utf-8-sig").splitlines()
    lines += [f"{n},第{n}街道,,成员单位,,成员单位群,第{n}街道联络员,u{n:03},," for n in range(len(lines), CROWD + 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Crowd:
    """`phase`: when in its turn the burst comes, by the clock of the machine, so that runs side by side burst one after
    the other."""

    def __init__(self, there, replica, ground, people, junk, phase):
        self.there, self.replica, self.ground = there, replica, ground
        self.people, self.junk, self.phase = people, junk, phase
        self.meter = Meter(replica.process.pid)
        self.took: list[float] = []
        self.good: list[str] = []
        self.failed = self.thrown = 0

    async def come(self):
        loop = asyncio.get_running_loop()
        began, due, tasks = loop.time(), loop.time(), set()
        turn = min(self.ground.size, 60)
        next_look = began
        while due < began + self.ground.size:
            in_turn = (time.time() / turn - self.phase) % 1
            due += 1 / (BURST if in_turn < 1 / BURST_PART else STEADY)
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if loop.time() >= next_look:
                self.meter.look()
                next_look += 1
            rubbish = self.ground.chance.random() < self.junk
            task = asyncio.create_task(self._one(due, *(self._rubbish() if rubbish else self._answer())))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        self.meter.look()

    def _answer(self):
        msgid = f"6{next(self.there.names):018}"
        person = self.ground.chance.choice(self.people)
        return msgid, self.there.text(person, f"收 {self.ground.chance.randint(1, NOTICES)}", msgid)

    def _rubbish(self):
        posted = self.there.text(self.ground.chance.choice(self.people), "收到")
        return "", type(posted)(posted.query, mutated(posted.body, self.ground.chance))

    async def _one(self, due, msgid, posted):
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
        reached.expect(p99 <= P99 * self.ground.slack, f"p99 {p99 * 1000:.0f} ms")
        reached.expect(took[-1] < MAX * self.ground.slack, f"max {took[-1] * 1000:.0f} ms")
        reached.expect(
            self.ground.size < 300 or self.meter.slope <= SLOPE, f"memory grows by {self.meter.slope:.1f} MB a minute"
        )
        reached.expect(files[-1] <= files[0] + 300, f"open files {files[0]} → {files[-1]}")
        bad = {status: count for status, count in self.there.statuses.items() if status >= 500}
        reached.expect(not bad, f"answers of 5xx: {bad}")
        reached.figure = (
            f"{len(took)} answered, {self.thrown} junk, p50 {p50 * 1000:.0f} p99 {p99 * 1000:.0f} max {took[-1] * 1000:.0f} ms, "
            f"memory {self.meter.seen[-1][1]:.0f} MB ({self.meter.slope:+.1f} a minute)"
        )
