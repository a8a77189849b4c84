"""Alembic runs on the connection that it is handed, inside a transaction that is already open."""

from alembic import context

import models.schema  # noqa: F401  # knows every table
from models import journal_guard
from models.base import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
journal_guard.put_up(connection)
