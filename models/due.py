"""Rows whose time comes by a column of their table: which it has come for, and when it comes for the next.

Every pass of the clock asks both of every kind, so the statements are built once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession


class DueList:
    """`item` is what names a row, `at` the column of its time; only rows that meet all `conditions` count."""

    def __init__(self, item: Column[Any], at: Column[Any], *conditions: ColumnElement[bool]) -> None:
        come = select(item).where(at <= bindparam("now"), *conditions)
        self._come = come.order_by(at, item).limit(bindparam("most"))
        self._next = select(func.min(at)).where(*conditions)

    async def due(self, session: AsyncSession, now: datetime, limit: int) -> Sequence[Any]:
        """The items whose time has come, the longest due first."""
        return (await session.scalars(self._come, {"now": now, "most": limit})).all()

    async def next(self, session: AsyncSession) -> datetime | None:
        """The earliest time of all, which may have passed."""
        at: datetime | None = (await session.execute(self._next)).scalar_one()
        return at
