"""Text as stored and text as read."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.plain import _levelled, clean, plain, without_mention

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("收到\x00", "收到"),
        ("a\ud800b", "ab"),
        ("一\r\n二\r三\t四", "一\n二\n三\t四"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("\u2066x\u2069\u200f", "x"),
        ("收　到  ！", "收　到  ！"),
        ("\x1b[31m红\x9b", "[31m红"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_only_what_cannot_be_stored_is_taken_out(text: str, stored: str) -> None:
    assert clean(text) == stored


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("　收　到　", "收 到"),
        ("收\u200b到\ufeff", "收到"),
        ("ＯＫ，１２号", "OK,12号"),
        ("謝家集區後面", "谢家集区后面"),
        ("活动(dòng)方案(àn)要具体", "活动方案要具体"),
        ("宣传(LED)屏(lv)", "宣传(LED)屏(lv)"),
        ("一\n二\t 三\u2005四", "一 二 三 四"),
        ("", ""),
    ],
)
def test_reading_sees_one_form(text: str, read: str) -> None:
    assert plain(text) == read


@given(ANY_TEXT)
def test_levelling_twice_changes_nothing_more(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert clean(clean(text)) == clean(text)


BURST = "收到已阅知悉好的了 0123456789"


@given(st.text(BURST, max_size=20))
def test_what_bursts_are_made_of_is_level_already(text: str) -> None:
    assert plain(text) == " ".join(_levelled(text).split())


def test_nor_do_two_or_three_of_it_together_make_another_word() -> None:
    for three in product(BURST, repeat=3):
        assert _levelled("".join(three)) == "".join(three)


@given(ANY_TEXT)
def test_what_is_stored_can_be_encoded(text: str) -> None:
    assert "\x00" not in clean(text).encode("utf-8").decode("utf-8")


@pytest.mark.parametrize(
    ("text", "addressed", "words"),
    [
        ("@收到助手 收到", True, "收到"),
        ("@收到助手收到", True, "收到"),
        ("＠收到助手　收到", True, "收到"),
        ("@收到助手\u2005收到", True, "收到"),
        ("@收到助手，收到", True, "收到"),
        ("@收到助手", True, ""),
        ("收到 @收到助手", True, "收到"),
        ("@张三 @收到助手 收到", True, "收到"),
        ("@李 主任\u2005收到", False, "收到"),
        ("@所有人：请报", False, "请报"),
        ("@所有人 请报", False, "请报"),
        ("@张三收到", False, "@张三收到"),
        ("收到", False, "收到"),
        ("@ 收到", False, "@ 收到"),
        ("12@qq.com 收到", False, "12@qq.com 收到"),
        ("", False, ""),
    ],
)
def test_a_mention_in_front_is_taken_off(text: str, addressed: bool, words: str) -> None:
    assert without_mention(text, "收到助手") == (addressed, words)


def test_without_a_name_of_its_own_the_bot_is_never_addressed() -> None:
    assert without_mention("@某 收到", "") == (False, "收到")


@given(ANY_TEXT)
def test_any_text_can_be_freed_of_mentions(text: str) -> None:
    assert len(without_mention("@收到助手 " + text, "收到助手")[1]) <= len(text)
