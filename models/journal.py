"""The journal: every privileged act once, in a chain of hashes, so that a changed row is found."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId
from models.marks import read_mark, write_mark
from models.rules.chains import GENESIS, chain_hash

HEAD = "journal head"


class Entry(Base):
    """`detail` never holds lead text, only what an auditor needs: numbers, units, reasons. No two rows follow one."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    object: Mapped[str] = mapped_column(index=True)
    prev: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)


async def record(
    session: AsyncSession, *, at: datetime, actor: str, act: str, object: str, detail: dict[str, Any]
) -> Entry:
    """Append one row. The caller's transaction is serialised with every other writer's, so the chain has no forks."""
    await session.flush()
    prev = await read_mark(session, HEAD) or GENESIS
    detail = json.loads(json.dumps(detail))  # as it will be read back: no tuples, no keys but strings
    digest = chain_hash(prev, at, actor, act, object, detail)
    entry = Entry(at=at, actor=actor, act=act, object=object, detail=detail, prev=prev, hash=digest)
    session.add(entry)
    await write_mark(session, HEAD, digest)
    await session.flush()
    return entry


async def has_any(session: AsyncSession, *acts: str) -> bool:
    """Whether one of these was ever done."""
    return (await session.execute(select(Entry.id).where(Entry.act.in_(acts)).limit(1))).first() is not None


async def head(session: AsyncSession) -> Entry | None:
    """The last row, whose hash stands for all before it."""
    return (await session.execute(select(Entry).order_by(Entry.id.desc()).limit(1))).scalar_one_or_none()


def broken(entries: Sequence[Entry], head: str | None) -> list[int]:
    """The ids of the rows, in order of id, whose hash or link does not hold.

    `head` is the last hash as it is known from elsewhere: without it nobody misses rows taken off the end. Where it
    is not that of the last row, the id after the last one is named.
    """
    bad, prev = [], GENESIS
    for entry in entries:
        expected = chain_hash(entry.prev, entry.at, entry.actor, entry.act, entry.object, entry.detail)
        if entry.prev != prev or entry.hash != expected:
            bad.append(entry.id)
        prev = entry.hash
    if prev != (head or GENESIS):
        bad.append(entries[-1].id + 1 if entries else 1)
    return bad


async def verify(session: AsyncSession) -> list[int]:
    """The ids that `broken` names in the whole journal."""
    entries = (await session.scalars(select(Entry).order_by(Entry.id))).all()
    return broken(entries, await read_mark(session, HEAD))
