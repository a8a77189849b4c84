"""What became of messages: what the sender and its alarms ask of the outbox."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import receipts
from models.outbox import TABLE, OutState


async def answered(session: AsyncSession, row: Any) -> bool:
    """Whether somebody of its room has answered a notice since its post was written: then it has arrived."""
    if row.kind != "notice" or row.edits is not None or row.notice_id is None:
        return False
    query = select(receipts.TABLE.c.unit_id).where(
        receipts.TABLE.c.notice_id == row.notice_id,
        receipts.TABLE.c.room == row.room,
        receipts.TABLE.c.acked_at >= row.created_at,
        receipts.TABLE.c.proxy.is_(False),
    )
    return (await session.execute(query.limit(1))).first() is not None


async def state_of(session: AsyncSession, row_id: int) -> str | None:
    return (await session.execute(select(TABLE.c.state).where(TABLE.c.id == row_id))).scalar_one_or_none()


async def has_failed(session: AsyncSession, channel: str, kind: str) -> bool:
    query = select(TABLE.c.id).where(TABLE.c.state == OutState.FAILED, TABLE.c.channel == channel)
    return (await session.execute(query.where(TABLE.c.kind == kind).limit(1))).first() is not None
