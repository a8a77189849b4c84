from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.lead_words import lead_like, only_figures
from models.rules.plain import plain

TABLE = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("leads.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("kind", "text"), TABLE)
def test_what_people_type_in_a_room_is_told_apart(kind: str, text: str) -> None:
    assert lead_like(plain(text)) is (kind == "lead")


def test_the_table_has_more_than_two_hundred_phrases_of_both_kinds() -> None:
    kinds = [kind for kind, _ in TABLE]
    assert kinds.count("lead") >= 100
    assert kinds.count("work") >= 100


@pytest.mark.parametrize("text", [text for kind, text in TABLE if kind == "lead"][:60])
def test_a_greeting_in_front_or_full_width_hides_nothing(text: str) -> None:
    wide = text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789,.:;!?ABCDEFGHIJKLMNOPQRSTUVWXYZ"})
    assert lead_like(plain(wide))


@pytest.mark.parametrize("rest", ["147条", " 147条", "数3条", "零条", "三十余条", "12"])
def test_a_count_behind_the_word_is_a_figure(rest: str) -> None:
    assert only_figures(rest)


@pytest.mark.parametrize("rest", ["", "张三收保护费", "3号楼有人聚赌", "147条都移交了"])
def test_anything_else_behind_the_word_is_none(rest: str) -> None:
    assert not only_figures(rest)


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    assert lead_like(plain(text)) in (True, False)


@pytest.mark.parametrize(
    "text", ["张三" * 10_000, "以" * 20_000 + "涉黑", "打" + "村" * 19_999, "1" * 20_000, "李,男" * 6_000]
)
@pytest.mark.timeout(10)
def test_a_long_text_is_read_in_time(text: str) -> None:
    lead_like(text)
