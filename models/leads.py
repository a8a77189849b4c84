"""Leads, sealed: what stands here in clear is a number, an hour, a size bucket and a stage. Nothing else.

Who told it is a keyed hash (`models.pseudonyms`), a self-chosen code a salted scrypt hash.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey, LargeBinary, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.due import DueList
from models.marks import bump
from models.rules.lead_retention import Age
from models.rules.lead_stages import OVER, UNCOUNTED, Stage
from models.sealing import Sealed

__all__ = ["Lead", "LeadWrap", "Stage"]


class Lead(Base):
    """An envelope. `token` is what its associated data was bound to; the number comes when it is confirmed.

    `part_of` is the lead that a later envelope adds to, `forget_at` when something of it will have outlived its
    period. `shunned` are keyed hashes of units that must not get it.
    """

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
    part_of: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), default=None, index=True)
    author: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")
    wrong_codes: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    outcome: Mapped[str] = mapped_column(default="")
    sent_to: Mapped[str] = mapped_column(default="")
    receiver: Mapped[int | None] = mapped_column(default=None)
    shunned: Mapped[list[str]] = mapped_column(default_factory=list)
    joined_to: Mapped[int | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    erased_at: Mapped[datetime | None] = mapped_column(default=None)
    forget_at: Mapped[datetime | None] = mapped_column(default=None, index=True)

    @property
    def age(self) -> Age:
        """What of it decides how long it is kept."""
        return Age(
            stage=Stage(self.stage),
            received=self.received_hour,
            outcome=self.outcome,
            closed=self.closed_at,
            known=bool(self.author or self.code),
            erased=self.erased_at is not None,
        )

    @property
    def name(self) -> str:
        return f"L-{self.number:04d}"


class LeadWrap(Base):
    """The lead's key, sealed to one holder."""

    __tablename__ = "lead_wraps"

    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


TABLE = cast(Table, Lead.__table__)
SILENT = DueList(TABLE.c.id, TABLE.c.due_at, TABLE.c.erased_at.is_(None))  # too long in one stage
OUTLIVED = DueList(TABLE.c.id, TABLE.c.forget_at)


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
    lead.stage, lead.forget_at = Stage.REGISTERED, None
    lead.category = category


async def erase(session: AsyncSession, lead_id: int) -> None:
    """Remove an envelope that its author says is no lead; `secure_delete` overwrites the pages."""
    await session.execute(delete(LeadWrap).where(LeadWrap.lead_id == lead_id))
    await session.execute(delete(Lead).where(Lead.id == lead_id))


async def make_stub(session: AsyncSession, lead: Lead, at: datetime) -> None:
    """Destroy the envelopes and keep what may be counted: number, hour, stage, outcome, and when it was destroyed."""
    ids = [lead.id, *(part.id for part in await parts_of(session, lead.id))]
    await session.execute(delete(LeadWrap).where(LeadWrap.lead_id.in_(ids)))
    await session.execute(delete(Lead).where(Lead.part_of == lead.id))
    forget_author(lead)
    lead.nonce, lead.ciphertext, lead.size, lead.due_at, lead.erased_at = b"", b"", 0, None, at
    lead.shunned, lead.forget_at = [], None


def forget_author(lead: Lead) -> None:
    lead.author, lead.code = "", ""


async def by_id(session: AsyncSession, lead_id: int) -> Lead | None:
    return (await session.execute(select(Lead).where(Lead.id == lead_id))).scalar_one_or_none()


async def by_number(session: AsyncSession, number: int) -> Lead | None:
    return (await session.execute(select(Lead).where(Lead.number == number))).scalar_one_or_none()


async def parts_of(session: AsyncSession, lead_id: int) -> Sequence[Lead]:
    """Later envelopes of a lead, in the order they came."""
    return (await session.scalars(select(Lead).where(Lead.part_of == lead_id).order_by(Lead.id))).all()


async def wraps_of(session: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, bytes]]:
    """Wrapped keys by envelope and by holder."""
    found: dict[int, dict[str, bytes]] = {one: {} for one in ids}
    for wrap in await session.scalars(select(LeadWrap).where(LeadWrap.lead_id.in_(ids))):
        found[wrap.lead_id][wrap.key_id] = wrap.wrapped
    return found


async def unwrap(session: AsyncSession, lead_id: int, key_ids: Collection[str]) -> None:
    """Take holders' keys to an envelope away; what they copied before is theirs."""
    if key_ids:
        await session.execute(delete(LeadWrap).where(LeadWrap.lead_id == lead_id, LeadWrap.key_id.in_(key_ids)))


async def listing(session: AsyncSession, after: int = 0, limit: int = 1000) -> Sequence[Lead]:
    """Registered leads with numbers above `after`, by number."""
    query = select(Lead).where(Lead.number.is_not(None), Lead.number > after).order_by(Lead.number).limit(limit)
    return (await session.scalars(query)).all()


async def aging(session: AsyncSession) -> Sequence[Lead]:
    """Leads of which something is still to be removed one day."""
    over = Lead.stage.in_((Stage.ASKED, *OVER)) & Lead.erased_at.is_(None)
    return (await session.scalars(select(Lead).where(over).order_by(Lead.id))).all()


async def joined_with(session: AsyncSession, lead_id: int) -> Sequence[Lead]:
    """Duplicates that were joined to a lead."""
    return (await session.scalars(select(Lead).where(Lead.joined_to == lead_id).order_by(Lead.number))).all()


async def move_joined(session: AsyncSession, old: int, new: int) -> None:
    """What was joined to a lead follows it when that is joined to another."""
    await session.execute(update(Lead).where(Lead.joined_to == old).values(joined_to=new))


async def counts(session: AsyncSession, month_start: datetime) -> tuple[int, int, dict[str, int]]:
    """Total, this month's, and by stage; those not yet confirmed are no leads."""
    confirmed = Lead.stage.not_in(UNCOUNTED)
    stages: Sequence[tuple[str, int]] = [
        (stage, count)
        for stage, count in await session.execute(
            select(Lead.stage, func.count()).where(confirmed).group_by(Lead.stage)
        )
    ]
    month = select(func.count()).select_from(Lead).where(confirmed, Lead.received_hour >= month_start)
    by_stage = dict(stages)
    return sum(by_stage.values()), (await session.execute(month)).scalar_one(), by_stage
