"""What was used of a platform's allowances, for all replicas together, and after a restart too.

The names are hashes, and the times are slots of them: a list of who was written to and when would name the author of a
lead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.bulk import upsert
from models.rules.quotas import Counted, Limit, taken


class Quota(Base):
    """One allowance, such as that of one conversation."""

    __tablename__ = "quotas"

    name: Mapped[str] = mapped_column(primary_key=True)
    counted: Mapped[dict[str, Any]]


@dataclass(frozen=True)
class Ask:
    """One message that wants to leave; `spare` is what it leaves for more pressing ones."""

    name: str
    limits: tuple[Limit, ...]
    spare: int = 0


WRITE = upsert(cast(Table, Quota.__table__), ["name", "counted"], ["name"], ["counted"])


async def take(session: AsyncSession, asks: Sequence[Ask], now: float) -> list[float]:
    """For each, in order, how many seconds there is no room; 0.0 when it was taken."""
    query = select(Quota.name, Quota.counted).where(Quota.name.in_({ask.name for ask in asks}))
    counted: dict[str, Counted] = {row.name: row.counted for row in await session.execute(query)}
    before, waits = dict(counted), []
    for ask in asks:
        wait, counted[ask.name] = taken(counted.get(ask.name, {}), ask.limits, now, ask.spare)
        waits.append(wait)
    changed = [{"name": name, "counted": now_is} for name, now_is in counted.items() if now_is != before.get(name)]
    await WRITE.run(session, [row for row in changed if row["counted"]])
    return waits
