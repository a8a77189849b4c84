"""FI-1: kill -9 at random moments, start-up included, under mixed traffic and a platform on a bad day."""

import asyncio
import random
import signal
from pathlib import Path

from checker import ALARMS, undeclared, wrong_in
from faulty import end_faults, make_faulty
from live_wecom import Replica, platform
from traffic import Traffic, at_rest
from trial import Ground, Reached, trial

SHORTEST, LONGEST = 0.05, 1.2  # seconds from the moment it is up to its end
EARLY = 0.15  # of the kills happen while it is still starting
OFFICES, MANY = 3, 100  # of so many kills and more each office takes a part, side by side
DECLARED = (ALARMS, r"long connection", r"does not answer")


@trial(
    "kills",
    "kill -9 at random moments under mixed traffic",
    asked="0 lost, 0 @all twice, start ≤ 3 s (p90), at rest ≤ 30 s",
    sizes=(4, 40, 1000, 10000),
    unit="kills",
    postgresql=0.1,
    long=3,
)
async def kills(ground: Ground) -> Reached:
    """Forked from a process that has imported all, so that the moments lie in what it does, not in Python's imports."""
    count = OFFICES if ground.size >= MANY and not ground.database else 1
    sizes = [len(range(n, ground.size, count)) for n in range(count)]
    offices = [Office(ground, ground.folder / str(n), size) for n, size in enumerate(sizes)]
    await asyncio.gather(*(one.suffer() for one in offices))
    reached = Reached()
    for one in offices:
        reached.faults += one.reached.faults
    said = [one for office in offices for one in office.traffic.said]
    starts = sorted(took for one in offices for took in one.starts)
    start, rest = starts[int(len(starts) * 0.9)], max(one.rest for one in offices)
    reached.expect(start <= 3.0 * ground.slack, f"p90 of the starts {start:.1f} s")
    reached.expect(rest <= 30, f"at rest only after {rest:.0f} s")
    reached.figure = (
        f"{sum(one.answered for one in said)} answered of {len(said)}, {sum(one.posts for one in offices)} posts to all, "
        f"{sum(one.counts['faults'] for one in offices)} faults in {sum(one.counts['calls'] for one in offices)} calls, "
        f"start p90 {start:.1f} s, at rest after {rest:.0f} s"
    )
    return reached


class Office:
    """One replica, its platform and its people."""

    def __init__(self, ground: Ground, folder: Path, size: int) -> None:
        self.ground, self.folder, self.size = ground, folder, size
        self.chance = random.Random(ground.chance.random())
        self.reached, self.starts = Reached(), []
        self.counts: dict[str, int] = {}
        self.rest, self.posts = 0.0, 0

    async def suffer(self) -> None:
        async with platform(self.folder) as there:
            replica = self.replica = Replica(there, "a", self.ground.database, warm=True)
            url = self.ground.database or f"sqlite+aiosqlite:///{replica.folder / 'data' / 'shoudao.sqlite3'}"
            self.traffic = Traffic(there, lambda: replica.url, self.chance, notices_every=0.3)
            try:
                await replica.start()
                await replica.import_roster()
                self.counts = make_faulty(there, self.chance)
                await self.traffic.run(self._kills())
                end_faults(there)
                rest = await at_rest(url, now=there.time)
                self.reached.expect(rest is not None, "I4: what is due does not leave within three minutes")
                self.rest = rest or 999.0
            finally:
                await replica.close()
            await self.traffic.look(url, self.reached)
            self.posts = len(there.posts_to_all())
        self.reached.faults += await wrong_in(url)
        self.reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), *DECLARED)

    async def _kills(self) -> None:
        replica, killed = self.replica, 0
        while killed < self.size:
            # A machine that takes long to start it takes as much longer to get anything done.
            longest = max([LONGEST, *(2 * took for took in self.starts[-1:])])
            await asyncio.sleep(self.chance.uniform(SHORTEST, longest))
            await replica.end(signal.SIGKILL)
            killed += 1
            if self.chance.random() < EARLY:
                await replica.start(wait=False)
                await asyncio.sleep(self.chance.uniform(0.02, 0.5))
                await replica.end(signal.SIGKILL)
                killed += 1
            began = asyncio.get_running_loop().time()
            await replica.start()
            self.starts.append(asyncio.get_running_loop().time() - began)
        await asyncio.sleep(1)
