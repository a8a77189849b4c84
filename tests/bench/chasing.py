"""One tick of the chase over many units that owe much, all of it due at once; prints JSON.

    chasing.py FOLDER UNITS NOTICES [DATABASE-URL]

`tick` is the processor time and `wall` the time on the clock until every unit's one merged message is queued; `hold`
is the longest that the writer was held meanwhile, `waits` what an ack would have waited at most. Milliseconds.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from ledger import EVENTS, RECEIPTS, fill
from seeding import START
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.collecting import spare_those_who_wait
from bot.demo import open_demo
from models.outbox import Outbox
from models.receipts import ReceiptState


async def owe(session: AsyncSession) -> None:
    """Every unit owes everything, and everything's first step has come; one unit's came a little earlier."""
    await session.execute(delete(EVENTS))
    nothing: dict[str, Any] = dict.fromkeys(("acked_at", "done_at"))
    due = START - timedelta(minutes=1)
    waits = {"state": ReceiptState.WAITING, **nothing}
    await session.execute(update(RECEIPTS).values(chase_at=due, **waits))
    first = select(func.min(RECEIPTS.c.unit_id)).scalar_subquery()
    await session.execute(
        update(RECEIPTS).where(RECEIPTS.c.unit_id == first).values(chase_at=due - timedelta(minutes=1))
    )


class Held:
    """How long each unit of work holds the writer, from its first statement to the end of its commit."""

    def __init__(self) -> None:
        self.spans: list[float] = []

    def timed(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def inner(unit: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
            entered = [0.0]

            async def within(session: AsyncSession) -> Any:
                entered[0] = time.perf_counter()
                return await unit(session)

            try:
                return await write(within)
            finally:
                self.spans.append(time.perf_counter() - entered[0])

        return inner


async def main(folder: Path, units: int, notices: int, url: str = "") -> dict[str, float]:
    async with AsyncExitStack() as stack:
        demo = await stack.enter_async_context(open_demo(folder, at=START - timedelta(hours=1), url=url, frozen=True))
        bot, held = demo.bot, Held()
        await bot.settle()
        await fill(bot.store, units, notices)
        await bot.store.write(owe)
        # As the database itself does within minutes of such a change: PostgreSQL keeps what was deleted till then.
        tidy = "ANALYZE" if bot.store.is_sqlite else "VACUUM ANALYZE"
        async with bot.store.engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text(tidy))
        demo.clock.move_to(START - timedelta(minutes=2))
        await bot.dispatch.ticking.pass_time()  # a process that serves has read its roster and its templates before
        demo.clock.move_to(START)
        spare_those_who_wait()  # as a process that serves does when it has started
        bot.store.write = held.timed(bot.store.write)  # type: ignore[method-assign]
        since, worked = time.perf_counter(), time.process_time()
        await bot.dispatch.ticking.pass_time()
        wall, tick = time.perf_counter() - since, time.process_time() - worked
        async with bot.store.read() as session:
            said = (await session.execute(select(func.count()).where(Outbox.kind == "chase"))).scalar_one()
        assert said == units, f"{said} of {units} units were reminded"
        return {"tick": tick * 1000, "wall": wall * 1000, "hold": max(held.spans) * 1000}


if __name__ == "__main__":
    place, units, notices, *url = sys.argv[1:]
    print(json.dumps(asyncio.run(main(Path(place), int(units), int(notices), *url))))
