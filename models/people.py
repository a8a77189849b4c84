"""People: liaisons of units and the office's own, each with one identity."""

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Role(StrEnum):
    """What a person may do. A liaison is whoever belongs to a unit; the others are given by the configuration."""

    LIAISON = "liaison"
    CLERK = "clerk"
    HEAD = "head"
    LEAD_OFFICER = "lead_officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Position(StrEnum):
    """What a person is to their unit: who answers, who is asked after that one, who is told when the office says so."""

    LIAISON = ""
    DEPUTY = "B角"
    LEADER = "负责人"


class Person(Base):
    """`id` is the account of the roster or of the configuration; `wecom` is the directory userid where it differs."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), default=None, index=True)
    roles: Mapped[list[str]] = mapped_column(default_factory=list)
    mobile: Mapped[str] = mapped_column(default="")
    wecom: Mapped[str] = mapped_column(default="")
    leave_from: Mapped[date | None] = mapped_column(default=None)
    leave_to: Mapped[date | None] = mapped_column(default=None)
    stand_in: Mapped[str] = mapped_column(default="")
    position: Mapped[str] = mapped_column(default=Position.LIAISON)
    active: Mapped[bool] = mapped_column(default=True)
