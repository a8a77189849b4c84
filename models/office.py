"""The office as its configuration describes it: plain values that handlers may ask for."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from models.rules.lead_retention import USUAL, Keep


@dataclass(frozen=True)
class Office:
    """`hours` are the working blocks of a day, `summary` the time of the daily summary, in `zone`. `keep` says how
    long leads are kept, `drill_every` and `recovery_every` how often officers and the recovery key are tried."""

    name: str = "市扫黑办"
    bot: str = "收到助手"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    hours: tuple[tuple[time, time], ...] = ((time(8), time(12)), (time(14, 30), time(18)))
    summary: time = time(17, 30)
    second_person: frozenset[str] = frozenset()
    keep: Keep = USUAL
    drill_every: timedelta = timedelta(days=90)
    recovery_every: timedelta = timedelta(days=365)
    alarm_people: tuple[str, ...] = ("clerk",)
