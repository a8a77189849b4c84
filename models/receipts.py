"""The ledger: one row for every notice and unit, and every event upon it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, Table, bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId
from models.bulk import add, change
from models.lookup import Lookup, OneOf
from models.notices import TABLE as NOTICES  # by the table, a burst's questions are not taken for those of the ORM
from models.notices import Notice, NoticeState


class ReceiptState(StrEnum):
    UNDELIVERED = "未送达"
    WAITING = "待签收"
    ACKED = "已签收"
    REPLIED = "已回复"
    RETURNED = "退回"
    DONE = "办结"


class How(StrEnum):
    """By which way an answer came; the first that fits."""

    PROXY = "proxy"
    BUTTON = "button"
    QUOTE = "quote"
    NUMBER = "number"
    PRIVATE = "private"
    TEXT = "text"


class What(StrEnum):
    DELIVERED = "delivered"
    ACKED = "acked"
    REPLIED = "replied"
    RETURNED = "returned"
    EXTENDED = "extended"
    WITHDRAWN = "withdrawn"
    CHASED = "chased"
    PHONED = "phoned"
    DONE = "done"
    REOPENED = "reopened"


# What a unit still owes is found by these two: by notice for the office, by unit for a liaison.
UNFINISHED = text("done_at IS NULL")
# A query must say it in these words: to a bound value no database matches the index.
CHASES = text("what = 'chased'")
BACK = text("what = 'returned'")


class Receipt(Base):
    """`lacking` names the demanded pieces that have not come.

    `chase_at` is the next step the bot takes by itself; None means acked, closed, or the office's turn."""

    __tablename__ = "receipts"
    __table_args__ = (
        Index("ix_receipts_owed_unit", "unit_id", "notice_id", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
        Index("ix_receipts_owed_notice", "notice_id", "unit_id", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
        Index(
            "ix_receipts_chase_at",
            "chase_at",
            sqlite_where=text("chase_at IS NOT NULL"),
            postgresql_where=text("chase_at IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), primary_key=True)
    room: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=ReceiptState.UNDELIVERED)
    acked_at: Mapped[datetime | None] = mapped_column(default=None)
    acked_by: Mapped[str | None] = mapped_column(default=None)
    how: Mapped[str | None] = mapped_column(default=None)
    on_version: Mapped[int | None] = mapped_column(default=None)
    late: Mapped[bool] = mapped_column(default=False)
    proxy: Mapped[bool] = mapped_column(default=False)
    exempt: Mapped[bool] = mapped_column(default=False)
    returned: Mapped[int] = mapped_column(default=0)
    lacking: Mapped[str] = mapped_column(default="")
    extended_to: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    chase_at: Mapped[datetime | None] = mapped_column(default=None)
    chase_step: Mapped[int] = mapped_column(default=0)

    @property
    def marks(self) -> list[str]:
        held = (("迟", self.late), ("代签", self.proxy), ("延期", self.extended_to), ("免", self.exempt))
        return [mark for mark, on in held if on]


class ReceiptEvent(Base):
    """Who did what on a receipt, how, and by which message. Never changed."""

    __tablename__ = "receipt_events"
    __table_args__ = (
        Index("ix_receipt_events_notice_unit", "notice_id", "unit_id"),
        Index("ix_receipt_events_at", "at", "notice_id"),
        Index("ix_receipt_events_returned", "at", "notice_id", sqlite_where=BACK, postgresql_where=BACK),
        Index("ix_receipt_events_chased", "unit_id", "at", sqlite_where=CHASES, postgresql_where=CHASES),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    notice_id: Mapped[int]
    unit_id: Mapped[int]
    at: Mapped[datetime]
    what: Mapped[str]
    by: Mapped[str | None] = mapped_column(default=None)
    how: Mapped[str | None] = mapped_column(default=None)
    message: Mapped[str | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")


TABLE = cast(Table, Receipt.__table__)
EVENTS = cast(Table, ReceiptEvent.__table__)
ADD_EVENTS = add(EVENTS, [column.name for column in EVENTS.columns if column.name != "id"])


def _owed(one_of: OneOf) -> Any:
    """What the `units` owe, ranked from the newest."""
    rank = func.row_number().over(partition_by=TABLE.c.unit_id, order_by=TABLE.c.notice_id.desc())
    acked = TABLE.c.acked_at.is_not(None)
    return (
        select(TABLE.c.notice_id, TABLE.c.unit_id, NOTICES.c.number, acked.label("acked"), rank.label("rank"))
        .join(NOTICES, NOTICES.c.id == TABLE.c.notice_id)
        .where(one_of(TABLE.c.unit_id, "units"), TABLE.c.done_at.is_(None), NOTICES.c.state == NoticeState.OPEN)
        .subquery()
    )


def _with_notice() -> Any:
    notice = NOTICES.c
    columns = (notice.number, notice.version, notice.kind, notice.ack_due, notice.done_due)
    more = (notice.state.label("notice_state"), notice.text.label("notice_text"))
    return select(*TABLE.c, *columns, *more).join(NOTICES, notice.id == TABLE.c.notice_id)


# Asked in every batch, so built once.
DOZEN = 12  # of what a unit owes, the newest that an answer can be about, and more than it is told of


def _owed_brief(one_of: OneOf) -> Any:
    owed = _owed(one_of).c
    brief = select(owed.unit_id, owed.notice_id, owed.number, owed.acked)
    return brief.where(owed.rank <= bindparam("upto")).order_by(owed.notice_id.desc())


def _owed_whole(one_of: OneOf) -> Any:
    owed = _owed(one_of)
    found = _with_notice().join(owed, (owed.c.notice_id == TABLE.c.notice_id) & (owed.c.unit_id == TABLE.c.unit_id))
    return found.where(owed.c.rank <= bindparam("upto")).order_by(TABLE.c.notice_id.desc())


OWED_BRIEF, OWED_WHOLE = Lookup(_owed_brief), Lookup(_owed_whole)
# SQLite finds pairs in no index: asked for them, it reads the whole ledger.
BY_NUMBER = Lookup(
    lambda one_of: _with_notice().where(one_of(NOTICES.c.number, "numbers"), one_of(TABLE.c.unit_id, "units"))
)
Brief = tuple[int, int, bool]  # a notice's id, its number, and whether it is acknowledged


async def owed_by_units(session: AsyncSession, units: Iterable[int], upto: int = DOZEN) -> dict[int, list[Any]]:
    """For each unit the newest `upto` open notices whose receipt is not finished: rows of receipt and notice."""
    owed: dict[int, list[Any]] = {unit: [] for unit in units}
    if owed:
        for row in await OWED_WHOLE.ask(session, units=list(owed), upto=upto):
            owed[row.unit_id].append(row)
    return owed


async def owed_brief(session: AsyncSession, units: Iterable[int]) -> dict[int, list[Brief]]:
    """The same in brief, for the hot path."""
    owed: dict[int, list[Brief]] = {unit: [] for unit in units}
    if owed:
        for unit, notice, number, acked in await OWED_BRIEF.ask(session, units=list(owed), upto=DOZEN):
            owed[unit].append((notice, number, acked))
    return owed


async def of_numbers(session: AsyncSession, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    """Rows of receipt and notice for `(notice number, unit id)` pairs, whatever their state."""
    wanted = set(pairs)
    if not wanted:
        return {}
    numbers, units = {number for number, _ in wanted}, {unit for _, unit in wanted}
    rows = await BY_NUMBER.ask(session, numbers=list(numbers), units=list(units))
    found = {(row.number, row.unit_id): row for row in rows}
    return {pair: row for pair, row in found.items() if pair in wanted}


ACK_COLUMNS = ("state", "acked_at", "acked_by", "how", "on_version", "late", "proxy", "done_at", "chase_at")


KEY = {"notice_id": "notice_id", "unit_id": "unit_id"}  # by which `change` finds a receipt
WRITE_ACKS = change(TABLE, KEY, ACK_COLUMNS)


async def write_acks(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Set ACK_COLUMNS of many receipts with one statement."""
    await WRITE_ACKS.run(session, rows)


async def add_events(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Each row: notice_id, unit_id, at, what, and optionally by, how, message, note."""
    blank = {"by": None, "how": None, "message": None, "note": ""}
    await ADD_EVENTS.run(session, [{**blank, **row} for row in rows])


async def of_notice(session: AsyncSession, notice_id: int) -> Sequence[Receipt]:
    return (await session.scalars(select(Receipt).where(Receipt.notice_id == notice_id))).all()


async def events_of(session: AsyncSession, notice_id: int) -> Sequence[ReceiptEvent]:
    query = select(ReceiptEvent).where(ReceiptEvent.notice_id == notice_id).order_by(ReceiptEvent.id)
    return (await session.scalars(query)).all()


async def create(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Add the receipts of a notice that goes out; each row has notice_id, unit_id, room, and what differs from new."""
    blank = {
        "state": ReceiptState.UNDELIVERED,
        "late": False,
        "proxy": False,
        "exempt": False,
        "returned": 0,
        "lacking": "",
        "done_at": None,
        "chase_at": None,
        "chase_step": 0,
    }
    await session.execute(insert(TABLE), [{**blank, **row} for row in rows])


async def delivered(session: AsyncSession, notice_id: int, room: str, at: datetime) -> None:
    """A notice was seen to stand in a room: say so once for every unit that is asked there."""
    query = select(TABLE.c.unit_id, TABLE.c.acked_at, TABLE.c.exempt).where(
        TABLE.c.notice_id == notice_id, TABLE.c.room == room
    )
    told = select(EVENTS.c.unit_id).where(EVENTS.c.notice_id == notice_id, EVENTS.c.what == What.DELIVERED)
    rows = (await session.execute(query.where(TABLE.c.unit_id.not_in(told)))).all()
    fresh = [{"notice_id": notice_id, "unit_id": row.unit_id, "at": at, "what": What.DELIVERED} for row in rows]
    await add_events(session, fresh)
    await session.execute(
        update(TABLE)
        .where(TABLE.c.notice_id == notice_id, TABLE.c.room == room, TABLE.c.state == ReceiptState.UNDELIVERED)
        .values(state=ReceiptState.WAITING)
    )


async def ask_again(session: AsyncSession, notice_id: int, chase_at: datetime, step: int) -> None:
    """A new version is owed by everybody; what was answered to the old one keeps its time, its way and its version."""
    await session.execute(
        update(TABLE)
        .where(TABLE.c.notice_id == notice_id, TABLE.c.exempt.is_(False))
        .values(done_at=None, state=ReceiptState.WAITING, chase_at=chase_at, chase_step=step, extended_to=None)
    )


async def still_owed(session: AsyncSession, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those `(notice id, unit id)` pairs that are neither finished nor closed nor recalled."""
    wanted = set(pairs)
    query = (
        select(TABLE.c.notice_id, TABLE.c.unit_id)
        .join(Notice, Notice.id == TABLE.c.notice_id)
        .where(TABLE.c.notice_id.in_({n for n, _ in wanted}), TABLE.c.unit_id.in_({u for _, u in wanted}))
        .where(TABLE.c.done_at.is_(None), Notice.state == NoticeState.OPEN)
    )
    return {(n, u) for n, u in await session.execute(query)} & wanted


async def last_acked(session: AsyncSession, unit_id: int) -> Any | None:
    """The receipt that this unit acknowledged last, with its notice."""
    query = _with_notice().where(TABLE.c.unit_id == unit_id, TABLE.c.acked_at.is_not(None))
    return (await session.execute(query.order_by(TABLE.c.acked_at.desc()).limit(1))).first()


async def last_touched(session: AsyncSession, within: timedelta) -> set[int]:
    """The notices that the latest events of all are about, as far as they lie `within` before the very last."""
    last: datetime | None = (await session.execute(select(func.max(EVENTS.c.at)))).scalar_one()
    if last is None:
        return set()
    return set(await session.scalars(select(EVENTS.c.notice_id).where(EVENTS.c.at >= last - within).distinct()))
