"""Numerals: every accepted spelling has one value, everything doubtful has none."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.chinese_numbers import as_plain_number, read_digits, read_number, read_whole

READ = {
    "0": 0,
    "147": 147,
    "1,234": 1234,
    "1,234,567": 1234567,
    "3.5万": 35000,
    "3万": 30000,
    "50万": 500000,
    "3万5千": 35000,
    "3万5000": 35000,
    "1.2亿": 120_000_000,
    "1亿2000万": 120_000_000,
    "5千": 5000,
    "零": 0,
    "两": 2,
    "十": 10,
    "十五": 15,
    "二十三": 23,
    "廿五": 25,
    "卅": 30,
    "二百": 200,
    "两百五": 250,
    "一百零五": 105,
    "一百一十五": 115,
    "一千二": 1200,
    "一千零五十": 1050,
    "三千零二十": 3020,
    "一万五": 15000,
    "一万五千": 15000,
    "一万零五": 10005,
    "一万零五百": 10500,
    "两万三千五百": 23500,
    "三十万": 300_000,
    "一百二十万": 1_200_000,
    "五千万": 50_000_000,
    "一亿三千万": 130_000_000,
    "壹万伍仟": 15000,
}
DOUBTFUL = re.findall(
    r"\S+",
    "12,34 1,2000 3万5 2百3 三四百 五六十 一二三 十十 二十三十 万 千 百十五 5万亿 1.2.3 12a abc ３ 五千五百五百",
)


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_a_numeral_is_read_as_its_one_value(text: str, value: int) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize("text", [*DOUBTFUL, "", " ", "12 345", "1" * 40])
def test_a_numeral_with_two_readings_or_none_is_not_read(text: str) -> None:
    assert read_number(text) is None


def test_years_may_be_spelt_digit_by_digit() -> None:
    assert (read_digits("二〇二六"), read_digits("2026"), read_digits("二十"), read_digits("")) == (
        2026,
        2026,
        None,
        None,
    )


def test_fractions_are_no_whole_numbers() -> None:
    assert read_whole("1.5") is None
    assert read_whole("1.5千") == 1500


def test_whole_values_lose_their_exponent() -> None:
    assert repr(as_plain_number(Decimal("5E+3"))) == "5000"
    assert as_plain_number(Decimal("98.5")) == Decimal("98.5")


def _spell(value: int) -> str:
    """A number in standard Chinese, written independently of the reader."""
    digits, units = "零一二三四五六七八九", ["", "十", "百", "千"]

    def section(part: int) -> str:
        out, gap = "", False
        for place in (3, 2, 1, 0):
            digit = part // 10**place % 10
            if digit:
                out += ("零" if gap and out else "") + digits[digit] + units[place]
                gap = False
            else:
                gap = True
        return out

    high, low = divmod(value, 10_000)
    bridge = "零" if high and low and low < 1000 else ""
    return (section(high) + "万" if high else "") + bridge + section(low) if value else "零"


@given(st.integers(0, 99_999_999))
def test_standard_spelling_is_read_back(value: int) -> None:
    assert read_number(_spell(value)) == value


@given(st.integers(0, 10**12))
def test_digits_with_and_without_commas_are_read_back(value: int) -> None:
    assert read_number(str(value)) == value == read_number(f"{value:,}")


@given(st.text(alphabet="0123456789.,零一二两三十百千万亿余", max_size=12))
def test_nothing_makes_it_fail(text: str) -> None:
    value = read_number(text)
    assert value is None or value >= 0
