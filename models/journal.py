"""The journal: every privileged act once, in a chain of hashes, so that a changed row is found."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId

GENESIS = "0" * 64


class Entry(Base):
    """`detail` never holds lead text, only what an auditor needs: numbers, units, reasons."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, init=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    object: Mapped[str]
    prev: Mapped[str]
    hash: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)


def chain_hash(prev: str, at: datetime, actor: str, act: str, object_: str, detail: dict[str, Any]) -> str:
    """SHA-256 over the previous hash and every column, in a form that does not depend on the database."""
    body = [prev, at.isoformat(timespec="microseconds"), actor, act, object_, detail]
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


async def record(
    session: AsyncSession, *, at: datetime, actor: str, act: str, object: str, detail: dict[str, Any]
) -> Entry:
    """Append one row. The caller's transaction is serialised with every other writer's, so the chain has no forks."""
    await session.flush()
    last = (await session.execute(select(Entry.hash).order_by(Entry.id.desc()).limit(1))).scalar_one_or_none()
    prev = last or GENESIS
    digest = chain_hash(prev, at, actor, act, object, detail)
    entry = Entry(at=at, actor=actor, act=act, object=object, detail=detail, prev=prev, hash=digest)
    session.add(entry)
    await session.flush()
    return entry


def broken(entries: Sequence[Entry]) -> list[int]:
    """The ids of the rows, in order of id, whose hash or link does not hold."""
    bad, prev = [], GENESIS
    for entry in entries:
        expected = chain_hash(entry.prev, entry.at, entry.actor, entry.act, entry.object, entry.detail)
        if entry.prev != prev or entry.hash != expected:
            bad.append(entry.id)
        prev = entry.hash
    return bad
