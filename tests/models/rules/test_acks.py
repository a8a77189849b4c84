"""收到, read strictly: the phrase table, and what no text at all may do."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.acks import Ack, Verdict, read_ack

HERE = Path(__file__).parent


def _rows() -> list[tuple[str, str]]:
    lines = (HERE / "acks.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")[1:]
    return [(text, verdict) for text, _, verdict in (line.rpartition("\t") for line in lines)]


def _names() -> frozenset[str]:
    with (HERE / "roster-sample.csv").open(encoding="utf-8-sig", newline="") as file:
        return frozenset(n for row in csv.DictReader(file) for n in (row["单位"], row["全称"], *row["简称"].split()))


ROWS, NAMES = _rows(), _names()
YES = [text for text, verdict in ROWS if verdict == "yes"]


@pytest.mark.parametrize(("text", "verdict"), ROWS)
def test_a_phrase_of_the_table_is_read_as_the_table_says(text: str, verdict: str) -> None:
    assert read_ack(text, names=NAMES).verdict == verdict


@pytest.mark.parametrize("text", YES)
def test_a_yes_stays_a_yes_with_a_mention_width_script_and_a_face(text: str) -> None:
    for dressed in (f"@收到助手 {text}", f"@收到助手\u2005{text}", f"  {text} \n", f"{text}👌", f"\u200b{text}\ufe0f"):
        assert read_ack(dressed, names=NAMES).verdict is Verdict.YES


@pytest.mark.parametrize("text", YES)
def test_asking_denying_or_reporting_never_acks(text: str) -> None:
    for spoilt in ("{}？", "{}吗", "{}没有", "没{}", "谁{}", "请{}", "{}请回复", "他说{}", "{}不算", "是否{}"):
        assert read_ack(spoilt.format(text), names=NAMES).verdict is not Verdict.YES, spoilt


@pytest.mark.parametrize(
    ("text", "number", "named"),
    [
        ("收到", None, ""),
        ("收 12", 12, ""),
        ("收12", 12, ""),
        ("收到12", 12, ""),
        ("12收到", 12, ""),
        ("１２号收到", 12, ""),
        ("收到12号", 12, ""),
        ("收到〔12号〕", 12, ""),
        ("〔12号〕 收到", 12, ""),
        ("收到第12号通知，马上落实", 12, ""),
        ("第十二号通知收到", 12, ""),
        ("收 第 12 号", 12, ""),
        ("收到 No.7", 7, ""),
        ("收到，25日前上报", None, ""),
        ("市水利局收到", None, "市水利局"),
        ("水利局收到12号", 12, "水利局"),
        ("收到。市财政局", None, "市财政局"),
        ("大通区已收到，马上落实", None, "大通区"),
        ("市卫健委收到", None, "卫健委"),
        ("毛集实验区扫黑办 收到 3", 3, "毛集实验区扫黑办"),
        ("收到，水利局张伟", None, "水利局"),
    ],
)
def test_the_number_and_the_unit_are_read_with_the_ack(text: str, number: int | None, named: str) -> None:
    assert read_ack(text, names=NAMES) == Ack(Verdict.YES, number, named)


@pytest.mark.parametrize("text", ["1", " 1 ", "１", "1。", "@收到助手 1", "①"])
def test_a_one_acks_only_where_the_notice_asked_for_it(text: str) -> None:
    assert read_ack(text).verdict is Verdict.NO
    assert read_ack(text, one_counts=True).verdict is Verdict.YES


@pytest.mark.parametrize("text", ["2", "11", "1个", "1？", "没1", "1月"])
def test_no_other_number_acks_where_a_one_does(text: str) -> None:
    assert read_ack(text, one_counts=True).verdict is Verdict.NO


@pytest.mark.parametrize(
    "text",
    [
        "「市水利局：收到」\n- - - - - - - - - - - - - - -\n好的",
        "「市水利局：收到」- - - - - -好的",
        "“张三：收到”\n------\n@收到助手 几点开会",
        "这是一条引用/回复消息：\n“张三：\n收到”\n------\n好的",
        "> 收到\n好的",
        "> 收到",
        "转发：收到",
    ],
)
def test_a_quoted_part_never_counts(text: str) -> None:
    assert read_ack(text, names=NAMES).verdict is not Verdict.YES


def test_words_below_a_quoted_part_count() -> None:
    assert read_ack("「办公室：请报方案」\n- - - - - -\n收到").verdict is Verdict.YES


@pytest.mark.parametrize("text", ["市水利局收到", "气象局收到", "欧阳锋收到"])
def test_a_name_that_nobody_knows_is_asked_about(text: str) -> None:
    assert read_ack(text).verdict is Verdict.DOUBT


def test_a_level_that_the_roster_does_not_have_is_no_way_to_a_unit() -> None:
    assert read_ack("县水利局收到", names=NAMES).verdict is Verdict.DOUBT


_WORDS = st.lists(
    st.sampled_from(
        [
            "收到",
            "没",
            "吗",
            "请",
            "回复",
            "，",
            " ",
            "12",
            "号",
            "市水利局",
            "已",
            "马上",
            "落实",
            "了",
            "不",
            "谁",
            "张伟",
            "的",
            "？",
            "\n",
            "@",
            "1",
        ]
    ),
    max_size=12,
).map("".join)


@given(_WORDS)
def test_no_heap_of_words_with_an_asking_or_denying_one_in_it_acks(text: str) -> None:
    if any(word in text.replace("@", " @") for word in ("没", "吗", "？", "不", "谁", "请")) and "@" not in text:
        assert read_ack(text, names=NAMES).verdict is not Verdict.YES


@given(st.text(max_size=200))
def test_any_text_gets_an_answer_and_none_without_the_word_is_a_yes(text: str) -> None:
    assert read_ack(text, names=NAMES).verdict in Verdict


@pytest.mark.parametrize(
    "text",
    [
        "收" * 100_000,
        "收到" * 60,
        "收到，" * 50,
        "(" * 5000 + "收到",
        "好" * 160,
        "「" * 5000,
        "@" * 20_000,
        "\n" * 20_000 + "收到",
    ],
)
def test_a_long_text_is_read_without_trouble(text: str) -> None:
    read_ack(text, names=NAMES)
