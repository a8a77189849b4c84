"""FI-6: two processes on one PostgreSQL, of which one stands still, dies, or is restarted, while people go on.

A second one on SQLite is refused (tests/test_commands.py).
"""

import asyncio
import signal
import time

from checker import ALARMS, undeclared, wrong_in
from front import Front
from live_wecom import Replica, platform
from traffic import Traffic, at_rest
from trial import Ground, Reached, trial

HAND_OVER = 30.0
# Whoever stood still finds its sessions ended and its calls late.
DECLARED = (ALARMS, r"long connection", r"advisory lock", r"AdvisoryUnlock", r"does not answer", r"could not be stored",
            r"could not be served", r"closed without an answer", r"sending failed", r"rates could not be looked up",
            r"a beat failed", r"Ticker\._beat .* skipped", r"state not reported")  # fmt: skip
WAYS = ("restart", "kill", "freeze")


@trial(
    "replicas",
    "two replicas: one killed, stopped or restarted",
    asked="0 lost, 0 @all twice, hand-over ≤ 30 s, 0 clicks lost by a restart",
    sizes=(2, 3, 9, 60),
    unit="events",
    sqlite=False,
    postgresql=1.0,
    long=2,
)
async def replicas(ground: Ground) -> Reached:
    reached = Reached()
    async with platform(ground.folder) as there:
        pair = [Replica(there, name, ground.database) for name in ("a", "b")]
        front = Front(*(one.url for one in pair))
        await front.open()
        traffic = Traffic(there, lambda: front.url, ground.chance, notices_every=5.0)
        story = Story(there, pair, traffic, ground, reached)
        try:
            await pair[0].start()
            await pair[0].import_roster()
            await pair[1].start()
            await traffic.run(story.tell())
            took = await at_rest(ground.database, now=there.time)
            reached.expect(took is not None, "I4: what is due does not leave within three minutes")
            await story.all_is_well()
        finally:
            for one in pair:
                one.thaw()
                await one.end()
            await front.close()
        reached.expect(all(front.by.values()), f"one replica answered nothing: {front.by}")
        await traffic.look(ground.database, reached)
        lost = story.clicks_lost_by_restart
        reached.expect(lost == 0, f"{lost} clicks lost by a rolling restart")
    reached.faults += await wrong_in(ground.database)
    for one in pair:
        reached.faults += undeclared(one.log.read_text(encoding="utf-8"), *DECLARED)
    answered = sum(one.answered for one in traffic.said)
    reached.figure = (
        f"{answered} answered of {len(traffic.said)}, by {'/'.join(map(str, front.by.values()))}, "
        f"{len(there.posts_to_all())} posts to all, hand-over ≤ {max(story.overs, default=0):.1f} s, "
        f"{traffic.clicks['lost']} of {sum(traffic.clicks.values())} clicks lost"
    )
    return reached


class Story:
    """What happens to the two, one thing after the other, always to the one that holds the connection."""

    def __init__(self, there, pair, traffic, ground, reached):
        self.there, self.pair, self.traffic = there, pair, traffic
        self.size, self.chance, self.reached = ground.size, ground.chance, reached
        self.overs = []
        self.clicks_lost_by_restart = 0

    async def tell(self):
        await self._connected(0)
        for number in range(self.size):
            await asyncio.sleep(self.chance.uniform(1.0, 3.0))
            way = WAYS[number % len(WAYS)] if self.size >= len(WAYS) else WAYS[number % 2]
            await getattr(self, f"_{way}")(self.pair[number % 2])
        await asyncio.sleep(2)

    async def _restart(self, replica):
        """In good order; the other one goes on meanwhile."""
        before = self.traffic.clicks["lost"]
        subscribed = self.there.bot.subscribes
        began, held = time.monotonic(), await self._holds(replica)
        await replica.end(signal.SIGTERM)
        if held:
            await self._connected(subscribed)
            self.overs.append(time.monotonic() - began)
        await replica.start()
        self.clicks_lost_by_restart += self.traffic.clicks["lost"] - before

    async def _kill(self, replica):
        subscribed, held = self.there.bot.subscribes, await self._holds(replica)
        began = time.monotonic()
        await replica.end(signal.SIGKILL)
        if held:
            await self._connected(subscribed)
            self.overs.append(time.monotonic() - began)
        await replica.start()

    async def _freeze(self, replica):
        subscribed, held = self.there.bot.subscribes, await self._holds(replica)
        began = time.monotonic()
        replica.freeze()
        if held:
            await self._connected(subscribed)
            self.overs.append(time.monotonic() - began)
        else:
            await asyncio.sleep(self.chance.uniform(1, 10))
        replica.thaw()

    async def _holds(self, replica):
        """Whether it is this one that the platform is connected with."""
        return any(one.ws._req is not None and replica.has(one.ws._req.transport) for one in self.there.bot.live)

    async def _connected(self, before):
        began = time.monotonic()
        while self.there.bot.subscribes <= before or not self.there.bot.live:
            if time.monotonic() - began > HAND_OVER + 10:
                self.reached.expect(False, f"nobody took the connection within {HAND_OVER + 10} seconds")
                return
            await asyncio.sleep(0.05)
        took = time.monotonic() - began
        self.reached.expect(took <= HAND_OVER or before == 0, f"the hand-over took {took:.1f} seconds")

    async def all_is_well(self):
        """Both are ready again, and exactly one is connected."""
        for one in self.pair:
            said = await one.ask("/readyz")
            self.reached.expect(said["ready"], f"{one.name} is not ready at the end: {said}")
        self.reached.expect(len(self.there.bot.live) == 1, f"{len(self.there.bot.live)} long connections at the end")
