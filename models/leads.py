"""Leads, sealed: what stands here in clear is a number, an hour, a size bucket and a stage. Nothing else."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.marks import bump
from models.sealing import Sealed


class Stage(StrEnum):
    """`ASKED`: sealed, but its author has yet to say whether it is a lead; not counted."""

    ASKED = "待确认"
    REGISTERED = "登记"


class Lead(Base):
    """An envelope. `token` is what its associated data was bound to; the number comes when it is confirmed."""

    __tablename__ = "leads"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    token: Mapped[str] = mapped_column(unique=True)
    received_hour: Mapped[datetime]
    size: Mapped[int]
    algorithm: Mapped[str]
    fingerprint: Mapped[str]
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str]
    number: Mapped[int | None] = mapped_column(unique=True, default=None)
    category: Mapped[str] = mapped_column(default="")
    stage: Mapped[str] = mapped_column(default=Stage.ASKED, index=True)

    @property
    def name(self) -> str:
        return f"L-{self.number:04d}"


class LeadWrap(Base):
    """The lead's key, sealed to one holder."""

    __tablename__ = "lead_wraps"

    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


async def keep(
    session: AsyncSession, sealed: Sealed, *, token: str, hour: datetime, size: int, digest: str, fingerprint: str
) -> Lead:
    """Store an envelope whose author has not confirmed it yet. `fingerprint` names the recipients it was sealed to."""
    lead = Lead(
        token=token,
        received_hour=hour,
        size=size,
        algorithm=sealed.algorithm,
        fingerprint=fingerprint,
        nonce=sealed.nonce,
        ciphertext=sealed.ciphertext,
        digest=digest,
    )
    session.add(lead)
    await session.flush()
    session.add_all(LeadWrap(lead_id=lead.id, key_id=key, wrapped=data) for key, data in sealed.wraps.items())
    return lead


async def register(session: AsyncSession, lead: Lead, category: str = "") -> None:
    lead.number = await bump(session, "lead number")
    lead.stage = Stage.REGISTERED
    lead.category = category


async def erase(session: AsyncSession, lead_id: int) -> None:
    """Remove an envelope that its author says is no lead; `secure_delete` overwrites the pages."""
    await session.execute(delete(LeadWrap).where(LeadWrap.lead_id == lead_id))
    await session.execute(delete(Lead).where(Lead.id == lead_id))


async def by_id(session: AsyncSession, lead_id: int) -> Lead | None:
    return (await session.execute(select(Lead).where(Lead.id == lead_id))).scalar_one_or_none()


async def counts(session: AsyncSession, month_start: datetime) -> tuple[int, int, dict[str, int]]:
    """Total, this month's, and by stage; those not yet confirmed are no leads."""
    confirmed = Lead.stage != Stage.ASKED
    stages: Sequence[tuple[str, int]] = [
        (stage, count)
        for stage, count in await session.execute(
            select(Lead.stage, func.count()).where(confirmed).group_by(Lead.stage)
        )
    ]
    month = select(func.count()).select_from(Lead).where(confirmed, Lead.received_hour >= month_start)
    by_stage = dict(stages)
    return sum(by_stage.values()), (await session.execute(month)).scalar_one(), by_stage
