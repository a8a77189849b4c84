"""Every revision over a populated database, and the schema that they end in."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, inspect, text
from sqlalchemy.exc import DBAPIError

import models.migrations
from models import journal_guard, schema
from models.base import Base
from models.store import Store

FOLDER = Path(models.migrations.__path__[0])


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "models:migrations")
    return ScriptDirectory.from_config(config)


REVISIONS = [revision.revision for revision in reversed(list(script().walk_revisions()))]


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """A database without any table."""
    opened = Store(database)
    if not opened.is_sqlite:
        async with opened.engine.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    yield opened
    await opened.close()


def populate(connection: Connection) -> dict[str, int]:
    """One row in every table that stands, in the order of their foreign keys; gives the counts."""
    known = MetaData()
    known.reflect(connection)
    tables = [t for t in known.sorted_tables if t.name != "alembic_version"]
    for table in tables:
        if not connection.execute(table.select().limit(1)).first():
            connection.execute(table.insert().values(row_of(table)))
    return {t.name: len(connection.execute(t.select()).all()) for t in tables}


def row_of(table: Table) -> dict[str, Any]:
    """A value for every column that wants one; keys are 1, so that foreign keys hold."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.nullable:
            continue
        kind = str(column.type).upper()
        if any(name in kind for name in ("INT", "FLOAT", "DOUBLE", "REAL", "NUMERIC")):
            values[column.name] = 1
        elif "TIMESTAMP" in kind or "DATETIME" in kind:
            values[column.name] = text("CURRENT_TIMESTAMP")
        elif kind == "DATE":
            values[column.name] = text("CURRENT_DATE")
        elif "JSON" in kind:
            values[column.name] = text("'[]'")
        elif "BOOL" in kind:
            values[column.name] = text("true")
        elif "BLOB" in kind or "BYTEA" in kind:
            values[column.name] = b"x"
        else:
            values[column.name] = "x"
    return values


def current(connection: Connection) -> str | None:
    revision: str | None = MigrationContext.configure(connection).get_current_revision()
    return revision


def test_there_is_one_line_of_revisions_from_0001() -> None:
    assert len(script().get_heads()) == 1
    assert REVISIONS[0] == "0001"
    assert len(list((FOLDER / "versions").glob("0001*.py"))) == 1


async def test_each_revision_runs_over_a_populated_database_and_loses_no_row(store: Store) -> None:
    before: dict[str, int] = {}
    for revision in REVISIONS:
        await store.migrate(revision)
        async with store.engine.begin() as connection:
            assert await connection.run_sync(current) == revision
            after = await connection.run_sync(populate)
        for name, count in before.items():
            assert after.get(name) == count, (revision, name)
        before = after
    assert set(before) == set(Base.metadata.tables)


async def test_the_models_are_what_the_revisions_make(store: Store) -> None:
    await store.open()

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_every_constraint_has_a_name_by_the_convention(store: Store) -> None:
    await store.open()

    def names(connection: Connection) -> list[tuple[str, str | None]]:
        look, found = inspect(connection), []
        for table in Base.metadata.tables:
            found.append((table, look.get_pk_constraint(table)["name"]))
            found += [(table, one["name"]) for one in look.get_unique_constraints(table)]
            found += [(table, one["name"]) for one in look.get_foreign_keys(table)]
        return found

    async with store.engine.connect() as connection:
        for table, name in await connection.run_sync(names):
            assert name is not None, table
            assert name.startswith((f"pk_{table}", f"uq_{table}", f"fk_{table}")), name


async def test_partial_indexes_stand_on_both_databases(store: Store) -> None:
    await store.open()
    where = "SELECT sql FROM sqlite_master WHERE name = 'ix_outbox_due'"
    if not store.is_sqlite:
        where = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_outbox_due'"
    async with store.read() as session:
        assert "due_at IS NOT NULL" in (await session.execute(text(where))).scalar_one()


async def test_a_failed_revision_leaves_the_database_usable_and_a_retry_works(store: Store, tmp_path: Path) -> None:
    """The broken revision lies in a folder of its own, beside copies of the real ones."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_bytes((FOLDER / name).read_bytes())
    for one in (FOLDER / "versions").glob("*.py"):
        (folder / "versions" / one.name).write_bytes(one.read_bytes())
    breaking = folder / "versions" / "9999_breaks.py"
    breaking.write_text(BREAKS.format(head=REVISIONS[-1], trouble="INSERT INTO nowhere VALUES (1)"))
    await store.open()

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    with pytest.raises(DBAPIError):
        async with store.engine.begin() as connection:
            await connection.run_sync(upgrade)
    async with store.engine.connect() as connection:
        assert await connection.run_sync(current) == REVISIONS[-1]
        assert "half_made" not in await connection.run_sync(lambda c: inspect(c).get_table_names())
        assert (await connection.execute(text("SELECT count(*) FROM marks"))).scalar_one() == 0
    breaking.write_text(BREAKS.format(head=REVISIONS[-1], trouble="DELETE FROM marks"))
    async with store.engine.begin() as connection:
        await connection.run_sync(upgrade)
        assert await connection.run_sync(current) == "9999"


BREAKS = """import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("half_made", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO marks VALUES ('half', 'made')")
    op.execute("{trouble}")
"""


async def test_two_processes_that_start_at_once_on_postgresql_migrate_once(store: Store, database: str) -> None:
    stores = [store] if store.is_sqlite else [Store(database) for _ in range(3)]
    await asyncio.gather(*(one.open() for one in stores))
    async with stores[0].engine.connect() as connection:
        assert await connection.run_sync(current) == REVISIONS[-1]
    for one in [] if store.is_sqlite else stores:
        await one.close()


async def test_an_empty_database_is_given_at_once_what_all_revisions_make(store: Store) -> None:
    assert REVISIONS[-1] == schema.HEAD
    await store.migrate(REVISIONS[-1])
    async with store.engine.begin() as connection:
        made = await connection.run_sync(described)
        await connection.run_sync(emptied)
    await store.open()
    async with store.engine.connect() as connection:
        assert await connection.run_sync(described) == made
        assert await connection.run_sync(current) == REVISIONS[-1]


def described(connection: Connection) -> dict[str, Any]:
    """Every table with its columns, keys and indexes, and the triggers."""
    look, found = inspect(connection), {}
    for table in look.get_table_names():
        columns = [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(table)]
        keys = (look.get_pk_constraint(table), look.get_foreign_keys(table))
        uniques = sorted(map(str, look.get_unique_constraints(table)))
        found[table] = columns, str(keys), uniques, sorted(map(of_index, look.get_indexes(table)))
    triggers = {"sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger'"}
    query = triggers.get(connection.dialect.name, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    return found | {"triggers": sorted(connection.execute(text(query)).scalars())}


def of_index(one: Any) -> str:
    options = {name: str(value) for name, value in one.get("dialect_options", {}).items()}
    return str((one["name"], one["column_names"], one["unique"], options))


def emptied(connection: Connection) -> None:
    journal_guard.take_down(connection)
    known = MetaData()
    known.reflect(connection)
    known.drop_all(connection)
