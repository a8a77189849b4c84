"""Leave spans, periods, totals, relays and the elements of a first report."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from models.rules.incident_words import lacking
from models.rules.periods import read_period
from models.rules.relay import read_relay
from models.rules.spans import read_span
from models.rules.totals import Part, add_up
from models.rules.workdays import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 15, tzinfo=ZONE)
HOURS = ((time(8), time(12)), (time(14, 30), time(18)))
CALENDAR = WorkCalendar(zone=ZONE, hours=HOURS, days={}, covered=frozenset({2026}))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("12月1日-5日", "2026-12-01", "2026-12-05"),
        ("12月1日至12月5日", "2026-12-01", "2026-12-05"),
        ("12月1日到5号", "2026-12-01", "2026-12-05"),
        ("12月28日-1月3日", "2026-12-28", "2027-01-03"),
        ("今天", "2026-11-18", "2026-11-18"),
        ("明天", "2026-11-19", "2026-11-19"),
        ("明天到周五", "2026-11-19", "2026-11-20"),
        ("今天—周五", "2026-11-18", "2026-11-20"),
    ],
)
def test_a_span_of_leave(text: str, first: str, last: str) -> None:
    assert read_span(text, NOW, CALENDAR) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("text", ["", "有事", "12月5日-1日", "11月1日-5日", "12月32日", "昨天"])
def test_a_span_that_is_not_clear_is_asked_for(text: str) -> None:
    assert read_span(text, NOW, CALENDAR) is None


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("这个月报了多少", "2026-11-01", "2026-12-01"),
        ("本周报了多少", "2026-11-16", "2026-11-23"),
        ("上周", "2026-11-09", "2026-11-16"),
        ("上个月报了多少", "2026-10-01", "2026-11-01"),
        ("今年报了多少", "2026-01-01", "2027-01-01"),
        ("今天报了多少", "2026-11-18", "2026-11-19"),
    ],
)
def test_a_period(text: str, first: str, after: str) -> None:
    found = read_period(text, NOW.date())
    assert found is not None
    assert found[1:] == (date.fromisoformat(first), date.fromisoformat(after))


def test_no_period_named_is_none() -> None:
    assert read_period("报了多少", NOW.date()) is None


def test_a_cumulative_figure_replaces_and_a_new_one_adds_per_unit() -> None:
    parts = [
        Part(1, "宣传单", 100, "exact", "份", None),
        Part(1, "宣传单", 50, "exact", "份", "新增"),
        Part(2, "宣传单", 10, "exact", "份", None),
        Part(2, "宣传单", 300, "余", "份", "累计"),
        Part(2, "短信", 5, "约", "条", None),
    ]
    leaflets, messages = add_up(parts)
    assert (leaflets.value, leaflets.units, leaflets.vague, leaflets.prefix) == (450, 2, True, "至少")
    assert (messages.value, messages.prefix) == (5, "约")


def test_a_cumulative_figure_replaces_what_it_speaks_for_and_no_more() -> None:
    """Unit 2 becomes part of 1 after both have reported."""
    before = [
        Part(1, "宣传单", 100, "exact", "份", "累计", today=1),
        Part(2, "宣传单", 50, "约", "份", "累计", today=1),
    ]
    again = Part(1, "宣传单", 110, "exact", "份", "累计", frozenset({1}), today=1)
    after = Part(1, "宣传单", 170, "exact", "份", "累计", frozenset({1, 2}), today=1)
    assert [(t.value, t.units, t.prefix) for t in add_up([*before, again])] == [(160, 1, "约")]
    assert [(t.value, t.units, t.prefix) for t in add_up([*before, after])] == [(170, 1, "")]


def test_an_exact_total_says_nothing_of_vagueness() -> None:
    [total] = add_up([Part(1, "横幅", 3, "exact", "条", None)])
    assert (total.prefix, total.vague) == ("", False)


def test_a_relay_gives_each_line_without_its_answer() -> None:
    text = "#接龙\n收到请接龙\n1. 市水利局 收到\n2、寿县收到！\n3.市公安局张三\n随便说一句\n4） 大通区 已收到。"
    assert read_relay(text) == ["市水利局", "寿县", "市公安局张三", "大通区"]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("化工园区着火", ["时间", "伤亡", "处置"]),
        ("今天15时人民路某小区发生火灾，2人受伤，119已到场", []),
        ("出事了", ["时间", "地点", "伤亡", "处置"]),
        ("今早8点，312国道两车相撞，无人员伤亡，正在处置", []),
    ],
)
def test_a_first_report_is_asked_only_for_what_is_missing(text: str, missing: list[str]) -> None:
    assert lacking(text) == missing
