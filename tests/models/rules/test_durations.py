"""ISO 8601 durations for a clock that is moved on."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.durations import read_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT2H", timedelta(hours=2)),
        ("PT30M", timedelta(minutes=30)),
        ("PT1S", timedelta(seconds=1)),
        ("P1D", timedelta(days=1)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT2H30M", timedelta(days=1, hours=2, minutes=30)),
        ("P1DT30M", timedelta(days=1, minutes=30)),
        ("PT0S", timedelta(0)),
        ("PT48H", timedelta(hours=48)),
    ],
)
def test_spans_that_are_read(text: str, span: timedelta) -> None:
    assert read_duration(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "P1Y",
        "P1M",
        "1D",
        "PT1.5H",
        "-PT1H",
        "PT-1H",
        "pt1h",
        "PT1H ",
        "PT1M1H",
        "P1H",
        "PT1D",
        "PT99999999999S",
        "P999999D",
        "两小时",
        "PT２H0x",
        "PT1H\n",
    ],
)
def test_what_is_no_span_is_none(text: str) -> None:
    assert read_duration(text) is None


@given(st.text(alphabet="PTWDHMS0123456789", max_size=30))
def test_nothing_typed_breaks_it(text: str) -> None:
    found = read_duration(text)
    assert found is None or found >= timedelta(0)
