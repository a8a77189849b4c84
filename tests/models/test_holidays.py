"""The statutory calendar: only what differs from weekdays, names, and honest ignorance of unpublished years."""

from datetime import date

import pytest

from models.holidays import named, statutory


def test_rest_and_makeup_days_of_a_published_year_are_known() -> None:
    days = statutory(2026)
    assert days is not None
    assert days[date(2026, 10, 1)] is False
    assert days[date(2026, 2, 14)] is True  # a Saturday that works for 春节
    assert all(works != (day.weekday() < 5) for day, works in days.items())


@pytest.mark.parametrize("year", [-1, 0, 1, 1999, 2027, 2100, 9999, 10_000])
def test_an_unpublished_year_is_none_and_never_an_error(year: int) -> None:
    assert statutory(year) is None
    assert named(year) == {}


def test_days_off_carry_the_chinese_name_of_their_holiday() -> None:
    names = named(2026)
    assert names[date(2026, 10, 3)] == "国庆节"
    assert names[date(2026, 2, 17)] == "春节"
    assert set(names.values()) == {"元旦", "春节", "清明", "劳动节", "端午", "中秋", "国庆节"}
    assert date(2026, 10, 10) not in names  # a make-up day is no day off


def test_the_answer_may_be_changed_by_its_reader() -> None:
    first = statutory(2026)
    assert first
    first.clear()
    assert statutory(2026)
