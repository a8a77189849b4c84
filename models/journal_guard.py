"""The database itself refuses to change or remove a row of the journal, whoever asks, also past this program.

Whoever owns the database can take the guard away; the chain of hashes finds what was changed then.
"""

from sqlalchemy import Connection, inspect, text

SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS journal_unchanged BEFORE UPDATE ON journal "
    "BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END",
    "CREATE TRIGGER IF NOT EXISTS journal_kept BEFORE DELETE ON journal "
    "BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END",
    # INSERT OR REPLACE removes the row in its way without asking the trigger above.
    "CREATE TRIGGER IF NOT EXISTS journal_not_replaced BEFORE INSERT ON journal "
    "WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id OR prev = NEW.prev) "
    "BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END",
)
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION journal_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the journal is only added to' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE TRIGGER journal_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON journal "
    "FOR EACH STATEMENT EXECUTE FUNCTION journal_only_added_to()",
)
THERE = text("SELECT 1 FROM pg_trigger WHERE tgname = 'journal_unchanged' AND tgrelid = 'journal'::regclass")


def put_up(connection: Connection) -> None:
    """At every start, for a table that a revision had to make anew has lost its triggers."""
    if not inspect(connection).has_table("journal"):
        return
    if connection.dialect.name == "sqlite":
        for statement in SQLITE:
            connection.execute(text(statement))
    elif connection.execute(THERE).first() is None:  # to make it anew would wait for every other replica
        for statement in POSTGRESQL:
            connection.execute(text(statement))


def take_down(connection: Connection) -> None:
    """What only a revision may do that has to make the table anew, and the owner of the database can do."""
    if connection.dialect.name == "sqlite":
        for name in ("journal_unchanged", "journal_kept", "journal_not_replaced"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
    else:
        connection.execute(text("DROP TRIGGER IF EXISTS journal_unchanged ON journal"))
