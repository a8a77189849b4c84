"""The card that somebody pressed, as it stands now."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.outbox import TABLE, SendClass


@dataclass(frozen=True)
class Standing:
    """The row that posted the card, with the words and buttons of its last change."""

    row: Any
    body: str
    buttons: list[dict[str, str]]


async def standing(session: AsyncSession, row_id: int) -> Standing | None:
    """None for a card that is not in the outbox. What is written down for all goes before what one presser was shown."""
    row = (await session.execute(select(*TABLE.c).where(TABLE.c.id == row_id))).one_or_none()
    if row is None:
        return None
    query = select(TABLE.c.body, TABLE.c.buttons, TABLE.c.send_class).where(TABLE.c.edits == row.key)
    edits = (await session.execute(query.order_by(TABLE.c.id.desc()))).all()
    last = next((edit for edit in edits if edit.send_class == SendClass.LATEST_WINS), edits[0] if edits else row)
    return Standing(row, last.body, list(last.buttons))
