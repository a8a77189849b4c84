"""Cards of notices that stay behind until somebody speaks in their group: where the bot may only answer."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.outbox import TABLE, OutState

CARD = "notice_card"
WAITS = (TABLE.c.due_at.is_not(None), TABLE.c.state == OutState.PENDING, TABLE.c.kind == CARD, TABLE.c.edits.is_(None))


async def rooms(session: AsyncSession) -> set[str]:
    """Where one waits."""
    return {room for room in await session.scalars(select(TABLE.c.room).where(*WAITS).distinct()) if room is not None}


async def hurry(session: AsyncSession, room: str, now: datetime) -> None:
    """Somebody has spoken there: what waits is due now."""
    await session.execute(update(TABLE).where(*WAITS, TABLE.c.room == room).values(due_at=now))


async def put_back(session: AsyncSession, row_id: int, now: datetime) -> None:
    """It was handed to an answer that nobody read: it waits again."""
    values = {"state": OutState.PENDING, "due_at": now, "claimed_until": None, "provider_id": None, "sent_at": None}
    given = TABLE.c.state.in_([OutState.SENT, OutState.CLAIMED])
    await session.execute(update(TABLE).where(TABLE.c.id == row_id, TABLE.c.kind == CARD, given).values(**values))
