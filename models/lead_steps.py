"""What has happened to a lead, step by step, and the transfer sheets that are signed for."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class LeadStep(Base):
    """`by` is an officer or the receiver, never the author. `sheet` is the transfer sheet's number, on its step and
    on the step that signs for it."""

    __tablename__ = "lead_steps"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    at: Mapped[datetime]
    stage: Mapped[str]
    by: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="")
    to: Mapped[str] = mapped_column(default="")
    sheet: Mapped[int | None] = mapped_column(default=None)

    @property
    def sheet_name(self) -> str:
        return f"Y-{self.sheet:04d}" if self.sheet is not None else ""


async def of_lead(session: AsyncSession, lead_id: int) -> Sequence[LeadStep]:
    """Oldest first."""
    return (await session.scalars(select(LeadStep).where(LeadStep.lead_id == lead_id).order_by(LeadStep.id))).all()
