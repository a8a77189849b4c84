"""Whether a message still makes sense at the moment it would leave."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.rules.wanted import Verdict, decide
from models.rules.workdays import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(ZONE, ((time(8), time(12)), (time(14, 30), time(18))), {}, frozenset({2026}))
OPEN, NOON, NIGHT, SATURDAY = (
    datetime.fromisoformat(f"2026-11-{at}+08:00") for at in ("18T15:00", "18T12:30", "18T22:00", "21T10:00")
)
A, B = (1, 7), (2, 7)


@pytest.mark.parametrize(
    ("now", "wants", "owed", "office_hours", "verdict"),
    [
        (OPEN, [], set(), False, Verdict.SEND),
        (OPEN, [], set(), True, Verdict.SEND),
        (NIGHT, [], set(), False, Verdict.SEND),
        (NIGHT, [], set(), True, Verdict.WAIT),
        (NOON, [], set(), True, Verdict.WAIT),
        (SATURDAY, [], set(), True, Verdict.WAIT),
        (OPEN, [A], {A}, True, Verdict.SEND),
        (OPEN, [A], set(), True, Verdict.DROP),
        (NIGHT, [A], set(), True, Verdict.DROP),
        (OPEN, [A], {B}, True, Verdict.DROP),
        (OPEN, [A, B], {A, B}, True, Verdict.SEND),
        (OPEN, [A, B], {B}, True, Verdict.AGAIN),
        (OPEN, [A, B], set(), True, Verdict.DROP),
        (OPEN, [A, B], {B}, False, Verdict.AGAIN),
    ],
)
def test_looking_again(
    now: datetime, wants: list[tuple[int, int]], owed: set[tuple[int, int]], office_hours: bool, verdict: Verdict
) -> None:
    found = decide(now=now, not_after=None, office_hours=office_hours, wants=wants, owed=owed, calendar=CALENDAR)
    assert found.verdict is verdict
    assert (found.at is not None) == (verdict is Verdict.WAIT)
    assert bool(found.reason) == (verdict is not Verdict.SEND)


@pytest.mark.parametrize("now", [NIGHT, NOON, SATURDAY])
def test_what_waits_waits_for_the_next_opening(now: datetime) -> None:
    found = decide(now=now, not_after=None, office_hours=True, wants=[], owed=[], calendar=CALENDAR)
    assert found.at == CALENDAR.next_opening(now)
    again = decide(now=found.at, not_after=None, office_hours=True, wants=[], owed=[], calendar=CALENDAR)  # type: ignore[arg-type]
    assert again.verdict is Verdict.SEND


def test_too_late_is_too_late_even_when_still_owed() -> None:
    last = OPEN - timedelta(seconds=1)
    found = decide(now=OPEN, not_after=last, office_hours=False, wants=[A], owed=[A], calendar=CALENDAR)
    assert found.verdict is Verdict.DROP
    found = decide(now=OPEN, not_after=OPEN, office_hours=False, wants=[A], owed=[A], calendar=CALENDAR)
    assert found.verdict is Verdict.SEND


def test_a_chase_of_which_part_is_done_does_not_leave_at_night() -> None:
    found = decide(now=NIGHT, not_after=None, office_hours=True, wants=[A, B], owed=[B], calendar=CALENDAR)
    assert found.verdict is Verdict.WAIT
