"""Work groups."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Room(Base):
    """A chat with a purpose. `audience` holds kinds or unit names; a unit's own `rooms` win over it."""

    __tablename__ = "rooms"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    audience: Mapped[list[str]] = mapped_column(default_factory=list)
    position: Mapped[int] = mapped_column(default=0)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    chat_id: Mapped[str] = mapped_column(default="")
