from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lead_codes import fits, hashed, read_code, weak
from models.rules.lead_retention import Age, Keep, Periods, expired, upcoming
from models.rules.lead_stages import FOLLOWS, Outcome, Stage, move, read_lead_number, read_outcome, read_receiver
from models.rules.lead_totals import FEWEST, shown

NOW = datetime(2026, 11, 18, 7, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("now", list(Stage))
@pytest.mark.parametrize("to", list(Stage))
def test_only_the_next_step_may_follow(now: Stage, to: Stage) -> None:
    allowed = now in FOLLOWS.get(to, ())
    assert (move(now, to, "查实 ", "查实").why_not != "order") is allowed


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("查实", Outcome.TRUE),
        ("属实", Outcome.TRUE),
        ("查否", Outcome.FALSE),
        ("不属实", Outcome.FALSE),
        ("结果：立案", Outcome.FILED),
        ("已查处", Outcome.PUNISHED),
        ("研判不属于", Outcome.NOT_OURS),
        ("不属于", Outcome.NOT_OURS),
        ("查实 查否", None),
        ("", None),
        ("还在查", None),
    ],
)
def test_an_outcome_is_read_or_asked_for(words: str, outcome: Outcome | None) -> None:
    assert read_outcome(words) is outcome


@pytest.mark.parametrize(
    ("words", "kind"),
    [("公安", "公安"), ("市公安局", "公安"), ("纪委监委", "纪检"), ("纪检", "纪检"), ("公安和纪委", None), ("", None)],
)
def test_a_receiver_is_the_police_or_discipline(words: str, kind: str | None) -> None:
    found = read_receiver(words)
    assert (found[0] if found else None) == kind


@pytest.mark.parametrize(
    ("words", "number", "rest"),
    [
        ("-0012 查实", 12, "查实"),
        ("0012", 12, ""),
        ("L-0012：他姓马", 12, "他姓马"),
        ("l-7", 7, ""),
        ("—12，又来了", 12, "又来了"),
        ("-0000", None, "-0000"),
        ("-12345678", None, "-12345678"),
        ("张三", None, "张三"),
    ],
)
def test_a_number_is_read_as_people_type_it(words: str, number: int | None, rest: str) -> None:
    assert read_lead_number(words) == (number, rest)


@given(st.dictionaries(st.sampled_from([str(s) for s in Stage]), st.integers(0, 20), max_size=7), st.integers(0, 100))
def test_no_small_number_is_shown_or_can_be_worked_out(stages: dict[str, int], part: int) -> None:
    total = sum(stages.values())
    month = min(part, total)
    whole, this_month, cells = shown(total, month, stages)
    assert all(count is None or count == 0 or count >= FEWEST for count in (whole, this_month, *cells.values()))
    hidden = [stage for stage, count in cells.items() if count is None]
    if whole is not None and len(hidden) == 1:
        assert stages[hidden[0]] >= FEWEST or not [c for c in stages.values() if c >= FEWEST]
    if whole is not None and this_month is not None:
        assert whole - this_month == 0 or whole - this_month >= FEWEST


@pytest.mark.parametrize(
    ("stage", "age", "closed", "gone"),
    [
        (Stage.ASKED, 2.9, None, (False, False, False)),
        (Stage.ASKED, 3, None, (True, False, False)),
        (Stage.REGISTERED, 5000, None, (False, False, False)),
        (Stage.CLOSED, 100, 89.9, (False, False, False)),
        (Stage.CLOSED, 100, 90, (False, True, False)),
        (Stage.CLOSED, 1000, 729.9, (False, True, False)),
        (Stage.CLOSED, 1000, 730, (False, True, True)),
        (Stage.JOINED, 1000, 730, (False, True, True)),
    ],
)
def test_each_kind_is_kept_until_its_day_and_not_a_day_longer(
    stage: Stage, age: float, closed: float | None, gone: tuple[bool, bool, bool]
) -> None:
    lead = Age(stage, NOW - age * DAY, closed=NOW - closed * DAY if closed is not None else None)
    found = expired(lead, NOW)
    assert (found.whole, found.identity, found.record) == gone
    at = upcoming(lead)
    assert (at is not None and at <= NOW) == any(gone)


KEEP = Keep(2 * DAY, founded=Periods(10 * DAY, 20 * DAY), unfounded=Periods(1 * DAY, 5 * DAY))


@pytest.mark.parametrize(
    ("outcome", "identity", "record"),
    [("查实", 10, 20), ("立案", 10, 20), ("查处", 10, 20), ("", 10, 20), ("查否", 1, 5), ("研判不属于", 1, 5)],
)
def test_the_kinds_have_periods_of_their_own_and_each_ends_on_its_day(outcome: str, identity: int, record: int) -> None:
    for days, gone in (
        (identity - 0.1, (False, False)),
        (identity, (True, False)),
        (record - 0.1, (True, False)),
        (record, (True, True)),
    ):
        lead = Age(Stage.CLOSED, NOW - 100 * DAY, outcome, closed=NOW - days * DAY)
        found = expired(lead, NOW, KEEP)
        assert (found.identity, found.record) == gone
    lead = Age(Stage.CLOSED, NOW, outcome, closed=NOW)
    assert upcoming(lead, KEEP) == NOW + identity * DAY
    assert upcoming(replace(lead, known=False), KEEP) == NOW + record * DAY
    assert upcoming(replace(lead, known=False, erased=True), KEEP) is None
    assert upcoming(Age(Stage.ASKED, NOW), KEEP) == NOW + 2 * DAY
    assert upcoming(Age(Stage.CHECKING, NOW - 5000 * DAY), KEEP) is None


def test_the_identity_must_go_before_the_record() -> None:
    with pytest.raises(ValueError):
        Periods(identity=2 * DAY, record=DAY)


@pytest.mark.parametrize(
    ("words", "code", "left"),
    [
        ("暗号 蓝色风筝88 有人聚赌", "蓝色风筝88", "有人聚赌"),
        ("有人聚赌，暗号：abc123", "abc123", "有人聚赌"),
        ("口令是a1b2c3，有人聚赌", "a1b2c3", "有人聚赌"),
        ("有人聚赌", None, "有人聚赌"),
    ],
)
def test_a_code_is_read_and_taken_out_of_the_words(words: str, code: str | None, left: str) -> None:
    assert read_code(words) == (code, left)


def test_a_code_is_kept_as_a_salted_slow_hash() -> None:
    one, two = hashed("蓝色风筝88"), hashed("蓝色风筝88")
    assert one != two and "风筝" not in one
    assert fits("蓝色风筝88", one) and fits("蓝色风筝88", two) and not fits("蓝色风筝8", one) and not fits("x", "")


@pytest.mark.parametrize(("code", "is_weak"), [("12345", True), ("111111", True), ("ababab", True), ("a1b2c3", False)])
def test_a_weak_code_is_known(code: str, is_weak: bool) -> None:
    assert weak(code) is is_weak
