"""FI-27: pressed cards, which the platform sends once only, while the bot is killed and while it is restarted."""

import asyncio
import signal

from checker import undeclared, wrong_in
from front import Front
from live_wecom import UNITS, Replica, platform
from trial import Beside, Ground, Reached, trial

PER_SECOND = {True: 40, False: 10}  # by whether it is SQLite: on PostgreSQL each press is three turns of the one writer


@trial(
    "clicks",
    "cards pressed once only, across kills and restarts",
    asked="≤ 1 lost a kill, 0 by restarts",
    sizes=(2, 2, 10, 60),
    unit="restarts",
    postgresql=0.5,
    beside=Beside.NOTHING,
)
async def clicks(ground: Ground) -> Reached:
    """On SQLite one process behind a held socket, killed and restarted by turns; on PostgreSQL a rolling restart of two."""
    reached = Reached()
    async with platform(ground.folder) as there:
        names = ("a", "b") if ground.database else ("a",)
        replicas = [Replica(there, name, ground.database, held=not ground.database) for name in names]
        front = Front(*(one.url for one in replicas)) if ground.database else None
        if front is not None:
            await front.open()
        url = ground.database or f"sqlite+aiosqlite:///{replicas[0].folder / 'data' / 'shoudao.sqlite3'}"
        rate = PER_SECOND[not ground.database]
        pressing = Pressing(there, front.url if front is not None else replicas[0].url, rate)
        try:
            for one in replicas:
                await one.start()
                if one is replicas[0]:
                    await one.import_roster()
            await pressing.prepare(reached)
            task = asyncio.create_task(pressing.run())
            by_kill = await _go_on(ground, replicas, pressing)
            pressing.over = True
            await task
        finally:
            for one in replicas:
                await one.end()
            if front is not None:
                await front.close()
    lost, asked = pressing.lost, pressing.pressed
    reached.expect(by_kill <= (ground.size + 1) // 2, f"{by_kill} of {asked} lost by kills")
    reached.expect(lost - by_kill == 0, f"{lost - by_kill} of {asked} lost by restarts in good order")
    reached.expect(pressing.worst < 5, f"one was answered after {pressing.worst:.1f} s")
    reached.faults += await wrong_in(url)
    for one in replicas:
        reached.faults += undeclared(one.log.read_text(encoding="utf-8"), r"long connection", r"advisory lock")
    reached.figure = f"{lost} of {asked} lost ({by_kill} by kills) at {rate}/s, worst answer {pressing.worst:.2f} s"
    return reached


async def _go_on(ground: Ground, replicas: list[Replica], pressing: "Pressing") -> int:
    """Kills and restarts by turns; gives how many presses the kills cost."""
    by_kill = 0
    for number in range(ground.size):
        await pressing.steady()
        await asyncio.sleep(ground.chance.uniform(0.3, 1.0))
        one, before = replicas[number % len(replicas)], pressing.lost
        kill = not ground.database and number % 2 == 0
        await one.end(signal.SIGKILL if kill else signal.SIGTERM)
        await one.start()
        await pressing.steady()
        by_kill += (pressing.lost - before) if kill else 0
    return by_kill


class Pressing:
    """Units press the card of a notice again and again; each press is a message of its own."""

    def __init__(self, there, url, rate):
        self.there, self.url, self.rate = there, url, rate
        self.pressed = self.lost = 0
        self.worst = 0.0
        self.under_way = 0
        self.over = False
        self.card = None

    async def prepare(self, reached):
        """One notice, and the card of it that stands in the group."""
        await self.there.send(self.url, self.there.text("clerk", "通知 请报送材料 明天下班前"))
        await self.there.send(self.url, self.there.text("clerk", "发"))
        for _ in range(200):
            cards = [post.card for post in self.there.bot.posts if post.card is not None]
            if cards:
                self.card = cards[0]
                return
            await asyncio.sleep(0.1)
        reached.expect(False, "no card came into the group")

    async def run(self):
        if self.card is None:
            return
        tasks = []
        while not self.over:
            if self.under_way < 3 * self.rate:  # a machine that cannot follow shall not be buried
                tasks.append(asyncio.create_task(self._press(UNITS[len(tasks) % len(UNITS)])))
            await asyncio.sleep(1 / self.rate)
        await asyncio.gather(*tasks)

    async def steady(self):
        """Whoever had to wait has been answered."""
        for _ in range(400):
            if self.under_way <= 4:
                return
            await asyncio.sleep(0.05)

    async def _press(self, person):
        loop = asyncio.get_running_loop()
        posted = self.there.click(person, self.card["task_id"], self.card["button_list"][0]["key"])
        began = loop.time()
        self.under_way += 1
        done = await self.there.send(self.url, posted, tries=1)
        self.under_way -= 1
        self.pressed += 1
        if done:
            self.worst = max(self.worst, loop.time() - began)
        else:
            self.lost += 1
