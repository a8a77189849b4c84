"""One suggestion for a mistyped command, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.near_miss import distance, nearest

WORDS = [
    "通知",
    "谁没收到",
    "谁没回",
    "进度",
    "催",
    "代",
    "撤销",
    "撤回",
    "办结",
    "报",
    "线索",
    "待办",
    "减负",
    "帮助",
    "零报告",
]


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("", "", 0),
        ("通知", "通知", 0),
        ("通只", "通知", 1),
        ("知通", "通知", 1),
        ("通", "通知", 1),
        ("谁没收到", "谁收到", 1),
        ("谁没到收", "谁没收到", 1),
        ("进度表", "进度", 1),
        ("线索", "待办", 2),
        ("甲乙丙丁", "", 3),
        ("ab", "ba", 1),
    ],
)
def test_edits_between_two_words(a: str, b: str, edits: int) -> None:
    assert distance(a, b) == edits
    assert distance(b, a) == edits


short = st.text(alphabet="甲乙丙丁", max_size=6)


@given(short, short, short)
def test_distance_behaves_like_one(a: str, b: str, c: str) -> None:
    assert distance(a, b, 6) == distance(b, a, 6)
    assert (distance(a, b, 6) == 0) == (a == b)
    assert min(distance(a, b, 2), 3) == min(distance(a, b, 6), 3)
    assert abs(len(a) - len(b)) <= distance(a, b, 6)


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("通只 各单位报送", "通知", "各单位报送"),
        ("知通 各单位报送", "通知", "各单位报送"),
        ("谁没收道", "谁没收到", ""),
        ("谁收到", "谁没收到", ""),
        ("进渡", "进度", ""),
        ("进度表 3", "进度", "3"),
        ("撤消 3", "撤销", "3"),
        ("办洁 3", "办结", "3"),
        ("帮住", "帮助", ""),
        ("帮助啊", "帮助", ""),
        ("线所 有人收停车费", "线索", "有人收停车费"),
    ],
)
def test_a_mistyped_command_is_suggested(text: str, word: str, rest: str) -> None:
    assert nearest(text, WORDS) == (word, rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "今天下雨",
        "市局正在研究",
        "我们单位已经安排下去了",
        "好的",
        "请问什么时候交",
        "推 3",
        "戴",
        "通信设备已检修完毕",
        "帮我看看这个表",
        "线上会议几点",
        "代表们都到了",
        "进来的人很多",
        "报纸",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert nearest(text, WORDS) == (None, "")
