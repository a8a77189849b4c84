"""Small facts that the bot keeps about itself: a version, the last day summed up, where the demo's clock stood."""

from collections.abc import Collection
from datetime import datetime
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.bulk import upsert
from models.lookup import Lookup


class Mark(Base):
    """One named value, as text."""

    __tablename__ = "marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


TABLE = cast(Table, Mark.__table__)
WRITE = upsert(TABLE, ["name", "value"], ["name"], ["value"])
NAMED = Lookup(lambda one_of: select(TABLE.c.name, TABLE.c.value).where(one_of(TABLE.c.name, "names")))


async def read_marks(session: AsyncSession, names: Collection[str]) -> dict[str, str]:
    """Those of them that are there."""
    return {row.name: row.value for row in await NAMED.ask(session, names=list(names))}


async def read_mark(session: AsyncSession, name: str) -> str | None:
    return (await read_marks(session, [name])).get(name)


async def read_times(session: AsyncSession, names: Collection[str]) -> dict[str, datetime]:
    """Those that hold an instant; an empty one holds none."""
    return {name: datetime.fromisoformat(said) for name, said in (await read_marks(session, names)).items() if said}


async def read_time(session: AsyncSession, name: str) -> datetime | None:
    return (await read_times(session, [name])).get(name)


async def write_mark(session: AsyncSession, name: str, value: object) -> None:
    await WRITE.run(session, [{"name": name, "value": str(value)}])


async def bump(session: AsyncSession, name: str) -> int:
    """Add one to a counter and give its new value."""
    value = int(await read_mark(session, name) or 0) + 1
    await write_mark(session, name, value)
    return value
