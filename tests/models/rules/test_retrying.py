"""The only retry there is, as a table and as promises over every row of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.retrying import LONGEST, MOST_LATER, MOST_UNSURE, Fate, after_try, pause, worth_saying

NOW = datetime(2026, 11, 18, 7, tzinfo=UTC)
CLASSES = ["never_twice", "at_least_once", "latest_wins", "prompt"]
LAST = NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("fate", "send_class", "attempts", "wait", "not_after", "state", "after"),
    [
        (Fate.SENT, "never_twice", 1, None, None, "sent", None),
        (Fate.REFUSED, "at_least_once", 1, None, None, "failed", None),
        (Fate.UNSURE, "never_twice", 1, None, None, "unknown", 0),
        (Fate.UNSURE, "never_twice", 1, None, LAST, "unknown", 0),
        (Fate.UNSURE, "at_least_once", 1, None, None, "pending", 2),
        (Fate.UNSURE, "at_least_once", MOST_UNSURE - 1, None, None, "pending", 600),
        (Fate.UNSURE, "at_least_once", MOST_UNSURE, None, None, "failed", None),
        (Fate.UNSURE, "at_least_once", MOST_UNSURE, 0, None, "failed", None),
        (Fate.LATER, "never_twice", 1, None, None, "pending", 2),
        (Fate.LATER, "at_least_once", 3, None, None, "pending", 8),
        (Fate.LATER, "at_least_once", 1, 90, None, "pending", 90),
        (Fate.LATER, "at_least_once", MOST_UNSURE, None, None, "pending", 600),
        (Fate.LATER, "at_least_once", MOST_LATER, None, None, "failed", None),
        (Fate.LATER, "at_least_once", MOST_LATER, 60, None, "pending", 60),
        (Fate.LATER, "at_least_once", 1, 60, LAST, "failed", None),
        (Fate.LATER, "prompt", 1, None, None, "cancelled", None),
        (Fate.LATER, "prompt", 1, None, LAST, "pending", 2),
        (Fate.LATER, "prompt", 3, None, LAST, "cancelled", None),
        (Fate.UNSURE, "prompt", 3, None, LAST, "cancelled", None),
        (Fate.LATER, "latest_wins", 1, None, None, "pending", 2),
    ],
)
def test_what_becomes_of_a_message(
    fate: Fate,
    send_class: str,
    attempts: int,
    wait: int | None,
    not_after: datetime | None,
    state: str,
    after: int | None,
) -> None:
    span = None if wait is None else timedelta(seconds=wait)
    found = after_try(fate, send_class=send_class, attempts=attempts, now=NOW, wait=span, not_after=not_after)
    assert found.state == state
    assert found.due_at == (None if after is None else NOW + timedelta(seconds=after))


@given(st.integers(-5, 10_000))
def test_pauses_never_shrink_and_end_at_ten_minutes(attempts: int) -> None:
    assert timedelta(seconds=2) <= pause(attempts) <= pause(attempts + 1) <= LONGEST


@given(
    st.sampled_from(list(Fate)),
    st.sampled_from(CLASSES),
    st.integers(1, 1000),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=1)),
    st.none() | st.timedeltas(-timedelta(hours=1), timedelta(hours=1)).map(lambda span: NOW + span),
)
def test_promises_that_hold_for_every_row(
    fate: Fate, send_class: str, attempts: int, wait: timedelta | None, not_after: datetime | None
) -> None:
    found = after_try(fate, send_class=send_class, attempts=attempts, now=NOW, wait=wait, not_after=not_after)
    if send_class == "never_twice" and fate is Fate.UNSURE:
        assert found.state == "unknown"  # never sent again by itself
    if found.state == "pending":
        assert found.due_at is not None
        assert found.due_at >= NOW
        assert not_after is None or found.due_at <= not_after
    elif found.state != "unknown":
        assert found.due_at is None  # the index of what waits holds nothing else


def test_a_message_that_can_always_be_posted_again_is_tried_for_a_day() -> None:
    spent = sum((pause(n) for n in range(1, MOST_LATER)), timedelta(0))
    assert timedelta(hours=23) < spent < timedelta(hours=26)


def test_an_endless_wait_is_said_within_five_minutes() -> None:
    spent = sum((pause(n) for n in range(1, 4)), timedelta(0))
    assert worth_saying(4, NOW, NOW)
    assert spent < timedelta(minutes=5)
    assert not worth_saying(1, NOW, NOW + timedelta(seconds=2))
    assert worth_saying(1, NOW, NOW + timedelta(minutes=5))
