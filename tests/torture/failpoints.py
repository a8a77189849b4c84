"""FI-2: the process dies at a named point, on each side of every commit, send, rename and fsync that it passes."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from checker import ALARMS, undeclared, wrong_in
from live_wecom import Replica, platform
from traffic import Traffic, at_rest
from trial import Ground, Reached, trial

LAUNCHER = str(Path(__file__).with_name("launch_failing.py"))
ONCE = ("bring_roster", "link", "fsync")  # the first start, and the first roster
WAIT = 6.0  # seconds for a point to be passed as often as asked


@trial(
    "failpoints",
    "death at each named point",
    asked="0 lost, 0 @all twice at every point",
    sizes=(3, 10, 100, 600),
    unit="deaths",
    long=2,
)
async def failpoints(ground: Ground) -> Reached:
    """The points are found, not listed: a first run without a death writes down each that it passes."""
    reached, hit = Reached(), 0
    async with platform(ground.folder) as there:
        replica = Replica(there, "a", warm=True)
        url = url_of(replica)
        traffic = Traffic(there, lambda: replica.url, ground.chance, notices_every=3.0)
        try:
            story = Story(replica, traffic, ground, reached)
            await story.first()
            await traffic.run(story.tell())
            await replica.end()
            await story.begin_anew()
            await replica.start()
            hit = story.hit
            took = await at_rest(url, now=there.time)
            reached.expect(took is not None, "I4: what is due does not leave within three minutes")
        finally:
            await replica.close()
        await traffic.look(url, reached)
        posts = len(there.posts_to_all())
    reached.faults += await wrong_in(url)
    reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), ALARMS, r"long connection")
    points = len(story.points) + len(story.once)
    reached.expect(points >= 30, f"only {points} points were found")
    reached.expect(hit >= ground.size // 2, f"only {hit} deaths")
    answered = sum(one.answered for one in traffic.said)
    reached.figure = (
        f"{points} points, {hit} deaths at them, {answered} of {len(traffic.said)} answered, {posts} posts to all"
    )
    return reached


def url_of(replica: Replica) -> str:
    return f"sqlite+aiosqlite:///{replica.folder / 'data' / 'shoudao.sqlite3'}"


class Story:
    def __init__(self, replica, traffic, ground, reached):
        self.replica, self.traffic, self.ground, self.reached = replica, traffic, ground, reached
        self.points: list[str] = []
        self.once: list[str] = []
        self.hit = 0

    async def first(self):
        """Up to the roster, and with everything that a day brings, to learn the points."""
        found = self.replica.platform.folder / "points"
        await self._start("list", 1, str(found))
        await self.replica.import_roster()
        for person, words in (
            ("clerk", "通知 请报送材料 明天下班前"),
            ("clerk", "发"),
            ("u001", "收到"),
            ("u002", "线索 标0标 有人强收停车费"),
            ("u003", "报 标0标 发放宣传单120份"),
        ):
            await self.traffic.say(person, words, mark="请报送材料" if words.startswith("通知") else "标0标")
        self.traffic.issued = 1
        await asyncio.sleep(4)
        await self.replica.end()
        self.points = sorted(set(found.read_text().split("\n")) - {""})
        self.once = [one for one in self.points if any(word in one for word in ONCE)]
        self.points = [one for one in self.points if one not in self.once]
        for some in (self.once, self.points):
            self.ground.chance.shuffle(some)

    async def tell(self):
        await self._start("", 1)
        for number in range(self.ground.size):
            await self.replica.end(signal.SIGKILL)
            await self._die_at(self.points[number % len(self.points)], number // len(self.points))
        await self.replica.end(signal.SIGKILL)
        await self._start("", 1)

    async def begin_anew(self):
        """Death at what is passed once in an installation's life: the second start finishes what the first began."""
        for number, name in enumerate(self.once[: max(self.ground.size // 10, 1)]):
            replica = Replica(self.replica.platform, f"new{number}", warm=True)
            replica.environment = {"FAIL_AT": name, "FAIL_NTH": "1", "FAIL_LIST": ""}
            try:
                with suppress(AssertionError):  # of a start or an import that is cut off
                    await replica.start(LAUNCHER, str(replica.platform.ahead))
                    await replica.import_roster()
                with suppress(TimeoutError):
                    await asyncio.wait_for(replica.process.wait(), WAIT)
                died = replica.process.returncode == -signal.SIGKILL
                self.hit += died
                self.reached.expect(died, f"it did not die at {name}, which a first start passes")
                replica.environment = {}
                await replica.start()
                await replica.import_roster()
                self.reached.expect((await replica.ask("/readyz"))["ready"], f"not ready after a death at {name}")
            finally:
                await replica.close()
            self.reached.faults += await wrong_in(url_of(replica))
            self.reached.faults += undeclared(replica.log.read_text(encoding="utf-8"), ALARMS, r"long connection")

    async def _die_at(self, name, turn):
        """Started so that it dies there; whether it did is counted, for not every start passes every point."""
        nth = 1 if turn == 0 else self.ground.chance.randint(1, 4)
        try:
            await self._start(name, nth)
            await asyncio.wait_for(self.replica.process.wait(), WAIT / (turn + 1))
            self.hit += 1
        except TimeoutError:
            pass
        except AssertionError:  # already while starting
            self.hit += self.replica.process.returncode == -signal.SIGKILL

    async def _start(self, at, nth, found=""):
        self.replica.environment = {"FAIL_AT": at, "FAIL_NTH": str(nth), "FAIL_LIST": found}
        await self.replica.start(LAUNCHER, str(self.replica.platform.ahead))
