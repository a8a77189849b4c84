"""Who has opened the private chat with the bot, on which leg of a door."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("leg", "person", name=op.f("pk_contacts")),
    )
