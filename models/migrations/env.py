"""Alembic runs on the connection that it is handed, inside a transaction that is already open."""

from alembic import context

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

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
journal_guard.put_up(connection)
