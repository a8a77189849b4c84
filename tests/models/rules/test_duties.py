"""Duties as sentences: how often, when, what happens on days off, until when."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.holidays import statutory
from models.rules.duties import dates, read_duty
from models.rules.workdays import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 15, tzinfo=ZONE)
HOURS = ((time(8), time(12)), (time(14, 30), time(18)))
CALENDAR = WorkCalendar(
    zone=ZONE, hours=HOURS, days={**(statutory(2026) or {}), date(2027, 2, 25): False}, covered=frozenset({2026})
)


@pytest.mark.parametrize(
    ("sentence", "first"),
    [
        ("每月25日前报线索数，遇节假日提前，无则零报告", "2026-11-25T18:00"),
        ("每月25号前报线索数", "2026-11-25T18:00"),
        ("每个月二十五日前报线索数", "2026-11-25T18:00"),
        ("每月5日17时前报上月进展", "2026-12-05T17:00"),
        ("每月5日下午5点前报，遇节假日顺延", "2026-12-07T17:00"),
        ("每月5日前报，逢周末提前", "2026-12-04T18:00"),
        ("每月底前报汇总", "2026-11-30T18:00"),
        ("每月31日前报汇总", "2026-11-30T18:00"),
        ("每周五17时前报进展", "2026-11-20T17:00"),
        ("每周五17:30前报进展", "2026-11-20T17:30"),
        ("每星期三上午10点前报", "2026-11-25T10:00"),
        ("每个礼拜一报一次", "2026-11-23T18:00"),
        ("每季度末报总结", "2026-12-31T18:00"),
        ("每季度末月报总结", "2026-12-31T18:00"),
        ("每年12月10日前报年度总结", "2026-12-10T18:00"),
        ("每年底报总结", "2026-12-31T18:00"),
        ("每天17时前报进展，到12月31日为止", "2026-11-18T17:00"),
        ("每日下班前零报告，至2026年11月30日", "2026-11-18T18:00"),
        ("請於每月25日前報線索數", "2026-11-25T18:00"),
    ],
)
def test_a_sentence_gives_its_first_date(sentence: str, first: str) -> None:
    rule = read_duty(sentence, NOW, CALENDAR)
    assert rule is not None
    assert dates(rule, NOW, CALENDAR, 1) == [datetime.fromisoformat(first).replace(tzinfo=ZONE)]


@pytest.mark.parametrize(
    "sentence",
    ["经常报进展", "每月报一次", "每月32日前报", "每月0日前报", "每周八报", "每周五25时前报", "每两周报一次",
     "每月5日和25日前报，每周五报", "月底前报", "", "每年13月1日前报", "每人5份", "每月25日26点前报"],
)  # fmt: skip
def test_what_is_not_understood_is_not_guessed(sentence: str) -> None:
    assert read_duty(sentence, NOW, CALENDAR) is None


def test_days_off_move_the_date_the_way_the_sentence_says() -> None:
    earlier = read_duty("每月25日前报，遇节假日提前", NOW, CALENDAR)
    later = read_duty("每月25日前报，遇节假日顺延", NOW, CALENDAR)
    stays = read_duty("每月25日前报", NOW, CALENDAR)
    assert earlier and later and stays
    from_january = datetime(2027, 2, 1, tzinfo=ZONE)
    found = [dates(rule, from_january, CALENDAR, 1)[0].day for rule in (earlier, later, stays)]
    assert found == [24, 26, 25]


def test_it_ends_where_it_says() -> None:
    rule = read_duty("每周五报进展，到12月31日为止", NOW, CALENDAR)
    assert rule is not None and rule.until == date(2026, 12, 31)
    assert [at.date() for at in dates(rule, NOW, CALENDAR, 12)] == [
        date(2026, 11, 20), date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 18), date(2026, 12, 25),
    ]  # fmt: skip


@pytest.mark.parametrize(("sentence", "zero"), [("每月25日前报，无则零报告", True), ("每月25日前报", False)])
def test_zero_reports_are_allowed_when_said(sentence: str, zero: bool) -> None:
    rule = read_duty(sentence, NOW, CALENDAR)
    assert rule is not None and rule.zero is zero


@given(st.text(alphabet="每月周五日天季度年底末前17时点上下午25号一二十到至遇节假提顺延，。 报", max_size=30))
def test_any_words_are_read_or_refused(text: str) -> None:
    rule = read_duty(text, NOW, CALENDAR)
    if rule is not None:
        assert all(at > NOW for at in dates(rule, NOW, CALENDAR, 3))
