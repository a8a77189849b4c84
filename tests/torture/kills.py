"""FI-1: kill -9 at random moments, start-up included, under mixed traffic and a platform on a bad day."""

import asyncio
import signal

from checker import ALARMS, undeclared, wrong_in
from faulty import make_faulty
from live_wecom import Replica, platform
from traffic import Traffic, at_rest
from trial import Ground, Reached, trial

SHORTEST, LONGEST = 0.1, 1.2  # seconds from the moment it is up to its end
EARLY = 0.15  # of the kills happen while it is still starting
DECLARED = (ALARMS, r"long connection", r"does not answer")


@trial(
    "kills",
    "kill -9 at random moments under mixed traffic",
    asked="0 lost, 0 @all twice, start ≤ 3 s",
    sizes=(2, 8, 150, 1000),
    unit="kills",
    on_postgresql=True,
)
async def kills(ground: Ground) -> Reached:
    reached = Reached()
    async with platform(ground.folder) as there:
        replica = Replica(there, "a", ground.database)
        url = ground.database or f"sqlite+aiosqlite:///{replica.folder / 'data' / 'shoudao.sqlite3'}"
        starts: list[float] = []
        try:
            await _start(replica, starts)
            await replica.import_roster()
            counts = make_faulty(there, ground.chance)
            traffic = Traffic(there, lambda: replica.url, ground.chance)
            await traffic.run(_kill(replica, ground, starts))
            took = await at_rest(url, now=there.time)
            reached.expect(took is not None, "I4: what is due does not leave within three minutes")
        finally:
            await replica.end()
        await traffic.look(url, reached)
    reached.faults += await wrong_in(url)
    reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), *DECLARED)
    slow = sorted(starts)[int(len(starts) * 0.9)]
    answered = sum(one.answered for one in traffic.said)
    reached.figure = (
        f"{answered} answered of {len(traffic.said)}, {len(there.posts_to_all())} posts to all, "
        f"{counts['faults']} faults in {counts['calls']} calls, start p90 {slow:.1f} s"
    )
    return reached


async def _start(replica: Replica, starts: list[float]) -> None:
    began = asyncio.get_running_loop().time()
    await replica.start()
    starts.append(asyncio.get_running_loop().time() - began)


async def _kill(replica: Replica, ground: Ground, starts: list[float]) -> None:
    for _ in range(ground.size):
        await asyncio.sleep(ground.chance.uniform(SHORTEST, LONGEST))
        await replica.end(signal.SIGKILL)
        if ground.chance.random() < EARLY:
            await replica.start(wait=False)
            await asyncio.sleep(ground.chance.uniform(0.1, 0.9))
            await replica.end(signal.SIGKILL)
        await _start(replica, starts)
    await asyncio.sleep(1)
