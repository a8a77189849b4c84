"""What stands on the screens of a door whose message ids are integers, as it was last edited."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, func, select
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession

from models.outbox import TABLE, OutState, SendClass


async def messages(
    session: AsyncSession, channel: str, *, room: str | None, persons: Sequence[str], after: int, limit: int
) -> Sequence[Any]:
    """What stands in a room or a private chat of a door whose ids are integers, oldest first, as last edited.

    `persons` are the names under which one person's messages are kept: the own one and the pseudonym.
    """
    number = as_type(TABLE.c.provider_id, BigInteger)
    place = TABLE.c.room == room if room is not None else TABLE.c.person.in_(persons)
    query = (
        select(*TABLE.c)
        .where(place, TABLE.c.channel == channel, TABLE.c.state == OutState.SENT, TABLE.c.edits.is_(None))
        .where(number > after)
        .order_by(number)
        .limit(limit)
    )
    return await _edited(session, (await session.execute(query)).all())


async def one_sent(session: AsyncSession, channel: str, provider_id: str) -> Any | None:
    """One message by the platform's id, as it was sent."""
    query = select(*TABLE.c).where(TABLE.c.channel == channel, TABLE.c.provider_id == provider_id)
    return (await session.execute(query.where(TABLE.c.edits.is_(None)))).one_or_none()


async def one(session: AsyncSession, channel: str, provider_id: str) -> Any | None:
    """The same, as last edited."""
    row = await one_sent(session, channel, provider_id)
    return None if row is None else (await _edited(session, [row]))[0]


async def last(session: AsyncSession, channel: str) -> tuple[int, datetime | None]:
    """The highest message id of a door whose ids are integers, and the time of the latest message sent."""
    number = func.max(as_type(TABLE.c.provider_id, BigInteger))
    query = select(number, func.max(TABLE.c.sent_at)).where(TABLE.c.channel == channel)
    found, at = (await session.execute(query)).one()
    return int(found or 0), at


async def _edited(session: AsyncSession, rows: Sequence[Any]) -> Sequence[Any]:
    """Rows as mappings, with the body and buttons of the edit that was made of them."""
    keys = [row.key for row in rows if row.send_class == SendClass.NEVER_TWICE or row.buttons]
    query = select(TABLE.c.edits, TABLE.c.body, TABLE.c.buttons).where(TABLE.c.edits.in_(keys))
    edits = {edit.edits: edit for edit in await session.execute(query)} if keys else {}
    found = []
    for row in rows:
        edit = edits.get(row.key)
        values = dict(row._mapping)
        found.append(values | {"body": edit.body, "buttons": edit.buttons} if edit is not None else values)
    return found
