"""Small facts that the bot keeps about itself: a version, the last day summed up, where the demo's clock stood."""

from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.bulk import upsert


class Mark(Base):
    """One named value, as text."""

    __tablename__ = "marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


TABLE = cast(Table, Mark.__table__)
WRITE = upsert(TABLE, ["name", "value"], ["name"], ["value"])


async def read_mark(session: AsyncSession, name: str) -> str | None:
    return (await session.execute(select(Mark.value).where(Mark.name == name))).scalar_one_or_none()


async def write_mark(session: AsyncSession, name: str, value: object) -> None:
    await WRITE.run(session, [{"name": name, "value": str(value)}])


async def bump(session: AsyncSession, name: str) -> int:
    """Add one to a counter and give its new value."""
    value = int(await read_mark(session, name) or 0) + 1
    await write_mark(session, name, value)
    return value
