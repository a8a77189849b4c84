"""Duties as sentences: how often, when, what happens on days off, until when."""

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.holidays import statutory
from models.rules.duties import DutyRule, dates, ending
from models.rules.duty_words import Unread, read_duty
from models.rules.workdays import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 15, tzinfo=ZONE)
HOURS = ((time(8), time(12)), (time(14, 30), time(18)))
CALENDAR = WorkCalendar(
    zone=ZONE, hours=HOURS, days={**(statutory(2026) or {}), date(2027, 2, 25): False}, covered=frozenset({2026})
)


ROWS = [line.split("\t") for line in (Path(__file__).parent / "duties.tsv").read_text("utf-8").splitlines()[1:]]
REFUSED = {why.value for why in Unread}


def _rule(sentence: str) -> DutyRule:
    rule = read_duty(sentence, NOW, CALENDAR)
    assert isinstance(rule, DutyRule), rule
    return rule


def _said(at: datetime) -> str:
    return f"{at:%m-%d %H:%M}" if at - NOW < timedelta(days=366) else f"{at:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(("sentence", "expected"), ROWS, ids=[f"line {n}" for n in range(2, len(ROWS) + 2)])
def test_a_sentence_gives_its_dates_or_what_is_wrong_with_it(sentence: str, expected: str) -> None:
    rule = read_duty(sentence, NOW, CALENDAR)
    if isinstance(rule, Unread) or expected in REFUSED:
        assert rule == expected
        return
    ends = expected.endswith(" -")
    times = re.findall(r"[\d-]+ \d\d:\d\d", expected)
    found = [_said(at) for at in dates(rule, NOW, CALENDAR, len(times) + 1)]
    assert found[: len(times)] == times
    assert len(found) == len(times) or not ends


def test_every_reason_to_refuse_is_in_the_table() -> None:
    assert {expected for _, expected in ROWS} >= REFUSED


def test_days_off_move_the_date_the_way_the_sentence_says() -> None:
    earlier, later, stays = (_rule(f"每月25日前报{said}") for said in ("，遇节假日提前", "，遇节假日顺延", ""))
    from_january = datetime(2027, 2, 1, tzinfo=ZONE)
    found = [dates(rule, from_january, CALENDAR, 1)[0].day for rule in (earlier, later, stays)]
    assert found == [24, 26, 25]


def test_it_ends_where_it_says() -> None:
    rule = _rule("每周五报进展，到12月31日为止")
    assert rule.until == date(2026, 12, 31)
    assert [at.date() for at in dates(rule, NOW, CALENDAR, 12)] == [
        date(2026, 11, 20), date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 18), date(2026, 12, 25),
    ]  # fmt: skip


def test_so_many_times_end_with_the_last_of_them() -> None:
    rule = _rule("每周五报进展，共报3次")
    assert ending(rule, NOW, CALENDAR) == date(2026, 12, 4)
    assert ending(_rule("每周五报进展"), NOW, CALENDAR) is None


@pytest.mark.parametrize(
    ("said", "zero"),
    [("，无则零报告", True), ("，实行零报告制度", True), ("；没有新增的也要报零", True), ("，没有情况报“零”", True),
     ("，无则报0", True), ("", False), ("，不实行零报告", False), ("，无需零报告", False), ("，没有的不用报", False),
     ("，没有则不报", False)],
)  # fmt: skip
def test_zero_reports_are_allowed_when_said(said: str, zero: bool) -> None:
    assert _rule("每月25日前报" + said).zero is zero


PIECES = ["每月", "每周", "每季度", "每年", "每半年", "每天", "25日", "五", "末", "前", "17时", "下午", "最后一个工作日",
          "第一个", "周五", "12月", "和", "、", "到", "至", "起", "自", "遇节假日", "提前", "顺延", "零报告", "，", "。", "报", "月",
          "两", "次", "2027年", "为止", "31日", "后", "内", " ", "0", "首月"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30))
def test_any_words_are_read_or_refused(text: str) -> None:
    rule = read_duty(text, NOW, CALENDAR)
    if isinstance(rule, DutyRule):
        found = dates(rule, NOW, CALENDAR, 3)
        assert found == sorted(set(found)) and all(at > NOW for at in found)


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_no_period_is_ever_made_up(text: str) -> None:
    """What names neither 每, 逢, 按 nor 逐 is no duty, however many days stand in it."""
    bare = re.sub("[每逢按逐天]", "", text)
    assert isinstance(read_duty(bare, NOW, CALENDAR), Unread)
