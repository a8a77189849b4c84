"""The life of a lead: 登记 → 研判 → 移送 → 签收 → 核查中 → 反馈 → 办结; which step may follow which, and within how long.

The outcomes are the ones that the campaign's forms count: 立案, 查处, 查实, 查否, and 研判不属于 for what was never one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.rules.workdays import WorkCalendar


class Stage(StrEnum):
    """`ASKED`: sealed, its author has yet to say whether it is a lead. `PART`: a later envelope of another lead.
    `DRILL`: nobody's lead, to try a key with. None of them is counted."""

    ASKED = "待确认"
    PART = "补充"
    DRILL = "演练"
    REGISTERED = "登记"
    WEIGHED = "研判"
    SENT = "移送"
    SIGNED = "签收"
    CHECKING = "核查中"
    REPORTED = "反馈"
    CLOSED = "办结"
    JOINED = "并案"


class Outcome(StrEnum):
    FILED = "立案"
    PUNISHED = "查处"
    TRUE = "查实"
    FALSE = "查否"
    NOT_OURS = "研判不属于"


UNCOUNTED = (Stage.ASKED, Stage.PART, Stage.DRILL)
OVER = (Stage.CLOSED, Stage.JOINED)

# Working days that a lead may stay in a stage before its officers are told of the silence.
PATIENCE = {
    Stage.REGISTERED: 3,
    Stage.WEIGHED: 5,
    Stage.SENT: 2,
    Stage.SIGNED: 5,
    Stage.CHECKING: 30,
    Stage.REPORTED: 5,
}
FOLLOWS = {
    Stage.WEIGHED: (Stage.REGISTERED,),
    Stage.SENT: (Stage.WEIGHED, Stage.REPORTED),
    Stage.SIGNED: (Stage.SENT,),
    Stage.CHECKING: (Stage.SIGNED,),
    Stage.REPORTED: (Stage.SIGNED, Stage.CHECKING),
    Stage.CLOSED: (Stage.WEIGHED, Stage.REPORTED),
}
_RECEIVERS = {"公安": ("公安",), "纪检": ("纪委", "监委", "纪检")}
_OUTCOME = re.compile("|".join(sorted(Outcome, key=len, reverse=True)) + "|不属于|不属实|属实|不实")
_SAME = {"不属于": Outcome.NOT_OURS, "不属实": Outcome.FALSE, "不实": Outcome.FALSE, "属实": Outcome.TRUE}
_NUMBER = re.compile(r"^\s*[lL]?\s*[-—–_－]*\s*0{0,6}(\d{1,7})(?!\d)号?[\s:：,，。、;；]*")


@dataclass(frozen=True)
class Move:
    """A step that may be taken. `why_not` is a template's word when it may not: `order`, `outcome`."""

    to: Stage
    outcome: str = ""
    why_not: str = ""


def move(now: Stage, to: Stage, words: str, outcome: str = "") -> Move:
    """Whether a lead in stage `now` with that `outcome` may go `to`; `words` may name a new outcome."""
    said = read_outcome(words)
    if now not in FOLLOWS.get(to, ()):
        return Move(to, why_not="order")
    if to is Stage.REPORTED and (said is None or said is Outcome.NOT_OURS):
        return Move(to, why_not="outcome")
    if to is Stage.CLOSED:
        if now is Stage.WEIGHED and said is not Outcome.NOT_OURS:
            return Move(to, why_not="outcome")
        if now is Stage.REPORTED and said is None and not outcome:
            return Move(to, why_not="outcome")
    return Move(to, said or outcome if to in (Stage.REPORTED, Stage.CLOSED) else outcome)


def read_outcome(words: str) -> Outcome | None:
    """The one outcome that `words` name; several different ones say nothing."""
    found = {_SAME.get(word, word) for word in _OUTCOME.findall(words)}
    return Outcome(found.pop()) if len(found) == 1 else None


def read_receiver(words: str) -> tuple[str, tuple[str, ...]] | None:
    """公安 or 纪检, and what the names of such units hold. None when neither is named, or both."""
    found = [(kind, marks) for kind, marks in _RECEIVERS.items() if any(mark in words for mark in marks)]
    return found[0] if len(found) == 1 else None


def read_lead_number(words: str) -> tuple[int | None, str]:
    """`-0012 查实` or `L-12` as 12 and the rest."""
    match = _NUMBER.match(words)
    if match is None or int(match[1]) == 0:
        return None, words
    return int(match[1]), words[match.end() :].strip()


def due(stage: Stage, since: datetime, calendar: WorkCalendar) -> datetime | None:
    """The end of the last working day that a lead may stay in a stage that it entered at `since`."""
    days = PATIENCE.get(stage)
    if days is None:
        return None
    return calendar.closing(calendar.add_workdays(calendar.local(since).date(), days))
