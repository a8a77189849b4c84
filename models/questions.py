"""What the bot has asked somebody in private and not yet been told."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Ask(StrEnum):
    IS_LEAD = "is_lead"
    PICTURE = "picture"
    IS_ACK = "is_ack"
    SEEN = "seen"
    ADDING = "adding"
    EXTEND = "extend"
    HANDOVER = "handover"
    INTRODUCE = "introduce"
    FIGURES = "figures"


class Question(Base):
    """`subject` holds ids only, never words: the thing asked about may be a lead."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person: Mapped[str] = mapped_column(index=True)
    ask: Mapped[str]
    asked_at: Mapped[datetime]
    subject: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)


async def ask(session: AsyncSession, person: str, kind: Ask, at: datetime, **subject: Any) -> Question:
    question = Question(person=person, ask=kind, subject=subject, asked_at=at)
    session.add(question)
    await session.flush()
    return question


async def open_question(session: AsyncSession, person: str, number: int | None = None) -> Question | None:
    """The question `number` of this person, or the newest still open."""
    query = select(Question).where(Question.person == person, Question.answered_at.is_(None))
    if number is not None:
        query = query.where(Question.id == number)
    return (await session.execute(query.order_by(Question.id.desc()).limit(1))).scalar_one_or_none()


async def open_ones(session: AsyncSession, person: str, *kinds: Ask) -> Sequence[Question]:
    """All that this person has not answered, of these kinds."""
    query = select(Question).where(Question.person == person, Question.answered_at.is_(None), Question.ask.in_(kinds))
    return (await session.scalars(query.order_by(Question.id))).all()


async def close_about(session: AsyncSession, kind: Ask, subject_key: str, value: Any, at: datetime) -> None:
    """Settle every open question of a kind about one thing, whoever was asked."""
    query = select(Question).where(Question.ask == kind, Question.answered_at.is_(None))
    ids = [q.id for q in await session.scalars(query) if q.subject.get(subject_key) == value]
    await session.execute(update(Question).where(Question.id.in_(ids)).values(answered_at=at))
