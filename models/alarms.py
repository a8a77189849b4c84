"""What is wrong now, for people to see: raised once, cleared when it is over."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.due import DueList

BLOCKING = ("door", "disk", "clock", "alarm.url")


class Alarm(Base):
    """`what` is a stable name such as `parked`; `detail` a sentence without anybody's words in it."""

    __tablename__ = "alarms"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime]
    what: Mapped[str]
    detail: Mapped[str]
    cleared_at: Mapped[datetime | None] = mapped_column(default=None)
    told_at: Mapped[datetime | None] = mapped_column(default=None)


TABLE = cast(Table, Alarm.__table__)
STANDS = TABLE.c.cleared_at.is_(None)
ANY = select(TABLE.c.id).where(STANDS).limit(1)


async def raise_alarm(session: AsyncSession, at: datetime, what: str, detail: str) -> bool:
    """Raise it unless it stands already; True when it is new."""
    query = select(Alarm.id).where(Alarm.what == what, Alarm.detail == detail, Alarm.cleared_at.is_(None))
    if (await session.execute(query)).first() is not None:
        return False
    session.add(Alarm(at=at, what=what, detail=detail))
    return True


async def clear_alarm(session: AsyncSession, at: datetime, what: str, detail: str | None = None) -> None:
    """It is over: every alarm of that name, or the one with that detail."""
    query = update(Alarm).where(Alarm.what == what, Alarm.cleared_at.is_(None)).values(cleared_at=at)
    await session.execute(query if detail is None else query.where(Alarm.detail == detail))


async def any_stands(session: AsyncSession) -> bool:
    """Whether anything is wrong at all; on most days nothing is, and there is nothing to clear."""
    return (await session.execute(ANY)).first() is not None


async def latest(session: AsyncSession, limit: int = 100) -> Sequence[Alarm]:
    return (await session.scalars(select(Alarm).order_by(Alarm.id.desc()).limit(limit))).all()


async def since(session: AsyncSession, last: int) -> Sequence[Alarm]:
    """Every alarm raised after that one, oldest first."""
    return (await session.scalars(select(Alarm).where(Alarm.id > last).order_by(Alarm.id))).all()


async def last_id(session: AsyncSession) -> int:
    return (await session.execute(select(func.max(Alarm.id)))).scalar_one() or 0


async def of_ids(session: AsyncSession, ids: Sequence[int]) -> Sequence[Alarm]:
    if not ids:
        return ()
    return (await session.scalars(select(Alarm).where(Alarm.id.in_(ids)).order_by(Alarm.id))).all()


async def standing(session: AsyncSession) -> Sequence[Alarm]:
    """Alarms that say that something is not working now; a parked message is bad news, but no such state."""
    query = select(Alarm).where(Alarm.cleared_at.is_(None), Alarm.what.in_(BLOCKING))
    return (await session.scalars(query)).all()


async def named(session: AsyncSession, prefix: str) -> Sequence[Alarm]:
    """The alarms not yet cleared whose names begin so."""
    query = select(Alarm).where(Alarm.cleared_at.is_(None), Alarm.what.startswith(prefix, autoescape=True))
    return (await session.scalars(query)).all()


# A post of unknown fate is asked about in words of its own, whoever a chase did not reach stands on the call sheet, a
# freeze is told by who freezes, and an alarm that could not be delivered must not raise the next.
TOLD_ELSEWHERE = (
    (TABLE.c.what == "frozen")
    | TABLE.c.what.startswith("unknown:")
    | TABLE.c.what.endswith(":chase")
    | TABLE.c.what.endswith(":alarm")
)
UNTOLD = DueList(TABLE.c.id, TABLE.c.at, TABLE.c.told_at.is_(None), STANDS, ~TOLD_ELSEWHERE)
