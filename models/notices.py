"""Notices: what the office asks, of whom, by when."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.due import DueList
from models.marks import bump
from models.rules.demands import Demand, read_demands


class Kind(StrEnum):
    """Lightest first: no answer, a 收到, words, figures, a file or photo."""

    FYI = "知照"
    ACK = "签收"
    REPLY = "回复"
    FIGURES = "报数"
    FILE = "交件"


class NoticeState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    RECALLED = "recalled"
    CLOSED = "closed"


class Notice(Base):
    """`basis` is the 文号 and what else the text says it rests upon.

    `audience` holds unit ids; `rooms` the rooms it is posted to. `sheet_at` is when the office gets the call sheet.

    `correction` holds a 更正 that waits for its 发. `closed_by` is None where it closed by itself.
    The chasing plan (`chase_before`, `chase_after`, `sheet_at`) is frozen when the notice goes out.
    """

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    number: Mapped[int] = mapped_column(unique=True)
    text: Mapped[str]
    issuer: Mapped[str]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(default=Kind.ACK)
    basis: Mapped[str] = mapped_column(default="")
    audience: Mapped[list[Any]] = mapped_column(default_factory=list)
    rooms: Mapped[list[str]] = mapped_column(default_factory=list)
    state: Mapped[str] = mapped_column(default=NoticeState.DRAFT, index=True)
    send_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    issued_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    ack_due: Mapped[datetime | None] = mapped_column(default=None)
    done_due: Mapped[datetime | None] = mapped_column(default=None)
    due_trouble: Mapped[str] = mapped_column(default="")
    urgent: Mapped[str] = mapped_column(default="")
    chase_before: Mapped[datetime | None] = mapped_column(default=None)
    chase_after: Mapped[datetime | None] = mapped_column(default=None)
    sheet_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    closed_by: Mapped[str | None] = mapped_column(default=None)
    correction: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    duty_id: Mapped[int | None] = mapped_column(default=None)

    @property
    def wants_done(self) -> bool:
        """Whether a 收到 alone does not finish it."""
        return self.kind in (Kind.REPLY, Kind.FIGURES, Kind.FILE)

    @property
    def demands(self) -> tuple[Demand, ...]:
        """The named pieces that a 交件 asks for."""
        return read_demands(self.text) if self.kind == Kind.FILE else ()

    @property
    def due(self) -> datetime | None:
        """The clock that a unit is held to: the finishing one where there is one."""
        return self.done_due if self.wants_done and self.done_due else self.ack_due


TABLE = cast(Table, Notice.__table__)
OPENINGS = DueList(TABLE.c.number, TABLE.c.send_at, TABLE.c.state == NoticeState.SCHEDULED)
SHEETS = DueList(TABLE.c.number, TABLE.c.sheet_at, TABLE.c.state == NoticeState.OPEN)  # the office's call sheets


async def next_number(session: AsyncSession) -> int:
    """Case numbers are never given twice, not even that of a cancelled draft: old buttons may still carry it."""
    return await bump(session, "notice number")


async def by_number(session: AsyncSession, number: int) -> Notice | None:
    return (await session.execute(select(Notice).where(Notice.number == number))).scalar_one_or_none()


async def last_draft(session: AsyncSession, issuer: str) -> Notice | None:
    query = select(Notice).where(Notice.issuer == issuer, Notice.state == NoticeState.DRAFT)
    return (await session.execute(query.order_by(Notice.id.desc()).limit(1))).scalar_one_or_none()


async def last_waiting(session: AsyncSession, issuer: str) -> Notice | None:
    """The newest draft of this person, else the newest that waits for its opening."""
    query = select(Notice).where(Notice.issuer == issuer, Notice.state.in_((NoticeState.DRAFT, NoticeState.SCHEDULED)))
    # "draft" sorts before "scheduled"
    return (await session.execute(query.order_by(Notice.state, Notice.id.desc()).limit(1))).scalar_one_or_none()


async def corrected_by(session: AsyncSession, issuer: str, number: int | None) -> Notice | None:
    """The open notice with a correction that waits for its 发: by number, or the newest, unless a newer draft waits."""
    query = select(Notice).where(Notice.state == NoticeState.OPEN, Notice.correction.is_not(None))
    if number is not None:
        query = query.where(Notice.number == number)
    elif await last_draft(session, issuer) is not None:
        return None
    return (await session.execute(query.order_by(Notice.id.desc()).limit(1))).scalar_one_or_none()


async def in_state(session: AsyncSession, *states: NoticeState) -> Sequence[Notice]:
    """Newest first."""
    query = select(Notice).where(Notice.state.in_(states)).order_by(Notice.number.desc())
    return (await session.scalars(query)).all()


async def open_numbers(session: AsyncSession) -> Sequence[int]:
    """Newest first."""
    query = select(Notice.number).where(Notice.state == NoticeState.OPEN).order_by(Notice.number.desc())
    return (await session.scalars(query)).all()


async def newest_open(session: AsyncSession, unit_id: int | None) -> Notice | None:
    """The newest open notice, of those that ask this unit if one is given."""
    query = select(Notice).where(Notice.state == NoticeState.OPEN).order_by(Notice.number.desc())
    if unit_id is None:
        return (await session.scalars(query.limit(1))).first()
    return next((n for n in await session.scalars(query) if unit_id in n.audience), None)


async def issued_since(session: AsyncSession, since: datetime) -> int:
    query = select(func.count()).select_from(Notice).where(Notice.issued_at >= since)
    return (await session.execute(query)).scalar_one()


async def touched_between(session: AsyncSession, since: datetime, until: datetime) -> list[int]:
    """Ids of the notices that went out or were closed in a period."""
    issued = (Notice.issued_at >= since) & (Notice.issued_at < until)
    closed = (Notice.closed_at >= since) & (Notice.closed_at < until)
    return list(await session.scalars(select(Notice.id).where(issued | closed)))


async def of_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Notice]:
    return {n.id: n for n in await session.scalars(select(Notice).where(Notice.id.in_(ids)))}


async def touched_since(session: AsyncSession, since: datetime) -> list[int]:
    """Ids of the notices that went out or were closed since."""
    query = select(Notice.id).where((Notice.issued_at >= since) | (Notice.closed_at >= since))
    return list(await session.scalars(query))


async def issued_between(session: AsyncSession, since: datetime, until: datetime) -> Sequence[Notice]:
    query = select(Notice).where(Notice.issued_at >= since, Notice.issued_at < until).order_by(Notice.number)
    return (await session.scalars(query)).all()
