"""A unit changes its name, or several become one. Rows keep the unit that they were about; what is owed moves on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import receipts
from models.duties import Duty, DutyState
from models.notices import Notice, NoticeState
from models.people import Person, Position
from models.receipts import Receipt, ReceiptState, What
from models.units import Unit


@dataclass
class Moved:
    """What a merger touched: open notices, events to write, people who now belong to the unit that stays."""

    notices: set[int] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)
    people: int = 0


def rename(unit: Unit, name: str) -> None:
    """Give a unit a new name. The old one stays a short name, so that whoever still writes it is understood."""
    if name == unit.name:
        return
    unit.aliases = [alias for alias in dict.fromkeys((*unit.aliases, unit.name)) if alias != name]
    if unit.full == unit.name:
        unit.full = name
    unit.name = name


async def merge(session: AsyncSession, into: Unit, others: Sequence[Unit], at: datetime, by: str) -> Moved:
    """Let `others` become part of `into`: their names, rooms, people, open matters and coming notices."""
    moved = Moved()
    gone = {unit.id for unit in others}
    for unit in others:
        names = (*into.aliases, unit.name, *unit.aliases)
        into.aliases = [alias for alias in dict.fromkeys(names) if alias != into.name]
        into.rooms = list(dict.fromkeys((*into.rooms, *unit.rooms)))
        unit.active, unit.merged_into, unit.merged_at = False, into.id, at
    for person in await session.scalars(select(Person).where(Person.unit_id.in_(gone), Person.active)):
        person.unit_id = into.id
        person.position = Position.LEADER if person.position == Position.LEADER else Position.DEPUTY
        moved.people += 1
    coming = select(Notice).where(Notice.state.in_((NoticeState.DRAFT, NoticeState.SCHEDULED, NoticeState.OPEN)))
    for notice in (await session.scalars(coming)).all():
        if gone & set(notice.audience):
            if notice.state == NoticeState.OPEN:
                await _hand_on(session, notice, into, gone, at, by, moved)
            notice.audience = _without(notice.audience, gone, into.id)
    for duty in await session.scalars(select(Duty).where(Duty.state != DutyState.OFF)):
        duty.audience = _without(duty.audience, gone, into.id)
    await session.flush()
    return moved


def _without(audience: Sequence[int], gone: set[int], into: int) -> list[int]:
    return list(dict.fromkeys(into if unit in gone else unit for unit in audience))


async def _hand_on(
    session: AsyncSession, notice: Notice, into: Unit, gone: set[int], at: datetime, by: str, moved: Moved
) -> None:
    """In an open notice the row of a unit that has gone ends 免, and the unit that stays owes what it still owed."""
    rows = {r.unit_id: r for r in await receipts.of_notice(session, notice.id)}
    left = [rows[u] for u in sorted(gone) if u in rows and rows[u].done_at is None]
    if not left:
        return
    moved.notices.add(notice.id)
    for row in left:
        row.exempt, row.done_at, row.chase_at = True, at, None
        event = {"notice_id": notice.id, "unit_id": row.unit_id, "at": at, "what": What.DONE, "by": by}
        moved.events.append({**event, "note": f"并入{into.name}"})
    if into.id not in rows:
        first = left[0]
        session.add(
            Receipt(
                notice_id=notice.id,
                unit_id=into.id,
                room=first.room,
                state=ReceiptState.WAITING,
                extended_to=first.extended_to,
                chase_at=notice.chase_after if notice.chase_after and notice.chase_after > at else None,
                chase_step=1 if notice.chase_after and notice.chase_after > at else 2,
            )
        )
