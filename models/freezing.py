"""The panic handle: while it is pulled nothing leaves by itself, and nothing into a room; who speaks is answered.

What is held waits in the outbox as it is, and is looked at again when it may go: too late, or no longer owed, it lapses.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.marks import read_mark, write_mark
from models.outbox import TABLE, OutState
from models.rules.wanted import Decision, Verdict

FROZEN = "frozen"
HELD = "已冻结，解冻后再发"
AGAIN = timedelta(days=1)
SAYING_SO = ("frozen_told", "thawed_told", "alarm")


async def frozen_by(session: AsyncSession) -> str | None:
    return await read_mark(session, FROZEN) or None


async def freeze(session: AsyncSession, by: str) -> None:
    await write_mark(session, FROZEN, by)


async def thaw(session: AsyncSession, now: datetime) -> None:
    """What was held is due again."""
    await write_mark(session, FROZEN, "")
    await session.execute(
        update(TABLE).where(TABLE.c.state == OutState.PENDING, TABLE.c.reason == HELD).values(due_at=now, reason="")
    )


async def waiting(session: AsyncSession, now: datetime) -> int:
    """How many messages would leave if they might."""
    due = (TABLE.c.due_at <= now) | (TABLE.c.reason == HELD)
    query = select(func.count()).select_from(TABLE).where(TABLE.c.state == OutState.PENDING, due)
    return int((await session.execute(query)).scalar_one())


def held_back(row: Any, now: datetime) -> Decision | None:
    """None for what may leave all the same: a private answer, and word of the freeze itself."""
    answer = row.person is not None and (row.key.startswith("reply:") or row.kind in SAYING_SO)
    return None if answer else Decision(Verdict.WAIT, at=now + AGAIN, reason=HELD)
