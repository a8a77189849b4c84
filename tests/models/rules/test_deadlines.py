"""Deadlines as Chinese office people type them; the tables beside this file hold the phrases."""

import csv
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.holidays import named, statutory
from models.rules.deadlines import Due, DueState, find_due, read_due, say_due
from models.rules.workdays import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 18, 15, tzinfo=ZONE)
CALENDAR = WorkCalendar(ZONE, ((time(8), time(12)), (time(14, 30), time(18))), statutory(2026) or {}, frozenset({2026}))
HOLIDAYS = named(2026)


def table(name: str) -> list[list[str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as rows:
        return list(csv.reader(rows, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def said(due: Due) -> str:
    if due.state is not DueState.FOUND:
        return due.state.value
    assert due.at
    return f"{due.at.astimezone(ZONE):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(("phrase", "expected"), table("deadlines.tsv"))
def test_a_phrase_is_read_or_asked_about(phrase: str, expected: str) -> None:
    assert said(read_due(phrase, NOW, CALENDAR, HOLIDAYS)) == expected


@pytest.mark.parametrize(("notice", "expected", "phrase"), table("deadlines_in_notices.tsv"))
def test_a_deadline_is_found_in_a_notice_and_nothing_else_is_taken_for_one(
    notice: str, expected: str, phrase: str
) -> None:
    due = find_due(notice, NOW, CALENDAR, HOLIDAYS)
    assert (said(due), due.phrase) == (expected, phrase)


@pytest.mark.parametrize(
    ("now", "phrase", "expected"),
    [
        ("2026-11-21T10:00", "周五", "2026-11-27T18:00"),
        ("2026-11-21T10:00", "本周五", "past"),
        ("2026-11-22T10:00", "下周一", "2026-11-23T18:00"),
        ("2026-11-21T10:00", "本周内", "past"),
        ("2026-09-16T09:00", "本周内", "2026-09-20T18:00"),
        ("2026-11-20T19:00", "周五", "2026-11-27T18:00"),
        ("2026-11-18T19:00", "今天下班前", "past"),
        ("2026-11-28T09:00", "5日前", "2026-12-05T18:00"),
        ("2026-11-26T09:00", "25日前", "past"),
        ("2026-12-26T09:00", "31日前", "2026-12-31T18:00"),
        ("2026-12-20T09:00", "12月1日", "past"),
        ("2026-12-20T09:00", "1月5日前", "2027-01-05T18:00"),
        ("2026-12-20T09:00", "1月底前", "2027-01-31T18:00"),
        ("2026-12-31T19:00", "月底前", "past"),
        ("2026-12-20T09:00", "下月5日前", "2027-01-05T18:00"),
        ("2026-09-18T09:00", "国庆节前", "2026-09-30T18:00"),
        ("2026-09-30T09:00", "节后第一个工作日", "2026-10-08T18:00"),
        ("2026-10-03T09:00", "节后第一个工作日", "2026-10-08T18:00"),
        ("2026-01-20T09:00", "春节前", "2026-02-14T18:00"),
        ("2026-02-01T09:00", "节后首个工作日上午10点", "2026-02-24T10:00"),
        ("2026-02-10T09:00", "春节后3个工作日内", "2026-02-26T18:00"),
        ("2026-09-01T09:00", "中秋节前", "2026-09-24T18:00"),
        ("2026-09-29T09:00", "3个工作日内", "2026-10-09T18:00"),
        ("2027-01-05T09:00", "春节前", "unread"),
        ("2027-09-01T09:00", "国庆前", "2027-09-30T18:00"),
        ("2027-09-01T09:00", "国庆节后第一个工作日", "unread"),
        ("2026-11-18T04:00", "5点前", "2026-11-18T17:00"),
        ("2026-11-18T07:00", "9点前", "2026-11-18T09:00"),
        ("2026-11-18T17:30", "今天5点前", "past"),
        ("2026-11-18T09:00", "今天12点前", "2026-11-18T12:00"),
        ("2026-01-31T09:00", "一个月内", "2026-02-28T18:00"),
        ("2026-11-18T09:00", "2028年2月29日前", "2028-02-29T18:00"),
        ("2026-11-18T09:00", "2027年2月29日前", "unread"),
        ("2026-12-31T23:45", "半小时内", "2027-01-01T00:15"),
        ("2026-11-18T21:00", "零点前", "2026-11-19T00:00"),
    ],
)
def test_what_a_phrase_means_depends_on_when_it_is_said(now: str, phrase: str, expected: str) -> None:
    assert said(read_due(phrase, datetime.fromisoformat(now).replace(tzinfo=ZONE), CALENDAR, HOLIDAYS)) == expected


def test_past_keeps_the_instant_that_is_over() -> None:
    due = read_due("11月10日前", NOW, CALENDAR, HOLIDAYS)
    assert due.at == datetime(2026, 11, 10, 18, tzinfo=ZONE)


def test_an_empty_phrase_is_none() -> None:
    assert read_due(" \u200b", NOW, CALENDAR).state is DueState.NONE


def test_the_place_of_the_phrase_is_that_of_the_text_as_typed() -> None:
    text = "请　于１２月１日（周二）\u200b前　報送"
    due = find_due(text, NOW, CALENDAR, HOLIDAYS)
    assert due.phrase == "12月1日(周二)前"
    assert text[due.start : due.end] == "１２月１日（周二）\u200b前"


def test_a_trailing_phrase_can_be_cut_off_a_notice() -> None:
    text = "制定方案，收到请回复。 明天下班前"
    due = find_due(text, NOW, CALENDAR, HOLIDAYS)
    assert (text[: due.start].rstrip(), due.end) == ("制定方案，收到请回复。", len(text))


def test_two_different_deadlines_have_no_one_place() -> None:
    due = find_due("周五前报方案，下周一前报总结", NOW, CALENDAR, HOLIDAYS)
    assert (due.state, due.start, due.phrase) == (DueState.UNREAD, -1, "周五前、下周一前")


def test_the_office_day_decides_where_a_day_ends() -> None:
    short = WorkCalendar(ZONE, ((time(9), time(11, 30)), (time(13), time(17, 30))), {}, frozenset())
    assert said(read_due("周五", NOW, short)) == "2026-11-20T17:30"
    assert said(read_due("周五上午下班前", NOW, short)) == "2026-11-20T11:30"


def test_the_offices_own_days_move_a_deadline() -> None:
    own = WorkCalendar(ZONE, CALENDAR.hours, {date(2026, 11, 19): False, date(2026, 11, 21): True}, frozenset())
    assert said(read_due("3个工作日内", NOW, own)) == "2026-11-23T18:00"
    assert said(read_due("本周内", NOW, own)) == "2026-11-21T18:00"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 19, 18, tzinfo=ZONE), "11月19日（周四）18:00"),
        (datetime(2027, 1, 1, 9, 30, tzinfo=ZONE), "2027年1月1日（周五）09:30"),
        (datetime(2026, 11, 19, tzinfo=ZONE), "11月18日（周三）24:00"),
        (datetime(2026, 11, 19, 10, tzinfo=UTC), "11月19日（周四）18:00"),
    ],
)
def test_the_echo_is_absolute(at: datetime, words: str) -> None:
    assert say_due(at, NOW, ZONE) == words


def test_the_echo_is_read_back_as_the_same_instant() -> None:
    for hours in range(1, 2000, 7):
        at = (NOW + timedelta(hours=hours)).replace(minute=0)
        assert read_due(say_due(at, NOW, ZONE), NOW, CALENDAR, HOLIDAYS).at == at


PIECES = st.sampled_from(
    re.findall(
        r"\S+",
        "今天 明天 后天 周五 下周一 本周 12月1日 11月31日 25日 十五号 月底 年底 上午 下午 晚上 8点 17:00 25点 半 两 小时 内 前"
        " 之前 以前 下班 国庆节 节后 第一个工作日 3个工作日 请 务必 报送 ， 。 （周三） 每月 的 至 - 9999年 0 零 一 十 百 亿 ① ½",
    )
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=12).map("".join))
MOMENTS = st.integers(0, 1_000_000).map(lambda minutes: datetime(2025, 1, 1, tzinfo=ZONE) + timedelta(minutes=minutes))


@settings(max_examples=300)
@given(TEXTS, MOMENTS)
def test_whatever_is_typed_it_answers_and_what_it_finds_lies_ahead(text: str, now: datetime) -> None:
    for due in (find_due(text, now, CALENDAR, HOLIDAYS), read_due(text, now, CALENDAR, HOLIDAYS)):
        assert (due.at is not None) == (due.state in (DueState.FOUND, DueState.PAST))
        if due.at is not None:
            assert due.at.tzinfo is not None
            assert (due.at > now) == (due.state is DueState.FOUND)
        assert -1 <= due.start <= due.end <= len(text)


def test_a_very_long_text_is_read_in_reasonable_time() -> None:
    for text in (
        "一" * 20_000,
        "1" * 20_000,
        "请于" * 10_000,
        "12月1日" * 4_000,
        "3个" * 9_000,
        " " * 20_000,
        "前，" * 9_999,
    ):
        find_due(text, NOW, CALENDAR, HOLIDAYS)
