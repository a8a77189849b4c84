"""One row of the outbox on its way: whether it still makes sense, what the door is handed, and what becomes of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.channels import Outcome, Outgoing
from models.freezing import held_back
from models.outbox import OutState, SendClass
from models.rules.retrying import Fate, after_try
from models.rules.wanted import Decision, Verdict, decide
from models.rules.workdays import WorkCalendar

# A row put back before it left: neither sent nor refused, and not a try.
BACK = Outcome(Fate.LATER, reason="认领后情况有变，重新排队", wait=timedelta(0))
EDIT_WAITS = timedelta(seconds=2)


@dataclass(frozen=True)
class Claimed:
    """A row, the message made of it, the receipts that it speaks of, and when it was claimed on a clock that nobody
    moves (seconds)."""

    row: Any
    message: Outgoing
    wants: frozenset[tuple[int, int]] = frozenset()
    since: float = 0.0


def judge(
    row: Any,
    now: datetime,
    owed: Collection[tuple[int, int]],
    originals: Mapping[str, tuple[str, str | None]],
    calendar: WorkCalendar,
    *,
    frozen: bool = False,
) -> Decision:
    """Look again, when it is claimed: is it still wanted, may it go now, and does the message stand that it edits?"""
    if frozen and (held := held_back(row, now)) is not None:
        return held
    decision = decide(
        now=now,
        not_after=row.not_after,
        office_hours=row.office_hours,
        wants=[(n, u) for n, u in row.wants],
        owed=owed,
        calendar=calendar,
    )
    if decision.verdict is not Verdict.SEND or not row.edits:
        return decision
    state, provider_id = originals.get(row.edits, (None, None))
    if state == OutState.SENT and provider_id:
        return decision
    if state in (OutState.PENDING, OutState.CLAIMED):
        return Decision(Verdict.WAIT, at=now + EDIT_WAITS, reason="原消息未发")
    return Decision(Verdict.DROP, reason="原消息未送达")


def message_of(row: Any, changed: Mapping[str, Any], provider_id: str | None) -> Outgoing:
    """What the door is handed; `changed` is what was written again at the last moment."""
    return Outgoing(
        id=row.id,
        key=row.key,
        kind=row.kind,
        room=row.room,
        person=row.person,
        body=changed.get("body", row.body),
        buttons=tuple(changed.get("buttons", row.buttons)),
        mentions=tuple(row.mentions),
        quote=row.quote,
        edits=provider_id if row.edits else None,
        notice_id=row.notice_id,
        attempts=row.attempts,
    )


def not_sent(row: Any, decision: Decision, now: datetime) -> dict[str, Any]:
    """The row of a message that was judged not to leave now. The look was no try."""
    state, due = OutState.CANCELLED, None
    if decision.verdict is Verdict.WAIT:
        state, due = OutState.PENDING, decision.at
    elif row.not_after is not None and now > row.not_after and not _may_lapse(row):
        state = OutState.FAILED
    return _row(row, state, due, decision.reason) | {"attempts": row.attempts - 1}


def broke(row: Any, reason: str) -> dict[str, Any]:
    """The row of a message that could not even be made."""
    return _row(row, OutState.FAILED, None, reason)


def ended(row: Any, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """The row after a try."""
    if outcome is BACK:
        return _row(row, OutState.PENDING, now, outcome.reason) | {"attempts": row.attempts - 1}
    after = after_try(
        outcome.fate,
        send_class=row.send_class,
        attempts=row.attempts,
        now=now,
        wait=outcome.wait,
        not_after=row.not_after,
    )
    values = _row(row, after.state, after.due_at, outcome.reason)
    if outcome.fate is Fate.SENT:
        values |= {"provider_id": outcome.provider_id or row.provider_id, "sent_at": now}
    return values


def _may_lapse(row: Any) -> bool:
    return row.send_class in (SendClass.PROMPT, SendClass.LATEST_WINS)


def _row(row: Any, state: str, due_at: datetime | None, reason: str) -> dict[str, Any]:
    """Every column of `outbox.SETTLED`, and the claim that must still stand."""
    return {
        "id": row.id,
        "claim": row.claimed_until,
        "state": state,
        "due_at": due_at,
        "claimed_until": None,
        "attempts": row.attempts,
        "provider_id": row.provider_id,
        "sent_at": row.sent_at,
        "reason": reason,
    }
