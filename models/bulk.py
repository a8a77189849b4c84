"""Many rows with one statement, at the price that the driver asks.

SQLAlchemy's executemany looks up and calls a function for each value of each row: in a burst of 收到 that was a
quarter of all the work. Here a statement is compiled once for a dialect, and values are prepared a column at a time,
each object once: the rows of a transaction share one `now`.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import repeat
from operator import is_, itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Table, bindparam, column, func, literal_column, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from models.sqlite_driver import driver_of

Prepare = Callable[[Any], Any] | None
Values = Mapping[str, Any]  # what a row holds under each key, as an SQL expression
Condition = Callable[[Any], ColumnElement[bool]]
Constant = tuple[str, str | None]
"""A key and what stands for it in SQLite's statement; None for NULL."""
_NOTHING = {id(False): "0", id(True): "1", id(""): "''", id(()): "'[]'"}  # each is the only object of its kind


class Bulk:
    """A statement that is only ever run for many rows.

    `holds` says for each key of a row which column's type its value has; `make` builds the statement for a dialect's
    name out of the values. Nothing else is bound: what is the same for every row stands in it as a literal. Of rows
    that are alike in `once` the last counts.

    SQLite is handed the rows one after another, without the columns in which all say the same nothing or the same name
    out of a list of ours: those stand in the statement, and of a burst's columns that is every second. PostgreSQL gets
    every column as an array and unpacks them itself: it takes a fifth of the time that it needs to run a statement for
    each.
    """

    def __init__(
        self,
        table: Table,
        holds: Mapping[str, str],
        make: Callable[[str, Values], Any],
        once: Sequence[str],
    ) -> None:
        assert len(holds) > 1, "an itemgetter of one key gives no row"
        self._table, self._holds, self._make, self._once = table, holds, make, once
        self._prepared: dict[str, dict[str, Prepare]] = {}
        self._compiled: dict[tuple[str, tuple[Constant, ...]], tuple[str, list[str]]] = {}

    async def run(self, session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
        """Nothing is done for no rows. Counts as a change of the session's, as the ORM's own statements do."""
        if not rows:
            return
        if self._once:
            rows = list({tuple(row[key] for key in self._once): row for row in rows}.values())
        dialect = session.get_bind().dialect
        if dialect.name not in self._prepared:
            self._prepared[dialect.name] = self._prepare(dialect)
        prepared = self._prepared[dialect.name]
        session.info["changes"] = session.info.get("changes", 0) + 1
        driver = await driver_of(session)
        values = dict(zip(prepared, zip(*map(itemgetter(*prepared), rows), strict=True), strict=True))
        statement, keys = self._statement(dialect, _constants(values) if driver else ())
        columns = [_column(values[key], prepared[key]) for key in keys]
        if driver is None:
            await (await session.connection()).exec_driver_sql(statement, tuple(columns))
        else:
            driver.write_later(statement, list(zip(*columns, strict=True)))

    def _prepare(self, dialect: Dialect) -> dict[str, Prepare]:
        return {key: kind.dialect_impl(dialect).bind_processor(dialect) for key, kind in self._types.items()}

    def _statement(self, dialect: Dialect, constants: tuple[Constant, ...]) -> tuple[str, list[str]]:
        """Its text with these constants in it, and the other keys in the order of its parameters."""
        name = (dialect.name, constants)
        if name not in self._compiled and (not constants or len(self._compiled) < MOST_TEXTS):
            given = _given(self._types, dialect.name)
            given |= {key: null() if value is None else literal_column(value) for key, value in constants}
            compiled: Any = self._make(dialect.name, given).compile(dialect=dialect)
            self._compiled[name] = str(compiled), [key.removeprefix(BOUND) for key in compiled.positiontup]
        return self._compiled[name] if name in self._compiled else self._statement(dialect, ())

    @property
    def _types(self) -> dict[str, TypeEngine[Any]]:
        # Only when asked: the type of a column that refers to another table is known when all tables are.
        return {key: self._table.c[name].type for key, name in self._holds.items()}


def _given(types: Mapping[str, TypeEngine[Any]], dialect: str) -> dict[str, Any]:
    if dialect != "postgresql":
        return {key: bindparam(BOUND + key, type_=kind) for key, kind in types.items()}
    arrays = (bindparam(BOUND + key, type_=postgresql.ARRAY(kind)) for key, kind in types.items())
    fields = (column(key, kind) for key, kind in types.items())
    unpacked = func.unnest(*arrays).table_valued(*fields).render_derived()
    return {key: unpacked.c[key] for key in types}


MOST_TEXTS = 48  # of one statement with now these, now those constants
BOUND = "given_"  # SQLAlchemy keeps the columns' own names in an UPDATE for itself


def add(table: Table, names: Sequence[str]) -> Bulk:
    """Insert rows."""
    return Bulk(table, {name: name for name in names}, lambda dialect, given: _insert(table, dialect, given), [])


def upsert(
    table: Table, names: Sequence[str], keys: Sequence[str], update: Sequence[str], where: Condition | None = None
) -> Bulk:
    """Insert rows; where one with the same `keys` stands, set its `update` columns instead (none: leave it alone).

    `where` makes of the columns of the new row a condition on the one that stands, without which it is left alone.
    """

    def make(dialect: str, given: Values) -> Any:
        insert = _insert(table, dialect, given)
        if update:
            new = insert.excluded
            unless = where(new) if where is not None else None
            return insert.on_conflict_do_update(index_elements=keys, set_={c: new[c] for c in update}, where=unless)
        return insert.on_conflict_do_nothing(index_elements=keys)

    return Bulk(table, {name: name for name in names}, make, keys if update else [])


def change(table: Table, by: Mapping[str, str], to: Sequence[str], where: ColumnElement[bool] | None = None) -> Bulk:
    """Set the columns `to` of the row that `by` finds: for a key of ours the column that must be equal to it.

    `where` is what must be true of the row besides. No two rows given may find the same one.
    """

    def make(_: str, given: Values) -> Any:
        found = [table.c[name] == given[key] for key, name in by.items()]
        also = [] if where is None else [where]
        return update(table).where(*found, *also).values({name: given[name] for name in to})

    return Bulk(table, {**by, **{name: name for name in to}}, make, [])


def _insert(table: Table, dialect: str, given: Values) -> Any:
    if dialect == "postgresql":
        return postgresql.insert(table).from_select(list(given), select(*given.values()), include_defaults=False)
    return sqlite.insert(table).values(dict(given))


def _column(values: Sequence[Any], prepare: Prepare) -> Sequence[Any]:
    """Each object is prepared once; `values` holds them all, so none can take another's id."""
    if prepare is None and isinstance(values[0], StrEnum):
        prepare = _word
    if prepare is None:
        return values
    if all(map(is_, values, repeat(values[0]))):  # as most columns of a burst are
        return [prepare(values[0])] * len(values)
    done: dict[int, Any] = {}
    for value in values:
        if id(value) not in done:
            done[id(value)] = prepare(value)
    return [done[id(value)] for value in values]


def _constants(values: Mapping[str, Sequence[Any]]) -> tuple[Constant, ...]:
    """The columns in which every row says the same constant."""
    found: list[Constant] = []
    for key, given in values.items():
        first = given[0]
        text = f"'{first.value}'" if isinstance(first, StrEnum) else _NOTHING.get(id(first))
        if (text is not None or first is None) and given.count(first) == len(given):
            found.append((key, text))
    return tuple(found)


def _word(value: Any) -> Any:
    """The driver takes three times as long over a kind of `str` as over a `str`."""
    return value.value if isinstance(value, StrEnum) else value
