"""Leads on their way: parts, authors as keyed hashes, stages, steps, and acts that need two people."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = models.base.UtcDateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("part_of", sa.Integer(), nullable=True))
        for name in ("author", "code", "outcome", "sent_to"):
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("shunned", sa.JSON(), nullable=False, server_default="[]"))
        for name in ("receiver", "joined_to"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
        for name in ("due_at", "closed_at", "erased_at"):
            batch_op.add_column(sa.Column(name, INSTANT, nullable=True))
        batch_op.create_foreign_key(op.f("fk_leads_part_of"), "leads", ["part_of"], ["id"])
        batch_op.create_index(op.f("ix_leads_part_of"), ["part_of"], unique=False)
        batch_op.create_index(op.f("ix_leads_due_at"), ["due_at"], unique=False)
    op.create_table(
        "lead_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("sheet", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_steps_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_steps")),
    )
    op.create_index(op.f("ix_lead_steps_lead_id"), "lead_steps", ["lead_id"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )


def downgrade() -> None:
    op.drop_table("approvals")
    op.drop_table("lead_steps")
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_leads_due_at"))
        batch_op.drop_index(op.f("ix_leads_part_of"))
        batch_op.drop_constraint(op.f("fk_leads_part_of"), type_="foreignkey")
        for name in ("part_of", "author", "code", "wrong_codes", "due_at", "outcome", "sent_to", "receiver", "shunned",
                     "joined_to", "closed_at", "erased_at"):
            batch_op.drop_column(name)
