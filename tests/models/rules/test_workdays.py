"""Working days and hours: 调休 both ways, blocks of the day, years nobody has published, the office's own table."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.holidays import statutory
from models.rules.workdays import WorkCalendar, parse_days

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = ((time(8), time(12)), (time(14, 30), time(18)))
CALENDAR = WorkCalendar(ZONE, HOURS, statutory(2026) or {}, frozenset({2026}))
INSTANTS = st.integers(0, 2_500_000).map(lambda minutes: datetime(2024, 1, 1, tzinfo=ZONE) + timedelta(minutes=minutes))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 18), True),
        (date(2026, 11, 21), False),
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2027, 10, 1), True),
    ],
)
def test_makeup_days_count_both_ways_and_unpublished_years_are_weekdays(day: date, works: bool) -> None:
    assert CALENDAR.is_workday(day) is works


def test_an_unpublished_year_is_named() -> None:
    assert CALENDAR.uncovered(date(2026, 12, 31), date(2027, 1, 1)) == {2027}


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        ("11-18T08:00", True),
        ("11-18T11:59", True),
        ("11-18T12:00", False),
        ("11-18T13:00", False),
        ("11-18T14:30", True),
        ("11-18T18:00", False),
        ("11-21T10:00", False),
        ("10-10T10:00", True),
        ("10-01T10:00", False),
    ],
)
def test_it_is_open_from_the_first_instant_of_a_block_to_before_its_last(now: str, is_open: bool) -> None:
    assert CALENDAR.is_open(at(now)) is is_open


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("11-18T09:00", "11-18T09:00"),
        ("11-18T07:00", "11-18T08:00"),
        ("11-18T12:00", "11-18T14:30"),
        ("11-20T18:00", "11-23T08:00"),
        ("09-30T18:00", "10-08T08:00"),
        ("02-14T18:30", "02-24T08:00"),
    ],
)
def test_the_next_opening_is_now_when_open(now: str, opening: str) -> None:
    assert CALENDAR.next_opening(at(now)) == at(opening)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("11-18T08:00", "11-18T14:30"),
        ("11-18T10:00", "11-18T14:30"),
        ("11-18T12:00", "11-18T14:30"),
        ("11-18T13:00", "11-18T14:30"),
        ("11-18T15:00", "11-19T08:00"),
        ("11-18T18:00", "11-19T08:00"),
        ("11-18T20:00", "11-19T08:00"),
        ("11-20T18:00", "11-23T08:00"),
    ],
)
def test_the_next_half_day_opens_strictly_later(now: str, opening: str) -> None:
    assert CALENDAR.next_half_day(at(now)) == at(opening)


@pytest.mark.parametrize(
    ("now", "block"),
    [
        ("11-18T07:00", (date(2026, 11, 18), 0)),
        ("11-18T12:00", (date(2026, 11, 18), 0)),
        ("11-18T13:00", (date(2026, 11, 18), 1)),
        ("11-18T18:00", (date(2026, 11, 18), 1)),
        ("11-18T18:01", (date(2026, 11, 19), 0)),
        ("11-21T10:00", (date(2026, 11, 23), 0)),
    ],
)
def test_time_between_blocks_belongs_to_the_coming_one(now: str, block: tuple[date, int]) -> None:
    assert CALENDAR.half_day(at(now)) == block


@pytest.mark.parametrize(
    ("now", "hours", "then"),
    [
        ("11-18T16:00", 2, "11-18T18:00"),
        ("11-18T16:00", 4, "11-19T10:00"),
        ("11-18T11:00", 2, "11-18T15:30"),
        ("11-20T17:00", 1.5, "11-23T08:30"),
        ("11-21T03:00", 0, "11-23T08:00"),
        ("11-18T09:00", 0, "11-18T09:00"),
        ("11-19T10:00", -4, "11-18T16:00"),
    ],
)
def test_working_hours_are_added_over_breaks_nights_and_weekends(now: str, hours: float, then: str) -> None:
    assert CALENDAR.add_hours(at(now), hours) == at(then)


@pytest.mark.parametrize(
    ("now", "hours", "then"),
    [
        ("11-18T18:00", 1, "11-18T17:00"),
        ("11-18T08:00", 1, "11-17T17:00"),
        ("11-18T14:30", 1, "11-18T11:00"),
        ("11-18T20:00", 1, "11-18T17:00"),
        ("11-23T08:30", 1, "11-20T17:30"),
        ("11-18T10:00", 2, "11-18T08:00"),
    ],
)
def test_working_hours_are_taken_off_backwards(now: str, hours: float, then: str) -> None:
    assert CALENDAR.subtract_hours(at(now), hours) == at(then)


def test_working_hours_between_two_instants_skip_what_is_closed() -> None:
    assert CALENDAR.working_hours_between(at("11-18T10:00"), at("11-20T10:00")) == 15
    assert CALENDAR.working_hours_between(at("11-21T00:00"), at("11-22T23:00")) == 0
    assert CALENDAR.working_hours_between(at("11-18T17:00"), at("11-18T16:00")) == -1


def test_days_are_counted_over_holidays() -> None:
    assert CALENDAR.add_workdays(date(2026, 9, 29), 2) == date(2026, 10, 8)
    assert CALENDAR.add_workdays(date(2026, 10, 8), -2) == date(2026, 9, 29)
    assert CALENDAR.next_workday(date(2026, 10, 9)) == date(2026, 10, 10)
    assert CALENDAR.previous_workday(date(2026, 10, 8)) == date(2026, 9, 30)
    assert CALENDAR.closing(date(2026, 11, 18)) == at("11-18T18:00")


def test_an_instant_from_another_zone_is_the_same_instant() -> None:
    assert CALENDAR.next_opening(datetime(2026, 11, 18, 1, tzinfo=UTC)) == at("11-18T09:00")


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError):
        CALENDAR.is_open(datetime(2026, 11, 18))  # noqa: DTZ001


@pytest.mark.parametrize("hours", [(), ((time(9), time(9)),), ((time(8), time(12)), (time(11), time(18)))])
def test_hours_that_overlap_or_are_none_are_refused(hours: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="工作时间"):
        WorkCalendar(ZONE, hours, {}, frozenset())


def test_blocks_may_touch() -> None:
    calendar = WorkCalendar(ZONE, ((time(8), time(12)), (time(12), time(18))), {}, frozenset())
    assert calendar.add_hours(at("11-18T11:00"), 2) == at("11-18T13:00")


def test_the_ends_of_time_do_not_break_it() -> None:
    for instant in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        CALENDAR.next_opening(instant)
        CALENDAR.half_day(instant)
        CALENDAR.add_hours(instant, 5)
        CALENDAR.subtract_hours(instant, 5)
    CALENDAR.next_workday(date.max)
    CALENDAR.previous_workday(date.min)


def test_an_office_that_never_works_still_gets_an_answer() -> None:
    never = {date(2026, 1, 1) + timedelta(days=ahead): False for ahead in range(5000)}
    calendar = WorkCalendar(ZONE, HOURS, never, frozenset())
    now = at("11-18T10:00")
    assert calendar.next_opening(now) == now
    assert calendar.add_hours(now, 1) == now
    assert calendar.next_workday(now.date()) == now.date()


def test_a_clock_change_is_not_counted_as_work() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    calendar = WorkCalendar(berlin, ((time(0), time(12)),), {date(2026, 3, 29): True}, frozenset())
    start, end = datetime(2026, 3, 29, 0, tzinfo=berlin), datetime(2026, 3, 29, 12, tzinfo=berlin)
    assert calendar.working_hours_between(start, end) == 11
    assert calendar.add_hours(start, 11) == end


@settings(max_examples=60)
@given(INSTANTS, st.floats(0, 60))
def test_hours_added_are_the_hours_between(now: datetime, hours: float) -> None:
    then = CALENDAR.add_hours(now, hours)
    assert then >= now.astimezone(UTC)
    assert CALENDAR.working_hours_between(now, then) == pytest.approx(hours, abs=1e-6)


@settings(max_examples=60)
@given(INSTANTS)
def test_an_opening_is_open_and_a_half_day_begins_later(now: datetime) -> None:
    assert CALENDAR.is_open(CALENDAR.next_opening(now))
    later = CALENDAR.next_half_day(now)
    assert later > now and CALENDAR.is_open(later)


def test_the_table_of_days_is_read_as_people_type_it() -> None:
    days, faults = parse_days(
        "# 2027 年\n2027-02-17 休\n2027/2/20,班,春节调休\n2027年10月1日-10月7日 休  # 国庆\n"
        "2027年5月1日-5日 休 劳动节\n2027-12-31~1-1 休\n2027年2月19日（周五）：休\n2027.3.1 至 2027.3.2 休\n\n"
    )
    assert faults == []
    assert days[date(2027, 2, 20)] is True
    assert days[date(2027, 10, 7)] is False
    assert days[date(2028, 1, 1)] is False
    assert len(days) == 2 + 7 + 5 + 2 + 1 + 2


def test_a_csv_with_a_header_is_read_in_its_own_column_order() -> None:
    assert parse_days("\ufeff备注,类型,日期\n元旦,休,2027-01-01\n,班,2027-01-09\n") == (
        {date(2027, 1, 1): False, date(2027, 1, 9): True},
        [],
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("2027-02-30 休", "没有这一天"),
        ("二月三日 休", "没有认出日期"),
        ("2027-02-18", "没有写明休还是班"),
        ("2027-02-18 上课", "没有写明休还是班"),
        ("2027-10-07~2027-10-01 休", "早于"),
        ("2027-01-01~2027-12-31 休", "超过"),
    ],
)
def test_a_bad_line_names_itself_and_the_remedy_and_the_rest_is_read(line: str, fault: str) -> None:
    days, faults = parse_days(f"2027-01-01 休\n{line}\n2027-01-02 班\n")
    assert days == {date(2027, 1, 1): False, date(2027, 1, 2): True}
    assert len(faults) == 1
    assert faults[0].startswith("第2行") and fault in faults[0]


def test_a_day_written_both_ways_is_a_fault() -> None:
    days, faults = parse_days("2027-01-01 休\n2027-01-01 班\n")
    assert days == {date(2027, 1, 1): False}
    assert "第2行" in faults[0]


@given(st.text(max_size=200))
def test_no_table_breaks_the_reader(text: str) -> None:
    parse_days(text)
