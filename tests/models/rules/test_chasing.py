"""The plan of reminders over weekends, 调休 and short windows, and the caps that protect a unit (R2)."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.chasing import AFTER, BEFORE, OFFICE, capped_until, next_step, plan
from models.rules.workdays import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = ((time(8), time(12)), (time(14, 30), time(18)))
# 国庆 2026: 1 to 7 October off, Sunday 20 September and Saturday 10 October worked
GOLDEN = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 9, 20): True, date(2026, 10, 10): True}
CALENDAR = WorkCalendar(ZONE, HOURS, GOLDEN, frozenset({2026}))
THREE = WorkCalendar(ZONE, (*HOURS, (time(19), time(21))), GOLDEN, frozenset({2026}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


@pytest.mark.parametrize(
    ("issued", "due", "before", "after", "sheet"),
    [
        # Wednesday to Thursday evening
        ("11-18T15:00", "11-19T18:00", "11-19T17:00", "11-20T08:00", "11-20T09:00"),
        # due at noon: the next half-day is the afternoon
        ("11-18T15:00", "11-19T12:00", "11-19T11:00", "11-19T14:30", "11-19T15:30"),
        # due at the opening: an hour before is the evening before
        ("11-18T15:00", "11-19T08:00", "11-18T17:00", "11-19T14:30", "11-19T15:30"),
        # over a weekend
        ("11-20T16:00", "11-23T10:00", "11-23T09:00", "11-23T14:30", "11-23T15:30"),
        ("11-20T16:00", "11-20T18:00", "11-20T17:00", "11-23T08:00", "11-23T09:00"),
        # due on a Saturday: the last working hour before it, and Monday
        ("11-20T15:00", "11-21T12:00", "11-20T17:00", "11-23T08:00", "11-23T09:00"),
        # short windows: halfway
        ("11-18T15:00", "11-18T16:00", "11-18T15:30", "11-19T08:00", "11-19T09:00"),
        ("11-18T11:30", "11-18T15:00", "11-18T12:00", "11-19T08:00", "11-19T09:00"),
        # a window without a working hour: only afterwards
        ("11-18T18:30", "11-18T20:00", None, "11-19T08:00", "11-19T09:00"),
        ("11-18T15:00", "11-18T15:00", None, "11-19T08:00", "11-19T09:00"),
        # 调休: the Saturday is worked, and the week of the holiday is not
        ("10-09T16:00", "10-10T10:00", "10-10T09:00", "10-10T14:30", "10-10T15:30"),
        ("09-30T15:00", "09-30T18:00", "09-30T17:00", "10-08T08:00", "10-08T09:00"),
        ("09-30T15:00", "10-05T12:00", "09-30T17:00", "10-08T08:00", "10-08T09:00"),
        ("09-18T15:00", "09-20T18:00", "09-20T17:00", "09-21T08:00", "09-21T09:00"),
    ],
)
def test_the_plan_of_a_notice(issued: str, due: str, before: str | None, after: str, sheet: str) -> None:
    found = plan(at(issued), at(due), CALENDAR)
    assert found.before == (None if before is None else at(before))
    assert found.after == at(after)
    assert found.sheet == at(sheet)


instants = st.integers(0, 36 * 24 * 60).map(lambda minutes: at("09-14T00:00") + timedelta(minutes=minutes))


@given(instants, st.timedeltas(timedelta(minutes=1), timedelta(days=12)))
def test_every_plan_is_in_order_and_inside_working_hours(issued: datetime, span: timedelta) -> None:
    due = issued + span
    found = plan(issued, due, CALENDAR)
    if found.before is not None:
        assert issued <= found.before <= due
    assert due < found.after < found.sheet
    assert CALENDAR.is_open(found.after)


@pytest.mark.parametrize("calendar", [CALENDAR, THREE], ids=["two blocks", "three blocks"])
@given(moments=st.lists(instants, max_size=60))
def test_never_more_than_once_a_half_day_nor_twice_a_day(calendar: WorkCalendar, moments: list[datetime]) -> None:
    chased: list[datetime] = []
    for now in sorted(moments):
        until = capped_until(now, chased, calendar)
        if until is None:
            chased.append(now)
        else:
            assert until > now
            assert calendar.is_open(until)
    halves = [calendar.half_day(calendar.next_opening(one)) for one in chased]  # when each would leave
    assert max(Counter(halves).values(), default=0) <= 1
    assert max(Counter(day for day, _ in halves).values(), default=0) <= 2


@given(st.lists(instants, max_size=8), instants)
def test_put_off_is_not_for_ever(moments: list[datetime], now: datetime) -> None:
    """Asked again at the opening that it gave, and so on, a unit may be chased within two working days."""
    chased = [one for one in moments if one <= now]
    for _ in range(4):
        until = capped_until(now, chased, CALENDAR)
        if until is None:
            return
        now = until
    raise AssertionError(now)


def test_a_call_in_the_evening_counts_for_the_next_morning() -> None:
    assert capped_until(at("11-19T08:00"), [at("11-18T20:00")], CALENDAR) == at("11-19T14:30")


def test_a_call_at_the_stroke_of_noon_leaves_in_the_afternoon_and_counts_for_it() -> None:
    assert capped_until(at("11-19T14:00"), [at("11-19T12:00")], CALENDAR) == at("11-20T08:00")


@pytest.mark.parametrize(
    ("step", "before", "after", "now", "then"),
    [
        (BEFORE, "11-19T17:00", "11-20T08:00", "11-19T17:00", ("11-20T08:00", AFTER)),
        (BEFORE, None, "11-20T08:00", "11-19T17:00", ("11-20T08:00", AFTER)),
        (BEFORE, "11-19T17:00", "11-20T08:00", "11-20T08:00", (None, OFFICE)),
        (BEFORE, "11-19T17:00", None, "11-19T17:00", (None, OFFICE)),
        (AFTER, "11-19T17:00", "11-20T08:00", "11-20T08:00", (None, OFFICE)),
        (OFFICE, None, None, "11-20T09:00", (None, OFFICE)),
    ],
)
def test_the_next_step(
    step: int, before: str | None, after: str | None, now: str, then: tuple[str | None, int]
) -> None:
    found = next_step(step, before and at(before), after and at(after), at(now))  # type: ignore[arg-type]
    assert found == (then[0] and at(then[0]), then[1])
