"""Where a message may still be answered, for platforms that give an address with it which works once and not for long.

Written with the message, so that neither a restart nor another replica leaves it unanswered. The place is a hash and
the address is sealed: in clear they would tell who spoke in private, and let whoever reads them answer.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Index, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.bulk import upsert
from models.due import DueList


class AnswerAddress(Base):
    """`message` is the platform's id of the message that it came with."""

    __tablename__ = "answer_addresses"
    __table_args__ = (Index("ix_answer_addresses_place", "place", "until"),)

    message: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str]
    sealed: Mapped[bytes]
    until: Mapped[datetime] = mapped_column(index=True)


TABLE = cast(Table, AnswerAddress.__table__)
ADD = upsert(TABLE, ["message", "place", "sealed", "until"], ["message"], [])
LAPSES = DueList(TABLE.c.message, TABLE.c.until)


async def add_rows(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    await ADD.run(session, rows)


async def find(session: AsyncSession, message: str | None, place: str, now: datetime) -> Any | None:
    """The address of this message or, if none is named, the newest of this place."""
    wanted = TABLE.c.message == message if message else TABLE.c.place == place
    query = select(TABLE).where(wanted, TABLE.c.until > now).order_by(TABLE.c.until.desc()).limit(1)
    return (await session.execute(query)).first()


async def forget(session: AsyncSession, messages: Sequence[str]) -> None:
    await session.execute(delete(TABLE).where(TABLE.c.message.in_(messages)))
