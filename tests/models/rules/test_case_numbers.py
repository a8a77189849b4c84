"""Case numbers, read back from quotes and from what people type first."""

import pytest

from models.rules.case_numbers import leading_number, read_case


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("〔12号〕各部门要制定方案", 12),
        ("【通知】〔3号〕请回复〔3号〕", 3),
        ("〔3号〕和〔4号〕还没签收", None),
        ("12号", None),
        ("〔号〕", None),
        ("〔1234567号〕", None),
        ("", None),
    ],
)
def test_a_quote_names_one_case_or_none(text: str, number: int | None) -> None:
    assert read_case(text) == number


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("12", 12, ""),
        ("12 措施不具体", 12, "措施不具体"),
        ("12号 措施不具体", 12, "措施不具体"),
        ("第12号，措施不具体", 12, "措施不具体"),
        ("第12条通知 已落实", 12, "已落实"),
        ("第12项", 12, ""),
        ("〔12号〕，已落实", 12, "已落实"),
        ("〔12〕已落实", 12, "已落实"),
        ("(12) 已落实", 12, "已落实"),
        ("（12号）：已落实", 12, "已落实"),
        ("12：已落实", 12, "已落实"),
        ("12. 已落实", 12, ". 已落实"),
        ("3/5家完成", None, "3/5家完成"),
        ("12,已落实", 12, "已落实"),
        ("12、已落实", 12, "已落实"),
        ("12月1日", None, "12月1日"),
        ("12日前", None, "12日前"),
        ("12点", None, "12点"),
        ("12:30", None, "12:30"),
        ("12.5万", None, "12.5万"),
        ("12%", None, "12%"),
        ("12％", None, "12％"),
        ("12万元", None, "12万元"),
        ("12,000份", None, "12,000份"),
        ("120份宣传单", None, "120份宣传单"),
        ("3人", None, "3人"),
        ("5000余份", None, "5000余份"),
        ("1234567", None, "1234567"),
        ("市水利局 12", None, "市水利局 12"),
        ("", None, ""),
    ],
)
def test_a_number_typed_first(text: str, number: int | None, rest: str) -> None:
    assert leading_number(text) == (number, rest)
