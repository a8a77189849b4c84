"""How long what is kept: the identity goes before the record, and of the record a dated stub stays.

Two kinds of leads have periods of their own: what came to something, and what turned out unfounded or not ours, of
which those who were accused have a right to be forgotten sooner.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.rules.lead_stages import OVER, Outcome, Stage

UNFOUNDED = (Outcome.FALSE, Outcome.NOT_OURS)


@dataclass(frozen=True)
class Periods:
    """Both count from the day the lead was over."""

    identity: timedelta = timedelta(days=90)
    record: timedelta = timedelta(days=730)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.identity < self.record:
            raise ValueError("the identity must go before the record")


@dataclass(frozen=True)
class Keep:
    """`unconfirmed` counts from the hour that words came of which their author has not said whether they are a lead."""

    unconfirmed: timedelta = timedelta(days=3)
    founded: Periods = Periods()
    unfounded: Periods = Periods()

    def periods(self, outcome: str) -> Periods:
        return self.unfounded if outcome in UNFOUNDED else self.founded


USUAL = Keep()


@dataclass(frozen=True)
class Age:
    """What of a lead decides how long it is kept. `known`: something still says who told it."""

    stage: Stage
    received: datetime
    outcome: str = ""
    closed: datetime | None = None
    known: bool = True
    erased: bool = False


@dataclass(frozen=True)
class Due:
    """What is to be removed from a lead now."""

    whole: bool = False
    identity: bool = False
    record: bool = False


def expired(lead: Age, now: datetime, keep: Keep = USUAL) -> Due:
    """What has outlived its period. A lead that is not over keeps everything, however old."""
    if lead.stage is Stage.ASKED:
        return Due(whole=now >= lead.received + keep.unconfirmed)
    if lead.stage not in OVER or lead.closed is None:
        return Due()
    periods = keep.periods(lead.outcome)
    return Due(identity=now >= lead.closed + periods.identity, record=now >= lead.closed + periods.record)


def upcoming(lead: Age, keep: Keep = USUAL) -> datetime | None:
    """When the next thing of a lead is to be removed; None where nothing is, or nothing yet."""
    if lead.stage is Stage.ASKED:
        return lead.received + keep.unconfirmed
    if lead.stage not in OVER or lead.closed is None or lead.erased:
        return None
    periods = keep.periods(lead.outcome)
    return lead.closed + (periods.identity if lead.known else periods.record)
