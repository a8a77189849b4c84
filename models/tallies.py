"""How far notices have got: who is missing, how many have answered and finished, and what a day brought."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.receipts import BACK, EVENTS, TABLE


async def missing(session: AsyncSession, notice_id: int) -> Sequence[int]:
    """Ids of the units that have not acknowledged, from the partial index of what is owed."""
    query = select(TABLE.c.unit_id).where(
        TABLE.c.notice_id == notice_id, TABLE.c.done_at.is_(None), TABLE.c.acked_at.is_(None)
    )
    return (await session.scalars(query)).all()


async def missing_of(session: AsyncSession, notice_ids: Sequence[int]) -> dict[int, list[int]]:
    """The same for several notices at once."""
    found: dict[int, list[int]] = {n: [] for n in notice_ids}
    query = select(TABLE.c.notice_id, TABLE.c.unit_id).where(
        TABLE.c.notice_id.in_(notice_ids), TABLE.c.done_at.is_(None), TABLE.c.acked_at.is_(None)
    )
    for notice, unit in await session.execute(query):
        found[notice].append(unit)
    return found


async def counts(session: AsyncSession, notice_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Per notice: how many units are asked, have acknowledged, have finished."""
    if not notice_ids:
        return {}
    query = (
        select(TABLE.c.notice_id, func.count(), func.count(TABLE.c.acked_at), func.count(TABLE.c.done_at))
        .where(TABLE.c.notice_id.in_(notice_ids))
        .group_by(TABLE.c.notice_id)
    )
    return {n: (total, acked, done) for n, total, acked, done in await session.execute(query)}


async def marked(session: AsyncSession, notice_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Per notice: how many answers were late, how many were sent back at least once."""
    late = func.sum(case((TABLE.c.late, 1), else_=0))
    back = func.sum(case((TABLE.c.returned > 0, 1), else_=0))
    query = select(TABLE.c.notice_id, late, back).where(TABLE.c.notice_id.in_(notice_ids)).group_by(TABLE.c.notice_id)
    return {n: (int(a or 0), int(b or 0)) for n, a, b in await session.execute(query)}


async def acked_between(session: AsyncSession, since: datetime, until: datetime) -> dict[int, int]:
    """How many units acknowledged each notice in that time, looked for where an event of that time says so.

    In two steps: told both at once, PostgreSQL reads the whole ledger."""
    touched = select(EVENTS.c.notice_id).where(EVENTS.c.at >= since, EVENTS.c.at < until).distinct()
    ids = (await session.scalars(touched)).all()
    query = (
        select(TABLE.c.notice_id, func.count())
        .where(TABLE.c.notice_id.in_(ids), TABLE.c.acked_at >= since, TABLE.c.acked_at < until)
        .group_by(TABLE.c.notice_id)
    )
    return {row.notice_id: row[1] for row in await session.execute(query)} if ids else {}


async def late_between(
    session: AsyncSession, notice_ids: Sequence[int], since: datetime, until: datetime
) -> dict[int, int]:
    """How many acknowledgements of that time were late, by notice."""
    query = (
        select(TABLE.c.notice_id, func.count())
        .where(TABLE.c.notice_id.in_(notice_ids), TABLE.c.late, TABLE.c.acked_at >= since, TABLE.c.acked_at < until)
        .group_by(TABLE.c.notice_id)
    )
    return {row.notice_id: row[1] for row in await session.execute(query)} if notice_ids else {}


async def returned_between(session: AsyncSession, since: datetime, until: datetime) -> dict[int, int]:
    """How often an answer to each notice was sent back in that time."""
    query = (
        select(EVENTS.c.notice_id, func.count())
        .where(BACK, EVENTS.c.at >= since, EVENTS.c.at < until)
        .group_by(EVENTS.c.notice_id)
    )
    return {row.notice_id: row[1] for row in await session.execute(query)}
