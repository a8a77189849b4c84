"""What an acknowledgement does to a receipt: the same for a text, a button, a quote, a number and a proxy."""

from datetime import datetime
from typing import Any

from models.gathering import Gathering
from models.notices import Kind, NoticeState
from models.receipts import How, ReceiptState, What


def is_late(row: Any, now: datetime) -> bool:
    """After the unit's own due time, or after the notice was closed."""
    due = row.extended_to or row.ack_due
    return row.notice_state == NoticeState.CLOSED or (due is not None and now > due)


def acknowledge(
    gathering: Gathering, row: Any, *, at: datetime, by: str, how: How, message: str, note: str = ""
) -> dict[str, Any]:
    """Gather the receipt's new values and its event. `row` is one of `receipts.owed_by_units` or `of_numbers`.

    A 签收 is finished by it; a kind that wants words, figures or a file is not, and stays in the chase for that.
    """
    finished = row.kind in (Kind.ACK, Kind.FYI)
    values = {
        "notice_id": row.notice_id,
        "unit_id": row.unit_id,
        "state": ReceiptState.ACKED,
        "acked_at": at,
        "acked_by": by,
        "how": how,
        "on_version": row.version,
        "late": is_late(row, at),
        "proxy": how == How.PROXY,
        "done_at": at if finished else row.done_at,
        "chase_at": None if finished else row.chase_at,
    }
    gathering.acks[(row.notice_id, row.unit_id)] = values
    gathering.changed.add(row.notice_id)
    gathering.events.append(
        {
            "notice_id": row.notice_id,
            "unit_id": row.unit_id,
            "at": at,
            "what": What.ACKED,
            "by": by,
            "how": how,
            "message": message,
            "note": note,
        }
    )
    return values


def answer(
    gathering: Gathering, row: Any, *, at: datetime, by: str, how: How, message: str, complete: bool, note: str = ""
) -> None:
    """A report that answers a notice: it acknowledges too, and finishes what it completes."""
    due = row.extended_to or row.done_due or row.ack_due
    late = row.notice_state == NoticeState.CLOSED or (due is not None and at > due)
    before = gathering.acked(row.notice_id, row.unit_id) or {}
    first = row.acked_at is None and not before
    gathering.acks[(row.notice_id, row.unit_id)] = {
        "notice_id": row.notice_id,
        "unit_id": row.unit_id,
        "state": ReceiptState.REPLIED if complete else (ReceiptState.ACKED if first else row.state),
        "acked_at": at if first else (before.get("acked_at") or row.acked_at),
        "acked_by": by if first else (before.get("acked_by") or row.acked_by),
        "how": how if first else (before.get("how") or row.how),
        "on_version": row.version,
        "late": bool(row.late) or (late and complete),
        "proxy": bool(row.proxy),
        "done_at": at if complete else row.done_at,
        "chase_at": None if complete else row.chase_at,
    }
    gathering.changed.add(row.notice_id)
    event = {"notice_id": row.notice_id, "unit_id": row.unit_id, "at": at, "by": by, "how": how, "message": message}
    gathering.events.append({**event, "what": What.REPLIED, "note": note})
    if complete:
        gathering.events.append({**event, "what": What.DONE})
