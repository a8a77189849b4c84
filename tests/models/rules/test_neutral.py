"""Nothing a user typed becomes a mention, a link, markup or a template; and the finished payload is looked at again."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.neutral import neutralise, undeclared_mentions

DANGEROUS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<@all>",
                "<@",
                "all>",
                "@所有人",
                "@",
                "所有人",
                "all",
                "http://",
                "https:",
                "//",
                "www.",
                ".",
                "com",
                "evil",
                ":",
                "/",
                "[x](",
                "{{",
                "}}",
            ]
        ),
        st.sampled_from(
            [
                "{%",
                "`",
                "#",
                "&lt;",
                "&#64;",
                "1.2",
                "192.168.1.1",
                "\u200b",
                "\u202e",
                "\n",
                "\u2028",
                " ",
                "\ud800",
                "﹤",
                "﹫",
                "mailto:",
                "\x00",
            ]
        ),
        st.text(max_size=4),
    ),
    max_size=14,
).map("".join)
LINK = re.compile(
    r"[a-z][a-z0-9+.-]*:/|mailto:|www\.|[a-z0-9-]\.[a-z]{2,}|\b\d{1,3}(?:\.\d{1,3}){3}\b|\]\(", re.IGNORECASE | re.ASCII
)


@given(DANGEROUS, DANGEROUS, st.booleans())
def test_no_text_nor_two_side_by_side_hold_a_mention_a_link_or_a_template(one: str, two: str, one_line: bool) -> None:
    said = neutralise(one, one_line=one_line) + neutralise(two, one_line=one_line)
    assert undeclared_mentions(said, ()) == []
    assert undeclared_mentions({"text": {"content": said}}, ()) == []
    assert undeclared_mentions(json.dumps({"text": said}), ()) == []
    assert not LINK.search(said)
    assert not set("<>@`[]{}#&") & set(said)
    said.encode("utf-8")


@given(DANGEROUS, st.booleans(), st.one_of(st.none(), st.integers(0, 20)))
def test_neutralising_twice_changes_nothing_more(text: str, one_line: bool, limit: int | None) -> None:
    once = neutralise(text, one_line=one_line, limit=limit)
    assert neutralise(once, one_line=one_line, limit=limit) == once
    assert limit is None or len(once) <= limit
    assert not one_line or "\n" not in once


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("收到，谢谢！", "收到，谢谢！"),
        ("<@all> 开会", "＜＠all＞ 开会"),
        ("{{7*7}}{% raw %}", "｛｛7*7｝｝｛% raw %｝"),
        ("见 http://evil.com/a", "见 http：//evil．com/a"),
        ("evil.com", "evil．com"),
        ("www.evil.com", "www．evil．com"),
        ("完成 3.5 万份，16:05 报", "完成 3.5 万份，16:05 报"),
        ("192.168.1.1", "192．168．1．1"),
        ("等等...", "等等..."),
        ("# 标题 `码` [字](x)", "＃ 标题 ｀码｀ ［字］(x)"),
        ("a@b.com", "a＠b．com"),
        ("&lt;@all&gt;", "＆lt;＠all＆gt;"),
    ],
)
def test_it_still_reads(text: str, said: str) -> None:
    assert neutralise(text) == said


def test_one_line_and_a_limit_cut_where_the_eye_sees_it() -> None:
    assert neutralise("一\n二\u2028三", one_line=True) == "一 二 三"
    assert neutralise("一二三四五", limit=3) == "一二…"
    assert neutralise("一二三", limit=3) == "一二三"
    assert neutralise("一二三", limit=0) == ""


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ("你好 <@zhangsan>", ["zhangsan"]),
        ("<@all>", ["@all"]),
        ("请@所有人看", ["@all"]),
        ("@ALL请看", ["@all"]),
        ("@allan 请看", []),
        ("a <@", ["<@"]),
        ("<@>", ["<@>"]),
        ("＜＠all＞ ＠所有人", []),
        ({"text": {"content": "x", "mentioned_list": ["@all", "li"]}}, ["@all", "li"]),
        ({"mentions": ["u001", "u002"]}, ["u001", "u002"]),
        ({"mentioned_list": "@all"}, ["@all"]),
        ({"at": {"atUserIds": ["x"], "isAtAll": True}}, ["@all", "x"]),
        ({"at": {"isAtAll": False}}, []),
        ({"a": [{"b": ["<@wang>"]}]}, ["wang"]),
        ('{"text": "\\u003c@all\\u003e"}', ["@all"]),
        ('{"text": "\\u003c\\u0040wang\\u003e"}', ["wang"]),
        ({"<@key>": 1}, ["key"]),
        (b"<@bytes>", ["bytes"]),
        (["<@a>", "<@a>", 3, None], ["a"]),
        ("&lt;@all&gt;", ["@all"]),
    ],
)
def test_a_mention_that_nobody_declared_is_found(payload: object, found: list[str]) -> None:
    assert sorted(undeclared_mentions(payload, ())) == sorted(found)


@pytest.mark.parametrize("allowed", [{"@all", "zhangsan"}, {"all", "ZhangSan"}, ["@所有人", "zhangsan"]])
def test_a_declared_mention_passes(allowed: set[str]) -> None:
    payload = {"markdown": {"content": "<@zhangsan> @所有人 <@all>"}, "mentioned_list": ["@all", "zhangsan"]}
    assert undeclared_mentions(payload, allowed) == []
    assert undeclared_mentions(payload | {"x": "<@lisi>"}, allowed) == ["lisi"]


def test_a_deep_payload_is_walked() -> None:
    payload: object = "<@deep>"
    for _ in range(20_000):
        payload = [payload]
    assert undeclared_mentions(payload, ()) == ["deep"]
    assert undeclared_mentions("[" * 50_000 + "@", ()) == []
