"""Many rows with one statement, at the price that the driver asks.

SQLAlchemy's executemany looks up and calls a function for each value of each row: in a burst of 收到 that was a
quarter of all the work. Here a statement is compiled once for a dialect, and values are prepared a column at a time,
each object once: the rows of a transaction share one `now`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Insert, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

Prepare = Callable[[Any], Any] | None
Condition = Callable[[Any], ColumnElement[bool]]
NEW = "new_"  # SQLAlchemy keeps the columns' own names in an UPDATE for itself


class Bulk:
    """A statement that is only ever run for many rows. `make` builds it for a dialect's name.

    Each of `names` is a bound value, and a key of every row; in an UPDATE a value to be set is bound as NEW + its key.
    Nothing else is bound: what is the same for every row stands in the statement as a literal.
    """

    def __init__(self, make: Callable[[str], Insert | Update], names: Sequence[str]) -> None:
        self._make, self._names = make, names
        self._compiled: dict[str, tuple[str, list[tuple[str, Prepare]]]] = {}

    async def run(self, session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
        """Nothing is done for no rows. Counts as a change of the session's, as the ORM's own statements do."""
        if not rows:
            return
        connection = await session.connection()
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        statement, columns = self._compiled[dialect.name]
        values = [_column([row[key] for row in rows], prepare) for key, prepare in columns]
        session.info["changes"] = session.info.get("changes", 0) + 1
        await connection.exec_driver_sql(statement, list(zip(*values, strict=True)))

    def _compile(self, dialect: Dialect) -> tuple[str, list[tuple[str, Prepare]]]:
        compiled: Any = self._make(dialect.name).compile(dialect=dialect, column_keys=list(self._names))
        types = {name: bound.type.dialect_impl(dialect) for name, bound in compiled.binds.items()}
        return str(compiled), [
            (name.removeprefix(NEW), types[name].bind_processor(dialect)) for name in compiled.positiontup
        ]


def upsert(
    table: Table, names: Sequence[str], keys: Sequence[str], update: Sequence[str], where: Condition | None = None
) -> Bulk:
    """Insert rows; where one with the same `keys` stands, set its `update` columns instead (none: leave it alone).

    `where` makes of the columns of the new row a condition on the one that stands, without which it is left alone.
    """

    def make(dialect: str) -> Insert:
        insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
        if update:
            new = insert.excluded
            unless = where(new) if where is not None else None
            return insert.on_conflict_do_update(index_elements=keys, set_={c: new[c] for c in update}, where=unless)
        return insert.on_conflict_do_nothing(index_elements=keys)

    return Bulk(make, names)


def _column(values: list[Any], prepare: Prepare) -> list[Any]:
    """Each object is prepared once; `values` holds them all, so none can take another's id."""
    if prepare is None:
        return values
    done: dict[int, Any] = {}
    for value in values:
        if id(value) not in done:
            done[id(value)] = prepare(value)
    return [done[id(value)] for value in values]
