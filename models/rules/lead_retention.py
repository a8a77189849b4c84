"""How long what is kept: the identity goes before the record, and of the record a dated stub stays."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.rules.lead_stages import OVER, Stage


@dataclass(frozen=True)
class Periods:
    """`unconfirmed` counts from the hour it came, the others from the day the lead was over."""

    unconfirmed: timedelta = timedelta(days=3)
    identity: timedelta = timedelta(days=90)
    record: timedelta = timedelta(days=730)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.identity < self.record:
            raise ValueError("the identity must go before the record")


USUAL = Periods()


@dataclass(frozen=True)
class Due:
    """What is to be removed from a lead now."""

    whole: bool = False
    identity: bool = False
    record: bool = False


def expired(stage: Stage, received: datetime, closed: datetime | None, now: datetime, periods: Periods = USUAL) -> Due:
    """What has outlived its period. A lead that is not over keeps everything, however old."""
    if stage is Stage.ASKED:
        return Due(whole=now >= received + periods.unconfirmed)
    if stage not in OVER or closed is None:
        return Due()
    return Due(identity=now >= closed + periods.identity, record=now >= closed + periods.record)
