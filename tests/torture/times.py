"""FI-5: the clock jumps, and the bot is stopped and started, while reminders fall due."""

from collections import Counter
from datetime import timedelta

from checker import wrong_in
from sqlalchemy import text
from trial import Ground, Reached, trial
from wecom_world import userid, wecom

JUMPS = (
    timedelta(minutes=7),
    timedelta(hours=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(hours=-1),
    timedelta(days=-1),
)


@trial(
    "clocks",
    "jumps of an hour and a day, both ways, and restarts over due reminders",
    asked="each reminder once, 0 lost, 0 summaries twice",
    sizes=(4, 8, 125, 1000),
    unit="jumps",
    postgresql=1.0,
)
async def clocks(ground: Ground) -> Reached:
    reached, restarts = Reached(), 0
    async with wecom(ground.folder / "data", ground.database, way="app") as office:
        began = office.clock.now()
        names = ["clerk", "head", *(f"u{n:03}" for n in range(1, 42))]
        office.api.members = {userid(p): {"userid": userid(p), "name": p, "status": 1} for p in names}
        for number in range(1, 6):
            await office.says("clerk", f"通知 请报送第{number}批材料 {'明天下班前' if number % 2 else '周五下班前'}")
            await office.says("clerk", f"发 {number}")
        for _ in range(ground.size):
            jump = ground.chance.choice(JUMPS)
            if jump > timedelta(0):
                await office.passes(seconds=jump.total_seconds())
            else:  # nothing but the wall clock goes back
                office.clock._base += jump
                await office.bot.settle()
            if ground.chance.random() < 0.4:
                await office.stop()
                await office.start()
                restarts += 1
        behind = max((began - office.clock.now()).days, 0)
        await office.passes(days=8 + behind)
        office.heard.clear()
        async with office.bot.store.read() as session:
            chased = Counter(tuple(row) for row in await session.execute(text(CHASED)))
            summaries = Counter(tuple(row) for row in await session.execute(text(SUMMED)))
            unchased = (await session.execute(text(UNCHASED))).scalar_one()
            left = (await session.execute(text("SELECT count(*) FROM alarms WHERE what LIKE 'tick:%'"))).scalar_one()
    often = [(unit, at) for (unit, at), count in chased.items() if count > 1]
    reached.expect(not often, f"reminded twice in one half-day: {often[:3]}")
    # Two due times, each with a reminder before and one after it; a message says all that its unit owes.
    most = max(Counter(unit for unit, _ in chased).values(), default=0)
    reached.expect(most <= 4, f"one unit was reminded {most} times")
    reached.expect(unchased == 0, f"{unchased} that owed were never reminded")
    reached.expect(left == 0, f"{left} ticks failed")
    twice = [what for what, count in summaries.items() if count > 1]
    reached.expect(not twice, f"summaries twice: {twice[:3]}")
    reached.faults += await wrong_in(
        ground.database or f"sqlite+aiosqlite:///{ground.folder / 'data' / 'shoudao.sqlite3'}"
    )
    reached.figure = f"{chased.total()} reminders, {summaries.total()} summaries, {restarts} restarts"
    return reached


CHASED = "SELECT person, substr(CAST(created_at AS text), 1, 13) FROM outbox WHERE kind = 'chase'"
SUMMED = "SELECT coalesce(room, '') || coalesce(person, ''), substr(body, 1, 8) FROM outbox WHERE kind = 'summary'"
UNCHASED = """SELECT count(*) FROM receipts r JOIN notices n ON n.id = r.notice_id WHERE n.state = 'open' AND r.done_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM receipt_events e WHERE e.notice_id = r.notice_id AND e.unit_id = r.unit_id AND e.what = 'chased')"""
