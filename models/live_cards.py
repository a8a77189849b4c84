"""Private messages whose buttons still stand on the reader's screen, though what they ask for may be done by now.

A platform may let such a message be changed once without a press, for some days: what is kept here is which ones, and
for how long. A message is `spent` when nothing that it asks for is left to be acknowledged, whoever did it and however.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId
from models.bulk import upsert
from models.notices import TABLE as NOTICES
from models.notices import Notice, NoticeState
from models.receipts import TABLE as RECEIPTS


class LiveCard(Base):
    """One receipt that one message of the outbox asks for."""

    __tablename__ = "live_cards"

    outbox_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime]


TABLE = cast(Table, LiveCard.__table__)
COLUMNS = [column.name for column in TABLE.columns]
ADD = upsert(TABLE, COLUMNS, ["outbox_id", "notice_id", "unit_id"], [])


async def note(session: AsyncSession, sent: Iterable[tuple[Any, timedelta | None]], now: datetime) -> None:
    """These rows of the outbox were handed to their door just now; each can be changed for as long as stands beside it,
    if at all."""
    rows = [
        {"outbox_id": row.id, "notice_id": notice, "unit_id": unit, "since": now, "until": now + lasts}
        for row, lasts in sent
        if lasts is not None and row.buttons and row.person is not None
        for notice, unit in row.wants
    ]
    await ADD.run(session, rows)


def _left() -> Any:
    """How many of a message's receipts are still to be acknowledged. What was closed may be, late; not what was recalled."""
    wanted = (RECEIPTS.c.acked_at.is_(None)) & (NOTICES.c.state != NoticeState.RECALLED) & NOTICES.c.id.is_not(None)
    return func.sum(case((wanted, 1), else_=0))


def _with_receipts(*columns: Any) -> Any:
    receipt = (RECEIPTS.c.notice_id == TABLE.c.notice_id) & (RECEIPTS.c.unit_id == TABLE.c.unit_id)
    joined = TABLE.outerjoin(RECEIPTS, receipt).outerjoin(NOTICES, NOTICES.c.id == RECEIPTS.c.notice_id)
    return select(*columns).select_from(joined)


SPENT = (
    _with_receipts(TABLE.c.outbox_id)
    .group_by(TABLE.c.outbox_id)
    .having((_left() == 0) | (func.max(TABLE.c.until) <= bindparam("now")))
    .order_by(TABLE.c.outbox_id)
    .limit(bindparam("most"))
)
NEXT_SPENT = _with_receipts(func.max(TABLE.c.since)).group_by(TABLE.c.outbox_id).having(_left() == 0).limit(1)


async def spent(session: AsyncSession, now: datetime, limit: int) -> Sequence[int]:
    """The outbox ids of what nobody need press any more, and of what can no longer be changed."""
    return (await session.scalars(SPENT, {"now": now, "most": limit})).all()


async def next_spent(session: AsyncSession) -> datetime | None:
    """An instant that has passed when something is spent. What merely grew too old wakes nobody."""
    at: datetime | None = (await session.execute(NEXT_SPENT)).scalar_one_or_none()
    return at


async def is_live(session: AsyncSession, outbox_id: int, now: datetime) -> bool:
    query = select(TABLE.c.outbox_id).where(TABLE.c.outbox_id == outbox_id, TABLE.c.until > now)
    return (await session.execute(query.limit(1))).first() is not None


async def forget(session: AsyncSession, outbox_id: int) -> None:
    await session.execute(delete(TABLE).where(TABLE.c.outbox_id == outbox_id))


async def unacked_numbers(session: AsyncSession, wants: Collection[Sequence[int]]) -> set[int]:
    """The numbers of those notices among `wants` that the unit beside them has yet to acknowledge."""
    pairs = {(notice, unit) for notice, unit in wants}
    query = (
        select(RECEIPTS.c.notice_id, RECEIPTS.c.unit_id, Notice.number)
        .join(Notice, Notice.id == RECEIPTS.c.notice_id)
        .where(RECEIPTS.c.notice_id.in_({notice for notice, _ in pairs}), RECEIPTS.c.acked_at.is_(None))
        .where(RECEIPTS.c.unit_id.in_({unit for _, unit in pairs}), Notice.state != NoticeState.RECALLED)
    )
    return {number for notice, unit, number in await session.execute(query) if (notice, unit) in pairs}
