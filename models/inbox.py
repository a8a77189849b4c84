"""What came in: one row for every message and click, which makes one id have one effect."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import BigInteger, Table, UniqueConstraint, bindparam, func, select
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, where_given
from models.bulk import add
from models.incoming import Incoming
from models.lookup import Lookup


class InboxState(StrEnum):
    """`done` had a handler, `ignored` none, `refused` was answered with a refusal, `parked` failed for good."""

    DONE = "done"
    IGNORED = "ignored"
    REFUSED = "refused"
    PARKED = "parked"


class Inbox(Base):
    """Room messages keep their text; a private one keeps ids and a keyed hash, for it may be a lead."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        where_given("ix_inbox_room_id", "room", "id"),
        where_given("ix_inbox_message", "message", given="room"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    channel: Mapped[str]
    external_id: Mapped[str]
    at: Mapped[datetime]
    message: Mapped[str] = mapped_column(default="")
    person: Mapped[str | None] = mapped_column(default=None)
    room: Mapped[str | None] = mapped_column(default=None)
    is_click: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str | None] = mapped_column(default=None)
    quote: Mapped[str | None] = mapped_column(default=None)
    pictures: Mapped[list[str]] = mapped_column(default_factory=list)
    payload_hash: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=InboxState.DONE)
    handler: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=1)
    error: Mapped[str] = mapped_column(default="")


TABLE = cast(Table, Inbox.__table__)
SEEN = Lookup(
    lambda one_of: select(TABLE.c.external_id, TABLE.c.message, TABLE.c.at, TABLE.c.payload_hash).where(
        TABLE.c.channel == bindparam("door"), one_of(TABLE.c.external_id, "ids")
    )
)
ADD = add(TABLE, [column.name for column in TABLE.columns if column.name != "id"])


async def seen(session: AsyncSession, channel: str, ids: Sequence[str]) -> dict[str, Any]:
    """The rows already there, by external id: message id, time and payload hash."""
    return {row.external_id: row for row in await SEEN.ask(session, door=channel, ids=list(ids))}


def row_for(incoming: Incoming, state: InboxState, handler: str, **more: Any) -> dict[str, Any]:
    """The values of one row; the text of a private message is left out on purpose."""
    kept = incoming.words.reveal() if incoming.room is not None and incoming.key is None else None
    return {
        "channel": incoming.channel,
        "external_id": incoming.external_id,
        "message": incoming.message,
        "person": incoming.person,
        "room": incoming.room,
        "is_click": incoming.key is not None,
        "text": kept,
        "quote": incoming.quote,
        "pictures": tuple(p.name for p in incoming.pictures) if incoming.room is not None else (),
        "payload_hash": incoming.payload_hash,
        "at": incoming.at,
        "state": state,
        "handler": handler,
        "attempts": 1,
        "error": "",
        **more,
    }


async def add_rows(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    await ADD.run(session, rows)


async def room_messages(session: AsyncSession, channel: str, room: str, after: int, limit: int) -> Sequence[Any]:
    """Messages that people wrote in a room of a door whose ids are integers, oldest first, with ids above `after`."""
    number = as_type(Inbox.message, BigInteger)
    query = (
        select(Inbox.message, Inbox.person, Inbox.room, Inbox.text, Inbox.at, Inbox.quote, Inbox.pictures)
        .where(Inbox.room == room, Inbox.channel == channel, Inbox.is_click.is_(False), number > after)
        .order_by(number)
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def one_message(session: AsyncSession, channel: str, message: str) -> Any | None:
    """Room and text of one message that somebody wrote in a room."""
    query = select(Inbox.room, Inbox.person, Inbox.text, Inbox.at).where(
        Inbox.channel == channel, Inbox.message == message, Inbox.room.is_not(None), Inbox.is_click.is_(False)
    )
    return (await session.execute(query)).first()


async def last_message(session: AsyncSession, channel: str) -> tuple[int, datetime | None]:
    """The highest message id of a door whose ids are integers, and the time of the latest message."""
    query = select(func.max(as_type(Inbox.message, BigInteger)), func.max(Inbox.at)).where(Inbox.channel == channel)
    number, at = (await session.execute(query)).one()
    return int(number or 0), at
