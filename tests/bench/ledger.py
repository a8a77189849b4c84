"""Questions to a large ledger, asked in this process of the house's own models and handlers; prints JSON.

    ledger.py FOLDER UNITS NOTICES ROUNDS [DATABASE-URL]

Every notice is open, which is the hardest case, and nine receipts of ten are acknowledged. Milliseconds, medians.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, cast

from seeding import SAMPLE, START, TEXT, more_units
from sqlalchemy import Integer, Table, case, func, insert, literal, null, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import installation_key
from bot.channels.simulator_posts import Posts
from bot.demo import Demo, open_demo
from handlers.request import Desk
from handlers.summary import sum_up
from models import tallies
from models.gathering import Gathering
from models.marks import write_mark
from models.notices import Notice, NoticeState
from models.receipts import How, Receipt, ReceiptEvent, ReceiptState, What
from models.store import Store
from models.units import Unit

AT_A_TIME = 500  # notices a transaction, or the log of it grows as large as the file
PAGES = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
BYTES = "SELECT pg_database_size(current_database())"
Ask = Callable[[], Awaitable[Any]]
NOTICES, RECEIPTS, EVENTS = (cast(Table, t.__table__) for t in (Notice, Receipt, ReceiptEvent))


async def fill(store: Store, units: int, notices: int) -> None:
    """Units, notices over the last weeks, a receipt for every pair and an event for every ack, by the database itself."""
    await store.write(lambda session: _notices(session, units, notices))
    for first in range(1, notices + 1, AT_A_TIME):
        await store.write(partial(_receipts, first, min(first + AT_A_TIME - 1, notices)))


async def _notices(session: AsyncSession, units: int, notices: int) -> None:
    await more_units(session, units - SAMPLE)
    ids = list(await session.scalars(select(Unit.id)))
    rows = [
        {
            "number": number,
            "text": TEXT.format(number),
            "issuer": "clerk",
            "kind": "签收",
            "version": 1,
            "audience": ids,
            "rooms": ["members", "counties"],
            "state": NoticeState.OPEN,
            "created_at": START - timedelta(hours=2 * (notices - number)),
            "issued_at": START - timedelta(hours=2 * (notices - number)),
            "ack_due": START + timedelta(days=1),
        }
        for number in range(1, notices + 1)
    ]
    await session.execute(insert(Notice), rows)
    await write_mark(session, "notice number", str(notices))


async def _receipts(first: int, last: int, session: AsyncSession) -> None:
    """Those of the notices with these numbers, in the order in which they lie."""
    pairs = select(NOTICES.c.id.label("notice"), Unit.id.label("unit"), NOTICES.c.issued_at.label("at"))
    of_these = NOTICES.c.number.between(first, last)
    pair = pairs.join_from(NOTICES, Unit, true()).where(of_these).order_by(NOTICES.c.id, Unit.id).subquery()
    acked = (pair.c.notice * 7 + pair.c.unit * 3) % 10 != 0
    at = case((acked, pair.c.at), else_=null())
    columns = {
        "notice_id": pair.c.notice,
        "unit_id": pair.c.unit,
        "room": literal("members"),
        "state": case((acked, literal(str(ReceiptState.ACKED))), else_=literal(str(ReceiptState.WAITING))),
        "late": literal(False),
        "proxy": literal(False),
        "exempt": literal(False),
        "chase_step": literal(0, Integer),
        "acked_at": at,
        "done_at": at,
    }
    await session.execute(insert(Receipt).from_select(list(columns), select(*columns.values())))
    event = {
        "notice_id": RECEIPTS.c.notice_id,
        "unit_id": RECEIPTS.c.unit_id,
        "at": RECEIPTS.c.acked_at,
        "what": literal(str(What.ACKED)),
        "how": literal(str(How.TEXT)),
        "note": literal(""),
    }
    made = select(NOTICES.c.id).where(of_these)
    told = select(*event.values()).where(RECEIPTS.c.notice_id.in_(made), RECEIPTS.c.acked_at.is_not(None))
    await session.execute(insert(ReceiptEvent).from_select(list(event), told))


class Questions:
    """What is asked, each with its own connection or transaction, as it is in service."""

    def __init__(self, demo: Demo, notices: int) -> None:
        bot = demo.bot
        self.demo, self.bot, self.latest, self.turn = demo, bot, notices, 0
        key = installation_key(bot.folder)
        self.posts = Posts(demo.simulator, bot.dispatch, bot.store, bot.around, demo.clock, key)

    async def missing(self) -> None:
        self.turn += 1
        async with self.bot.store.read() as session:
            assert await tallies.missing(session, self.turn * 37 % self.latest + 1)

    async def who(self) -> None:
        """The whole way: message in, handler, answer rendered, commit."""
        await self._says(f"谁没收到 {self.latest // 2}")

    async def who_newest(self) -> None:
        await self._says("谁没收到")

    async def summary(self) -> None:
        async def unit(session: AsyncSession) -> None:
            around = await self.bot.around.load(session)
            desk = Desk(Gathering(session), self.demo.clock.now(), around)
            await write_mark(session, "summary done", (desk.now - timedelta(days=1)).isoformat())
            await sum_up(desk, desk.now)
            await desk.gathering.flush()

        await self.bot.store.write(unit)

    async def raise_notice(self) -> None:
        await self._says("发")

    async def draft(self) -> None:
        await self._says("通知 关于开展专项整治“回头看”的通知：请各单位明天下班前签收。")

    async def _says(self, words: str) -> None:
        await self.posts.message({"from": "clerk", "room": None, "text": words})


async def timed(rounds: int, ask: Ask, before: Ask | None = None) -> float:
    """Median milliseconds of one question, the first of which is not counted."""
    taken = []
    for _ in range(rounds + 1):
        if before is not None:
            await before()
        since = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - since)
    return median(taken[1:]) * 1000


async def main(folder: Path, units: int, notices: int, rounds: int, url: str = "") -> dict[str, float]:
    async with AsyncExitStack() as stack:
        demo = await stack.enter_async_context(open_demo(folder, at=START, url=url, frozen=True))
        since = time.perf_counter()
        await fill(demo.bot.store, units, notices)
        async with demo.bot.store.engine.connect() as connection:
            await connection.execute(text("ANALYZE"))
            await connection.commit()
            count = (await connection.execute(select(func.count()).select_from(RECEIPTS))).scalar_one()
            size = (await connection.execute(text(PAGES if demo.bot.store.is_sqlite else BYTES))).scalar_one()
        found = {"receipts": float(count), "seeding": time.perf_counter() - since, "size": size / 1e6}
        ask = Questions(demo, notices)
        found["missing"] = await timed(rounds * 20, ask.missing)
        found["who"] = await timed(rounds, ask.who)
        found["who_newest"] = await timed(rounds, ask.who_newest)
        found["summary"] = await timed(rounds, ask.summary)
        found["raise"] = await timed(rounds, ask.raise_notice, ask.draft)
        return found


if __name__ == "__main__":
    folder, units, notices, rounds, *url = sys.argv[1:]
    print(json.dumps(asyncio.run(main(Path(folder), int(units), int(notices), int(rounds), *url))))
