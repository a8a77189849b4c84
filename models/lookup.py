"""Questions that every batch asks, at the price that the driver asks.

SQLAlchemy's way from a statement to its rows costs a tenth of a millisecond beside SQLite's own time, and writes a list
anew into the statement for every length it has. In a burst of 收到 that was more than the answers. Here a statement is
compiled once, a list is one JSON value, and columns are read as `bulk` writes them: each value once. (JSON cannot carry
a NUL through SQLite; what `plain.clean` has seen holds none.)

PostgreSQL is asked in SQLAlchemy's way: there the time goes into the journey.
"""

import json
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Select, Text, bindparam, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from models.sqlite_driver import driver_of

OneOf = Callable[[ColumnElement[Any], str], ColumnElement[bool]]
"""The condition that a column holds one of the values given under a name, as a list."""


class Lookup:
    """A SELECT that is asked over and over with other values.

    `make` builds it with a way to say that a column is one of many. Every column selected needs a name of its own.
    """

    def __init__(self, make: Callable[[OneOf], Select[Any]]) -> None:
        self._make = make
        self._elsewhere = make(lambda column, name: column.in_(bindparam(name, expanding=True)))
        self._compiled: _Compiled | None = None

    async def ask(self, session: AsyncSession, **values: Any) -> Sequence[Any]:
        """Its rows, whose columns are attributes."""
        driver = await driver_of(session)
        if driver is None:
            rows: Sequence[Any] = (await session.execute(self._elsewhere, values)).all()
            return rows
        dialect = session.get_bind().dialect
        if self._compiled is None:
            self._compiled = _Compiled(self._make(_of_json), dialect)
        asked = self._compiled
        try:
            rows = await driver.ask(asked.statement, asked.bind(values))
        except sqlite3.Error as trouble:  # whoever waits for the database knows its troubles by SQLAlchemy's names
            raise DBAPIError.instance(asked.statement, None, trouble, sqlite3.Error, dialect=dialect) from trouble
        return asked.read(rows)


class _Compiled:
    """One statement for SQLite: its text, its parameters in their order, and how its columns are read."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.statement = str(compiled)
        binds = {name: one.type.dialect_impl(dialect).bind_processor(dialect) for name, one in compiled.binds.items()}
        self._constants = {name: one.value for name, one in compiled.binds.items() if not one.required}
        self._parameters = [(name, binds[name]) for name in compiled.positiontup]
        columns = list(statement.selected_columns)
        self._readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        row: Any = namedtuple("Row", [column.name for column in columns])  # type: ignore[misc]  # known only now
        self._row = row._make

    def bind(self, values: dict[str, Any]) -> list[Any]:
        given = self._constants | values
        found = []
        for name, prepare in self._parameters:
            value = json.dumps(given[name]) if isinstance(given[name], list) else given[name]
            found.append(prepare(value) if prepare is not None else value)
        return found

    def read(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        if not rows:
            return []
        columns = list(zip(*rows, strict=True))
        for at, reader in enumerate(self._readers):
            if reader is not None:
                known = {value: reader(value) for value in set(columns[at])}
                columns[at] = tuple(map(known.__getitem__, columns[at]))
        return list(map(self._row, zip(*columns, strict=True)))


def _of_json(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    listed = func.json_each(bindparam(name, type_=Text())).table_valued("value")
    return column.in_(select(listed.c.value))
