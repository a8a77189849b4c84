"""What becomes of a message after a try: the only retry there is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST, LONGEST = timedelta(seconds=2), timedelta(minutes=10)
# What may have arrived each time is sent again for about half an hour, what certainly has not for about a day.
MOST_UNSURE, MOST_LATER = 12, 150


class Fate(StrEnum):
    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Next:
    """The state a row moves to, and when it wants attention again (None: never)."""

    state: str
    due_at: datetime | None


def pause(attempts: int) -> timedelta:
    """Doubling from two seconds to ten minutes."""
    return min(FIRST * (1 << min(max(attempts - 1, 0), 20)), LONGEST)


def after_try(
    fate: Fate,
    *,
    send_class: str,
    attempts: int,
    now: datetime,
    wait: timedelta | None = None,
    not_after: datetime | None = None,
) -> Next:
    """Turn how a try ended into the row's next state.

    `LATER` means that it certainly was not posted; a platform that says how long to stay away (`wait`) may say so for
    ever. `UNSURE` means that it left and no answer came: what must never stand twice becomes `unknown` and is a
    person's to settle; everything else is sent again, byte-identical.
    """
    if fate is Fate.SENT:
        return Next("sent", None)
    if fate is Fate.REFUSED:
        return Next("failed", None)
    if fate is Fate.UNSURE and send_class == "never_twice":
        return Next("unknown", now)  # due at once: a person is to be asked
    due = now + (wait if wait is not None else pause(attempts))
    if send_class == "prompt" and (not_after is None or due > not_after):
        return Next("cancelled", None)
    if not_after is not None and due > not_after:
        return Next("failed", None)
    if fate is Fate.UNSURE and attempts >= MOST_UNSURE:
        return Next("failed", None)
    if fate is Fate.LATER and attempts >= MOST_LATER and wait is None:
        return Next("failed", None)
    return Next("pending", due)


def worth_saying(attempts: int, now: datetime, due: datetime) -> bool:
    """Whether a message that waits for another try is late enough for people to hear of it (within five minutes)."""
    return attempts >= 4 or due - now >= timedelta(minutes=5)
