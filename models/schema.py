"""The tables: made at once in an empty database, else brought to the newest revision by Alembic.

Alembic is loaded only where there is something to change: it takes a tenth of the start and of the memory.
"""

from sqlalchemy import Connection, inspect, text

import models.alarms
import models.answer_addresses
import models.approvals
import models.attachments
import models.contacts
import models.days
import models.drills
import models.duties
import models.inbox
import models.incidents
import models.journal
import models.lead_steps
import models.leads
import models.live_cards
import models.marks
import models.notices
import models.outbox
import models.people
import models.questions
import models.quotas
import models.receipts
import models.reports
import models.rooms
import models.units  # noqa: F401
from models import journal_guard
from models.base import Base

HEAD = "0001"  # the newest revision
VERSION = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)"


def bring_up(connection: Connection) -> bool:
    """Whatever stands is made what this program works with, in the transaction that is open. Whether tables that stood
    were changed. Raises what Alembic raises, such as for a schema of a newer program."""
    stands = set(inspect(connection).get_table_names())
    if stands and ("alembic_version" not in stands or _version(connection) != HEAD):
        upgrade(connection, "head")
        return True
    if not stands:
        Base.metadata.create_all(connection)
        connection.execute(text(VERSION))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
    journal_guard.put_up(connection)
    return False


def upgrade(connection: Connection, revision: str) -> None:
    """Run Alembic on an open connection, so that it works inside a running loop and from a wheel, with no ini file."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "models:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _version(connection: Connection) -> str | None:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
