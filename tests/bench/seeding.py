"""An office with many open notices, in a data folder that `shoudao demo` goes on from: made through the house itself.

    seeding.py FOLDER UNITS NOTICES [TIME]

TIME is when all this happened, in ISO 8601. Up to 41 units are the sample roster's; more are added behind them, all in the room `members`.
"""

import asyncio
import sys
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bot.demo import Demo, open_demo
from handlers.issue import go_out
from handlers.request import Desk
from models.gathering import Gathering
from models.notices import Notice, next_number
from models.people import Person
from models.roster import touch_roster
from models.units import Unit

START = datetime.fromisoformat("2026-11-18T15:00+08:00")
SAMPLE = 41
TEXT = "关于报送第{}批专项整治工作进展情况的通知：请各单位于本周五下班前将有关情况报送市扫黑办。"


async def seed(folder: Path, units: int, notices: int, at: datetime = START) -> None:
    async with open_demo(folder, at=at, frozen=True) as demo:
        await demo.bot.store.write(lambda session: more_units(session, units - SAMPLE))
        for first in range(1, notices + 1, 50):
            some = range(first, min(first + 50, notices + 1))
            await demo.bot.store.write(partial(_open, demo, some))
        await demo.bot.settle()


async def more_units(session: AsyncSession, count: int) -> None:
    """Units and one liaison each beyond the sample roster, called u042 and on."""
    for extra in range(SAMPLE + 1, SAMPLE + 1 + count):
        unit = Unit(number=extra, name=f"第{extra}街道", kind="成员单位", rooms=["members"])
        session.add(unit)
        await session.flush()
        session.add(Person(id=f"u{extra:03}", name=f"第{extra}街道联络员", unit_id=unit.id))
    await touch_roster(session)
    await session.flush()


async def _open(demo: Demo, numbers: range, session: AsyncSession) -> None:
    desk = Desk(Gathering(session), demo.clock.now(), await demo.bot.around.load(session))
    everybody = list(desk.roster.units)
    for number in numbers:
        notice = Notice(
            number=await next_number(session),
            text=TEXT.format(number),
            issuer="clerk",
            created_at=desk.now,
            audience=everybody,
        )
        session.add(notice)
        await session.flush()
        await go_out(desk, notice)
    await desk.gathering.flush()


if __name__ == "__main__":
    when = [datetime.fromisoformat(text) for text in sys.argv[4:]]
    asyncio.run(seed(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *when))
