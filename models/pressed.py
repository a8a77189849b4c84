"""The card that somebody pressed, as it stands now."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.outbox import TABLE, OutState, SendClass


@dataclass(frozen=True)
class Standing:
    """The row that posted the card, with the words and buttons of its last change."""

    row: Any
    body: str
    buttons: list[dict[str, str]]


async def standing(session: AsyncSession, row_id: int) -> Standing | None:
    """None for a card that is not in the outbox. What is written down for all goes before what one presser was shown."""
    row = (await session.execute(select(*TABLE.c).where(TABLE.c.id == row_id))).one_or_none()
    return None if row is None else await _now(session, row)


async def standing_as(session: AsyncSession, channel: str, provider_id: str) -> Standing | None:
    """The same by the platform's own id of the message."""
    query = select(*TABLE.c).where(
        TABLE.c.provider_id == provider_id, TABLE.c.channel == channel, TABLE.c.edits.is_(None)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else await _now(session, row)


async def offered(session: AsyncSession, person: str, kind: str, notice_id: int) -> list[Standing]:
    """Messages of one kind about a notice that were sent to somebody and still carry buttons."""
    query = select(*TABLE.c).where(TABLE.c.person == person, TABLE.c.kind == kind, TABLE.c.notice_id == notice_id)
    rows = (await session.execute(query.where(TABLE.c.edits.is_(None)).order_by(TABLE.c.id))).all()
    found = [await _now(session, row) for row in rows if row.buttons and row.state == OutState.SENT]
    return [one for one in found if one.buttons]


async def _now(session: AsyncSession, row: Any) -> Standing:
    query = select(TABLE.c.body, TABLE.c.buttons, TABLE.c.send_class).where(TABLE.c.edits == row.key)
    edits = (await session.execute(query.order_by(TABLE.c.id.desc()))).all()
    last = next((edit for edit in edits if edit.send_class == SendClass.LATEST_WINS), edits[0] if edits else row)
    return Standing(row, last.body, list(last.buttons))
