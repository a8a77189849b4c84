"""What goes out: one row for every message, written with the change that caused it and settled by the sender."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import BindParameter, Index, Table, Text, bindparam, func, literal_column, select, text, update
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models import receipts
from models.base import Base, BigId, where_given
from models.bulk import change, upsert
from models.due import DueList


class SendClass(StrEnum):
    """What may happen when nobody knows whether a message arrived."""

    NEVER_TWICE = "never_twice"
    AT_LEAST_ONCE = "at_least_once"
    LATEST_WINS = "latest_wins"
    PROMPT = "prompt"


class OutState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


PROVED = "有人签收，可见已送达"
# A settled row has no due time, so the index holds only what waits.
WAITING = text("due_at IS NOT NULL")


class Outbox(Base):
    """One message to a room or a person.

    `edits` is the key of the row whose message is changed in place. `office_hours` says that nobody asked for it, so
    it waits for working hours. `wants` lists the `[notice id, unit id]` pairs that must still be owed when it leaves.
    `claimed_by` is the number of the sender that claimed it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "due_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_outbox_state", "state"),
        where_given("ix_outbox_room", "room", "id"),
        where_given("ix_outbox_person", "person", "id"),
        where_given("ix_outbox_provider_id", "provider_id"),
        where_given("ix_outbox_edits", "edits"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    channel: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    room: Mapped[str | None] = mapped_column(default=None)
    person: Mapped[str | None] = mapped_column(default=None)
    buttons: Mapped[list[Any]] = mapped_column(default_factory=list)
    mentions: Mapped[list[str]] = mapped_column(default_factory=list)
    quote: Mapped[str | None] = mapped_column(default=None)
    edits: Mapped[str | None] = mapped_column(default=None)
    send_class: Mapped[str] = mapped_column(default=SendClass.AT_LEAST_ONCE)
    office_hours: Mapped[bool] = mapped_column(default=False)
    wants: Mapped[list[Any]] = mapped_column(default_factory=list)
    notice_id: Mapped[int | None] = mapped_column(default=None)
    not_after: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None] = mapped_column(default=None)
    claimed_by: Mapped[int | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default=OutState.PENDING)
    provider_id: Mapped[str | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")


TABLE = cast(Table, Outbox.__table__)
FRESH = (
    "kind",
    "body",
    "buttons",
    "mentions",
    "created_at",
    "due_at",
    "not_after",
    "state",
    "attempts",
    "claimed_until",
    "reason",
)
WRITTEN = [column.name for column in TABLE.columns if column.name not in ("id", "provider_id", "sent_at", "claimed_by")]


def _literal(state: OutState) -> Any:
    return literal_column(f"'{state}'")


def _says_more(new: Any) -> Any:
    """What stands already, or is on its way, need not be said again: a restart looks after every late card."""
    said = (TABLE.c.body == new.body) & (as_type(TABLE.c.buttons, Text) == as_type(new.buttons, Text))
    return ~said | TABLE.c.state.not_in([_literal(s) for s in (OutState.PENDING, OutState.CLAIMED, OutState.SENT)])


# Of unknown fate, and nobody has been asked about it: it has a due time still.
UNASKED = DueList(TABLE.c.key, TABLE.c.due_at, TABLE.c.state == OutState.UNKNOWN)
ADD, REPLACE = upsert(TABLE, WRITTEN, ["key"], []), upsert(TABLE, WRITTEN, ["key"], FRESH, _says_more)


async def add_rows(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put messages in the way out. A key that stands already is left alone, but LATEST_WINS replaces what it said."""
    latest = [r for r in rows if r["send_class"] == SendClass.LATEST_WINS]
    once = [r for r in rows if r["send_class"] != SendClass.LATEST_WINS] if latest else rows
    await ADD.run(session, once)
    await REPLACE.run(session, latest)


DUE = (
    select(TABLE.c.id)
    .where(TABLE.c.due_at <= bindparam("now"), TABLE.c.state == OutState.PENDING)
    .where(TABLE.c.channel.not_in(bindparam("but", expanding=True)))
    .order_by(TABLE.c.due_at, TABLE.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
UNTIL: BindParameter[datetime] = bindparam("until")
HELD = {"due_at": UNTIL, "claimed_until": UNTIL, "claimed_by": bindparam("by"), "attempts": TABLE.c.attempts + 1}
CLAIM = update(TABLE).where(TABLE.c.id.in_(DUE)).values(state=OutState.CLAIMED, **HELD).returning(*TABLE.c)


async def claim(
    session: AsyncSession, now: datetime, until: datetime, limit: int, *, by: int, but: Sequence[str] = ()
) -> Sequence[Any]:
    """Take up to `limit` rows that are due, oldest first, so that nobody else sends them before `until` while the sender
    of number `by` lives. `but`: the channels whose rows another process takes."""
    asked = {"now": now, "until": until, "most": limit, "by": by, "but": list(but)}
    return sorted((await session.execute(CLAIM, asked)).all(), key=lambda row: int(row.id))


CLAIMED = TABLE.c.state == OutState.CLAIMED


async def prompts(session: AsyncSession, message: str) -> Sequence[Any]:
    """What answers this message within seconds or not at all: written as claimed by whoever stored the message."""
    query = select(*TABLE.c).where(
        CLAIMED, TABLE.c.due_at.is_not(None), TABLE.c.send_class == SendClass.PROMPT, TABLE.c.quote == message
    )
    return (await session.execute(query.order_by(TABLE.c.id))).all()


CLAIMANTS = select(TABLE.c.claimed_by).where(CLAIMED, TABLE.c.claimed_by.is_not(None)).distinct()
ABANDONED = (
    select(*TABLE.c)
    .where(CLAIMED, (TABLE.c.due_at <= bindparam("now")) | TABLE.c.claimed_by.in_(bindparam("gone", expanding=True)))
    .order_by(TABLE.c.id)
)
NEXT_DUE = select(func.min(TABLE.c.due_at)).where(TABLE.c.due_at.is_not(None))


async def claimants(session: AsyncSession) -> set[int]:
    """The numbers of the senders whose claims stand."""
    return set(await session.scalars(CLAIMANTS))


async def abandoned(session: AsyncSession, now: datetime, gone: Collection[int]) -> Sequence[Any]:
    """Claims that ran out, and those of senders that are `gone`."""
    return (await session.execute(ABANDONED, {"now": now, "gone": list(gone)})).all()


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next row wants attention."""
    at: datetime | None = (await session.execute(NEXT_DUE)).scalar_one()
    return at


SETTLED = ("state", "due_at", "claimed_until", "attempts", "provider_id", "sent_at", "reason")


SETTLE = change(TABLE, {"id": "id", "claim": "claimed_until"}, SETTLED, TABLE.c.state == _literal(OutState.CLAIMED))


async def settle(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down how sending ended. Each row has `id`, `claim` and every column of SETTLED; one statement for all.

    Only who still holds the claim may settle: a LATEST_WINS row that was replaced while it was being sent is pending
    again, and one whose holder slept too long is somebody else's.
    """
    await SETTLE.run(session, rows)


async def cancel(session: AsyncSession, notice_id: int, kinds: Collection[str], reason: str) -> None:
    """Take back what is still waiting about a notice."""
    await session.execute(
        update(TABLE)
        .where(TABLE.c.notice_id == notice_id, TABLE.c.kind.in_(kinds), TABLE.c.state == OutState.PENDING)
        .values(state=OutState.CANCELLED, due_at=None, reason=reason)
    )


async def by_key(session: AsyncSession, key: str) -> Outbox | None:
    return (await session.execute(select(Outbox).where(Outbox.key == key))).scalar_one_or_none()


async def prove(session: AsyncSession, notice_id: int, room: str, at: datetime) -> None:
    """An answer to a notice shows that its post arrived, whatever the door had said."""
    proved: Any = await session.execute(
        update(TABLE)
        .where(TABLE.c.notice_id == notice_id, TABLE.c.room == room, TABLE.c.kind == "notice")
        .where(TABLE.c.state == OutState.UNKNOWN)
        .values(state=OutState.SENT, sent_at=at, due_at=None, reason=PROVED)
    )
    if proved.rowcount:
        await receipts.delivered(session, notice_id, room, at)


async def in_state(session: AsyncSession, state: OutState | None, limit: int = 200) -> Sequence[Outbox]:
    """Newest first."""
    query = select(Outbox).order_by(Outbox.id.desc()).limit(limit)
    return (await session.scalars(query.where(Outbox.state == state) if state else query)).all()


async def provider_ids(session: AsyncSession, keys: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """State and platform id of the messages that edits speak of, by key."""
    if not keys:
        return {}
    query = select(TABLE.c.key, TABLE.c.state, TABLE.c.provider_id).where(TABLE.c.key.in_(keys))
    return {key: (state, provider) for key, state, provider in await session.execute(query)}


async def reword(session: AsyncSession, row_id: int, body: str, buttons: Sequence[Any], wants: Sequence[Any]) -> None:
    """A chase of which some part is no longer owed says only the rest."""
    values = {"body": body, "buttons": list(buttons), "wants": [list(pair) for pair in wants]}
    await session.execute(update(TABLE).where(TABLE.c.id == row_id).values(**values))


async def by_state(session: AsyncSession) -> dict[str, int]:
    """How many messages are in each state that a person may have to look at."""
    watched = (OutState.PENDING, OutState.CLAIMED, OutState.UNKNOWN, OutState.FAILED)
    query = select(TABLE.c.state, func.count()).where(TABLE.c.state.in_(watched)).group_by(TABLE.c.state)
    found: dict[str, int] = dict.fromkeys(map(str, watched), 0)
    for state, count in await session.execute(query):
        found[state] = count
    return found


async def count_of_kind(session: AsyncSession, kind: str, since: datetime, until: datetime) -> int:
    query = select(func.count()).where(TABLE.c.kind == kind, TABLE.c.created_at >= since, TABLE.c.created_at < until)
    return int((await session.execute(query)).scalar_one())
