"""Member units and counties, in official order."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Unit(Base):
    """A unit that is asked. `name` is the roster's 单位 and is what every interface calls it.

    `deputy` and `leader` are the roster's B角 and 负责人 as typed; those with an account are people of the unit too.
    """

    __tablename__ = "units"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    number: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(unique=True)
    full: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    aliases: Mapped[list[str]] = mapped_column(default_factory=list)
    rooms: Mapped[list[str]] = mapped_column(default_factory=list)
    note: Mapped[str] = mapped_column(default="")
    deputy: Mapped[str] = mapped_column(default="")
    leader: Mapped[str] = mapped_column(default="")
    quiet_until: Mapped[datetime | None] = mapped_column(default=None)
    active: Mapped[bool] = mapped_column(default=True)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("units.id"), default=None)
    merged_at: Mapped[datetime | None] = mapped_column(default=None)
