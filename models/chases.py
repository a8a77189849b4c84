"""The chase as the ledger keeps it: whose step has come, when each unit was asked before, and what is without a future.

A step is `chase_at` and `chase_step` of a receipt. Many units are read and written with a few statements, so that a
morning on which a thousand of them are due does not hold the writer.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.bulk import change
from models.notices import Notice, NoticeState
from models.receipts import CHASES, EVENTS, KEY, TABLE


class Step(NamedTuple):
    """The next step of one receipt; `chase_at` is None where it is the office's turn."""

    notice_id: int
    unit_id: int
    chase_at: datetime | None
    chase_step: int


class Owed(NamedTuple):
    """What one unit owes in one open notice, in the words of the queries of `receipts`."""

    notice_id: int
    unit_id: int
    acked_at: datetime | None
    extended_to: datetime | None
    chase_at: datetime | None
    chase_step: int
    lacking: str
    number: int
    kind: str
    notice_text: str
    ack_due: datetime | None
    done_due: datetime | None
    chase_after: datetime | None


DUE = (
    select(TABLE.c.unit_id)
    .where(TABLE.c.chase_at <= bindparam("now"))
    .group_by(TABLE.c.unit_id)
    .order_by(func.min(TABLE.c.chase_at), TABLE.c.unit_id)
    .limit(bindparam("most"))
)
NEXT = select(func.min(TABLE.c.chase_at)).where(TABLE.c.chase_at.is_not(None))


async def due_for_chase(session: AsyncSession, now: datetime, limit: int) -> Sequence[int]:
    """Units of which some receipt's next step has come."""
    return (await session.scalars(DUE, {"now": now, "most": limit})).all()


async def next_chase(session: AsyncSession) -> datetime | None:
    at: datetime | None = (await session.execute(NEXT)).scalar_one()
    return at


async def chased_since(session: AsyncSession, unit_ids: Iterable[int], since: datetime) -> Mapping[int, list[datetime]]:
    """The instants at which each unit was chased, however many matters each chase named."""
    found: dict[int, list[datetime]] = {unit: [] for unit in unit_ids}
    query = select(EVENTS.c.unit_id, EVENTS.c.at).where(EVENTS.c.unit_id.in_(list(found)), CHASES, EVENTS.c.at >= since)
    for unit, at in await session.execute(query.distinct()):
        found[unit].append(at)
    return found


SET_STEPS = change(TABLE, KEY, ["chase_at", "chase_step"])


async def set_steps(session: AsyncSession, steps: Sequence[Step]) -> None:
    """Write the next steps of many receipts with one statement."""
    await SET_STEPS.run(session, [step._asdict() for step in steps])


async def owed(session: AsyncSession, unit_ids: Iterable[int]) -> dict[int, list[Owed]]:
    """All that each unit owes in open notices, newest first. The notices are read once, however many owe them."""
    found: dict[int, list[Owed]] = {unit: [] for unit in unit_ids}
    columns = (TABLE.c.acked_at, TABLE.c.extended_to, TABLE.c.chase_at, TABLE.c.chase_step, TABLE.c.lacking)
    query = (
        select(TABLE.c.notice_id, TABLE.c.unit_id, *columns)
        .where(TABLE.c.unit_id.in_(list(found)), TABLE.c.done_at.is_(None))
        .order_by(TABLE.c.notice_id.desc())
    )
    rows = (await session.execute(query)).all()
    clocks = (Notice.ack_due, Notice.done_due, Notice.chase_after)
    asked = select(Notice.id, Notice.number, Notice.kind, Notice.text, *clocks).where(
        Notice.id.in_({row[0] for row in rows}), Notice.state == NoticeState.OPEN
    )
    notices: dict[int, tuple[Any, ...]] = {n[0]: tuple(n[1:]) for n in await session.execute(asked)}
    for row in rows:
        if row[0] in notices:
            found[row[1]].append(Owed(*row, *notices[row[0]]))
    return found


async def stop_chasing(session: AsyncSession, notice_id: int) -> None:
    await session.execute(update(TABLE).where(TABLE.c.notice_id == notice_id).values(chase_at=None))


async def forget_steps(session: AsyncSession, unit_ids: Sequence[int], now: datetime) -> None:
    """Drop the due steps of units in notices that are no longer open: they would otherwise come up for ever."""
    await session.execute(
        update(TABLE)
        .where(TABLE.c.unit_id.in_(unit_ids), TABLE.c.chase_at <= now)
        .where(TABLE.c.notice_id.in_(select(Notice.id).where(Notice.state != NoticeState.OPEN)))
        .values(chase_at=None)
    )


async def chases_between(session: AsyncSession, since: datetime, until: datetime) -> int:
    query = select(func.count()).where(CHASES, EVENTS.c.at >= since, EVENTS.c.at < until)
    return int((await session.execute(query)).scalar_one())


async def without_future(session: AsyncSession) -> list[tuple[int, int]]:
    """I5: `(notice number, unit id)` of what is owed in an open notice and has no step to come, nor a call sheet."""
    query = (
        select(Notice.number, TABLE.c.unit_id)
        .join(Notice, Notice.id == TABLE.c.notice_id)
        .where(Notice.state == NoticeState.OPEN, TABLE.c.done_at.is_(None))
        .where(TABLE.c.chase_at.is_(None), Notice.sheet_at.is_(None))
        .order_by(Notice.number, TABLE.c.unit_id)
    )
    return [(number, unit) for number, unit in await session.execute(query)]
