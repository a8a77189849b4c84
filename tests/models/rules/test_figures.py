"""Figures in reports; the tables beside this file hold the texts."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.figures import Figure, correct, looks_like_figures, read_figures, supersedes, worth_asking


def table(name: str) -> list[list[str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as rows:
        return list(csv.reader(rows, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def figure(label: str, value: int, basis: str | None = None, measure: str = "份") -> Figure:
    return Figure(label, value, "exact", measure, basis, f"{label}{value}{measure}")


@pytest.mark.parametrize(("text", "label", "value", "vagueness", "measure"), table("figures.tsv"))
def test_one_figure_is_read_or_its_words_are_kept(
    text: str, label: str, value: str, vagueness: str, measure: str
) -> None:
    figures, unread = read_figures(text)
    if value == "unread":
        assert (figures, len(unread)) == ([], 1)
        return
    (only,) = figures
    assert unread == []
    assert (only.label, str(only.value), only.vagueness, only.measure) == (label, value, vagueness, measure)


@pytest.mark.parametrize(("report", "expected"), table("figures_in_reports.tsv"))
def test_a_report_gives_its_figures_in_order(report: str, expected: str) -> None:
    figures, unread = read_figures(report.replace("\\n", "\n"))
    told = [f"{f.label}|{f.value}|{f.vagueness}|{f.measure}|{f.basis or ''}" for f in figures]
    assert " ; ".join([*told, *(f"?{words}" for words in unread)]) == expected


def test_the_words_of_a_figure_are_those_of_its_clause() -> None:
    figures, _ = read_figures("寿县已发放、张贴宣传通告5000余份，推送短信50余万条")
    assert [each.words for each in figures] == ["寿县已发放、张贴宣传通告5000余份", "推送短信50余万条"]


def test_whole_values_are_integers_and_others_exact_decimals() -> None:
    figures, _ = read_figures("短信3.5万条，满意率98.5%")
    assert [type(each.value) for each in figures] == [int, Decimal]
    assert figures[1].value == Decimal("98.5")


@pytest.mark.parametrize(
    "text", ["宣传单5000份", "线索3条", "无新增", "零报告", "近2000人次", "短信50余万条", "上千份"]
)
def test_words_glued_to_bao_are_a_report(text: str) -> None:
    assert looks_like_figures(text)


@pytest.mark.parametrize(
    "text",
    [
        "名3人",
        "警电话110",
        "送方案",
        "多少份",
        "几份？",
        "告已交",
        "纸",
        "",
        "12月1日前",
        "线索多少条",
        "宣传单5000份吗",
    ],
)
def test_other_words_glued_to_bao_are_none(text: str) -> None:
    assert not looks_like_figures(text)


def test_only_a_cumulative_figure_of_the_same_label_supersedes() -> None:
    old = figure("线索", 147, "累计", "条")
    assert supersedes(old, figure("线索", 150, "累计", "条"))
    assert not supersedes(old, figure("线索", 3, "新增", "条"))
    assert not supersedes(old, figure("线索", 3, None, "条"))
    assert not supersedes(old, figure("横幅", 150, "累计", "条"))


@pytest.mark.parametrize(
    ("previous", "value", "basis", "reason"),
    [
        (None, 5, "累计", None),
        (147, 140, "累计", "fall"),
        (147, 147, "累计", None),
        (147, 440, "累计", None),
        (147, 441, "累计", "jump"),
        (0, 5, "累计", None),
        (147, 3, "新增", None),
        (147, 3, None, None),
    ],
)
def test_a_total_that_falls_or_jumps_threefold_is_asked_about(
    previous: int | None, value: int, basis: str | None, reason: str | None
) -> None:
    assert worth_asking(previous, figure("线索", value, basis)) == reason


FILED = [figure("宣传单", 5000), figure("短信", 300, measure="条")]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("宣传单 5200", [5200, 300]),
        ("改 宣传单 5200份", [5200, 300]),
        ("宣传单5200份 短信310条", [5200, 310]),
        ("310条", [5000, 310]),
        ("应为：短信 310", [5000, 310]),
        ("横幅 20", [5000, 300]),
        ("宣传单 5200条", [5000, 300]),
        ("宣传单 上千份", [5000, 300]),
        ("5200", [5000, 300]),
        ("你好", [5000, 300]),
        ("", [5000, 300]),
    ],
)
def test_a_correction_changes_the_figure_it_names_and_no_other(text: str, values: list[int]) -> None:
    assert [each.value for each in correct(FILED, text)] == values


def test_a_correction_keeps_label_measure_and_basis() -> None:
    (fixed,) = correct([figure("线索", 147, "累计", "条")], "148")
    assert (fixed.label, fixed.value, fixed.measure, fixed.basis) == ("线索", 148, "条", "累计")


LABELS = st.sampled_from(["宣传单", "短信", "横幅", "线索", "群众", "海报", "宣传手册"])
MEASURES = st.sampled_from(["份", "条", "人次", "张", "块", "场次"])


@given(LABELS, st.integers(0, 99_999_999), MEASURES, st.sampled_from(["", "余"]))
def test_a_plain_figure_is_read_back(label: str, value: int, measure: str, more: str) -> None:
    figures, unread = read_figures(f"{label}{value}{more}{measure}")
    assert unread == []
    assert [(f.label, f.value, f.measure) for f in figures] == [(label, value, measure)]


@given(
    st.lists(st.tuples(LABELS, st.integers(0, 99_999), MEASURES), max_size=6), st.sampled_from([" ", "，", "、", "；"])
)
def test_a_list_of_figures_is_read_back(items: list[tuple[str, int, str]], between: str) -> None:
    figures, _ = read_figures(between.join(f"{label}{value}{measure}" for label, value, measure in items))
    assert [(f.label, f.value, f.measure) for f in figures] == items


PIECES = st.sampled_from(
    re.findall(
        r"\S+",
        "宣传单 短信 5000 12 345 3.5 1,234 余 约 近 万 千 百 十 一 三 份 条 人 % 累计 新增 无 第 月 日 号 - 至 ， 。 ① ½ 《 》 ( )",
    )
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=14).map("".join))


@settings(max_examples=300)
@given(TEXTS)
def test_whatever_is_typed_it_answers(text: str) -> None:
    figures, unread = read_figures(text)
    assert all(each.value >= 0 and each.words for each in figures)
    assert all(unread)
    looks_like_figures(text)
    correct(figures, text)


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(["宣传单", "短信", "7", "30", "500", "余", "份", "条", "，", " ", "约", "-", "第", "月"]),
        max_size=12,
    )
)
def test_no_value_is_made_of_digits_that_were_not_written(pieces: list[str]) -> None:
    text = "".join(pieces)
    written = set(re.findall(r"[0-9]+", text))
    written |= {grouped.replace("，", "") for grouped in re.findall(r"(?=([0-9]{1,3}(?:，[0-9]{3})+))", text)}
    for each in read_figures(text)[0]:
        assert str(each.value) in {number.lstrip("0") or "0" for number in written}


def test_signs_that_fold_into_digits_never_join_a_number() -> None:
    assert [f.value for f in read_figures("①5000份②300条")[0]] == [5000, 300]
    assert [f.value for f in read_figures("宣传单5000²份")[0] if f.value != 5000] == []


def test_a_very_long_text_is_read_in_reasonable_time() -> None:
    for text in (
        "一" * 20_000,
        "1" * 20_000,
        "1," * 10_000,
        "5份" * 9_000,
        "第" * 20_000,
        "(1" * 9_000,
        "宣传" * 10_000,
        "〔" * 20_000,
    ):
        read_figures(text)
