"""Who can be written to in private: a bot of 企业微信 may not speak first to somebody who never opened its chat."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.bulk import upsert
from models.people import Person


class Contact(Base):
    """One person on one leg of a door. `userid` is as the platform wrote it, which is what it wants for sending.

    Only the day is kept: an exact time beside that of a lead would name its author.
    """

    __tablename__ = "contacts"

    leg: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    userid: Mapped[str]
    opened_on: Mapped[date]


NOTE = upsert(cast(Table, Contact.__table__), ["leg", "person", "userid", "opened_on"], ["leg", "person"], ["userid"])


async def note_all(session: AsyncSession, notes: Mapping[tuple[str, str], tuple[str, date]]) -> None:
    """These people have spoken in private: by leg and person, their userid and the day."""
    rows = [
        {"leg": leg, "person": person, "userid": userid, "opened_on": day}
        for (leg, person), (userid, day) in notes.items()
    ]
    await NOTE.run(session, rows)


async def opened(session: AsyncSession) -> Sequence[Contact]:
    return (await session.scalars(select(Contact).order_by(Contact.leg, Contact.person))).all()


async def accounts(session: AsyncSession) -> list[tuple[str, str]]:
    """Every living person with their directory userid: the configured one, else the account itself."""
    query = select(Person.id, Person.wecom).where(Person.active).order_by(Person.id)
    return [(person, wecom or person) for person, wecom in await session.execute(query)]
