"""Whether a message still makes sense at the moment it would leave (R3, R12)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.rules.workdays import WorkCalendar


class Verdict(StrEnum):
    SEND = "send"
    WAIT = "wait"
    DROP = "drop"
    AGAIN = "again"


@dataclass(frozen=True)
class Decision:
    verdict: Verdict
    at: datetime | None = None
    reason: str = ""


def decide(
    *,
    now: datetime,
    not_after: datetime | None,
    office_hours: bool,
    wants: Sequence[tuple[int, int]],
    owed: Collection[tuple[int, int]],
    calendar: WorkCalendar,
) -> Decision:
    """`wants` are the receipts a chase speaks of, `owed` those that still are. When only some are, it is to be written
    again: it would otherwise ask for what has been given."""
    if not_after is not None and now > not_after:
        return Decision(Verdict.DROP, reason="过时未发")
    left = sum(pair in owed for pair in wants)
    if wants and left == 0:
        return Decision(Verdict.DROP, reason="已签收，不再催")
    if office_hours and not calendar.is_open(now):
        return Decision(Verdict.WAIT, at=calendar.next_opening(now), reason="非工作时间，顺延")
    if left < len(wants):
        return Decision(Verdict.AGAIN, reason="部分已签收，重拟")
    return Decision(Verdict.SEND)
