"""What is drawn of a message: the bot's lines, counts and tables, and which mentions are lit."""

from datetime import UTC, datetime

import pytest

from bot.channels.simulator import BOT, Message
from bot.channels.simulator_view import Block, Face, Shown, lit

AT = datetime(2026, 11, 18, 8, tzinfo=UTC)


def shown(text: str, author: str = BOT, mentioned: tuple[str, ...] = ()) -> Shown:
    return Shown(Message(1, author, None, text, AT), Face(author, "某人"), own=False, at=AT, mentioned=mentioned)


def kinds(text: str) -> list[str]:
    return [block.kind for block in shown(text).blocks]


TABLE = """没签收的2个
| 单位 | 备注 |
|---|:-:|
| 市公安局 | <b>a\\|b</b> |
| 寿县 |
| 大通区 | 一 | 二 |
共2个"""


def test_a_table_of_the_bot_has_cells_that_are_as_many_in_every_row() -> None:
    title, table, end = shown(TABLE).blocks
    assert (title.kind, table.kind, end.kind) == ("title", "table", "")
    assert table.rows == (("单位", "备注"), ("市公安局", "<b>a|b</b>"), ("寿县", ""), ("大通区", "一"))
    assert shown(TABLE).brief.startswith("没签收的2个 单位 备注 市公安局")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("已签收〔1号〕。", [""]),
        ("小结\n今天3条", ["title", ""]),
        ("这一行太长了，不能当作题目来看待，因为它超过了二十四个字\n第二行", ["", ""]),
        ("〔1号〕请签收\n已签收 3/41", ["title", "count"]),
        ("|一|二|\n没有横线", ["title", ""]),
        ("|一|二|", [""]),
        ("|一|二|\n|--|--|", ["table"]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_every_line_of_the_bot_has_its_kind(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_a_count_is_drawn_as_well_as_said() -> None:
    *_, count = shown("通知\n已签收 3/41，已办结").blocks
    assert count == Block("count", (("已签收 3/41，已办结", False),), done=3, total=41)


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("@所有人 请看", ("@所有人",), [("@所有人", True), (" 请看", False)]),
        ("@所有人 请看", (), [("@所有人 请看", False)]),
        ("问@张三丰和@张三", ("@张三", "@张三丰"), [("问", False), ("@张三丰", True), ("和", False), ("@张三", True)]),
        ("@a.c @abc", ("@a.c",), [("@a.c", True), (" @abc", False)]),
    ],
)
def test_only_declared_mentions_are_lit(text: str, names: tuple[str, ...], expected: list[tuple[str, bool]]) -> None:
    assert list(lit(text, names)) == expected


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("市公安局联络员", "公安"),
        ("市委组织部联络员", "组织"),
        ("寿县联络员", "寿县"),
        ("市委", "市委"),
        ("团市委", "团市"),
    ],
)
def test_a_face_has_the_letters_that_tell_units_apart(name: str, letters: str) -> None:
    assert Face("u001", name).letters == letters
