"""Messages of the 自建应用: a corpus of each kind, wechatpy as the oracle, and documents meant to do harm."""

import json
import random
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.work.parser import parse_message
from wecom_envelopes import NOW, text_xml

from bot.channels.wecom import xml_messages
from bot.channels.wecom.said import SaidKind
from bot.channels.wecom.xml_messages import declares, encrypted_part, flat_fields, read_app_xml

CORPUS = sorted((Path(__file__).parents[3] / "corpus" / "wecom").glob("*.xml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_each_recorded_message_is_read_as_what_it_is(path):
    said, expected = read_app_xml(path.read_bytes()), json.loads(Path(f"{path}.said").read_text())
    if "media" in expected:
        assert [item.media_id for item in said.items] == expected.pop("media")
    if "at" in expected:
        assert said.at == datetime.fromisoformat(expected.pop("at"))
    assert {name: getattr(said, name) for name in expected} == expected
    assert said.chat is None


HOT = ("app-text", "app-image", "app-card-click", "app-enter-agent", "app-menu-click", "app-text-indented")


@pytest.mark.parametrize("name", HOT)
def test_the_hot_kinds_need_no_parser(name):
    path = next(path for path in CORPUS if path.stem == name)
    assert flat_fields(path.read_text()) is not None


def random_xml(rng):
    """A document as the platform writes them: flat, in any order, words in CDATA or plain, sometimes indented."""
    pool = "收到回复〔12号〕abc XYZ 0123 <>&;'\"-_/!?[] \n\t👍🏻𠮷\u2005\u3000"
    gap = rng.choice(["", "\n", "\n  ", " "])
    words = "".join(rng.choice(pool) for _ in range(rng.randrange(0, 60)))
    fields = {
        "ToUserName": "ww1",
        "FromUserName": rng.choice(["ZhangSan", "li.si", "张三", " wang-wu "]),
        "CreateTime": str(NOW + rng.randrange(1000)),
        "MsgType": rng.choice(["text", "TEXT", "image", "event", "voice", "link"]),
        "Content": words,
        "MediaId": "m" * rng.randrange(0, 9),
        "Event": rng.choice(["template_card_event", "click", "enter_agent", "view", "CLICK"]),
        "EventKey": rng.choice(["收 12", "a&b", ""]),
        "TaskId": "9f-1",
        "MsgId": str(rng.randrange(1 << 62)),
        "AgentID": "1000002",
    }
    if rng.random() < 0.3:  # a text as the platform writes it
        fields["MsgType"], fields["Content"] = "text", words.replace(rng.choice("]]x"), "")
        return gap.join(["<xml>", *(f"<{name}>{usually(name, fields[name])}</{name}>" for name in USUAL), "</xml>"])
    names = [name for name in fields if rng.random() < 0.9]
    rng.shuffle(names)
    parts = [f"{gap}<{name}>{written(rng, fields[name])}</{name}>" for name in names]
    return f"<xml>{''.join(parts)}{rng.choice(['', chr(10)])}</xml>"


USUAL = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId", "AgentID")


def usually(name, value):
    if name in ("CreateTime", "MsgId", "AgentID"):
        return value
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def written(rng, value):
    if rng.random() < 0.7:
        return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_ten_thousand_random_documents_are_read_as_wechatpy_reads_them():
    rng, lean = random.Random(9), 0
    for _ in range(10_000):
        xml = random_xml(rng)
        try:
            reference = dict(parse_message(xml)._data)
        except (KeyError, AttributeError):  # no MsgType or Event: wechatpy gives up
            continue
        mine = flat_fields(xml)
        if mine is not None:
            lean += 1
            assert mine == reference
        said = read_app_xml(xml.encode())
        if said.kind is SaidKind.TEXT:
            assert said.text == (reference.get("Content") or "")
        if said.kind is SaidKind.CLICK:
            assert said.key == reference.get("EventKey")
        assert said.userid == (reference.get("FromUserName") or "")
    assert lean > 5_000


def test_a_text_that_is_read_by_its_own_pattern_is_read_as_any_other(monkeypatch):
    rng = random.Random(10)
    unstorable = "\x00\r\u202e\ufffe\x1b"
    senders = ("ZhangSan", "sys", "sys1", "Li_4@corp.cn", "")
    documents = [
        random_xml(rng)
        .replace("收", rng.choice(["", *unstorable]) + "收")
        .replace("ZhangSan", rng.choice(senders))
        .encode()
        for _ in range(5_000)
    ]
    quick = sum(xml_messages._TEXT.fullmatch(one.decode()) is not None for one in documents)
    said = [read_app_xml(one) for one in documents]
    monkeypatch.setattr(xml_messages, "_TEXT", re.compile("(?!)"))
    assert said == [read_app_xml(one) for one in documents]
    assert quick > 200


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
HARMFUL = {
    "billion laughs": BOMB + "<xml><FromUserName>&b;</FromUserName><MsgType>text</MsgType></xml>",
    "external entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Content>&e;</Content></xml>',
    "doctype in small letters": "<!doctype x><xml><MsgType>text</MsgType></xml>",
    "doctype with a gap": "<! DOCTYPE x><xml><MsgType>text</MsgType></xml>",
    "deep nesting": "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>",
    "never closed": "<xml>" + "<a>" * 5000,
    "closed twice": "<xml></xml></xml>",
    "two documents": text_xml("x") + text_xml("y"),
    "words before": "x" + text_xml("x"),
    "nothing": "",
    "no root of ours": "<html></html>",
    "empty root": "<xml></xml>",
    "undefined entity": "<xml><MsgType>text</MsgType><Content>&nope;</Content></xml>",
    "no type": "<xml><FromUserName>x</FromUserName></xml>",
    "a list for a type": "<xml><MsgType>text</MsgType><MsgType>text</MsgType><FromUserName>x</FromUserName></xml>",
    "nesting for a type": "<xml><MsgType><a>text</a></MsgType><FromUserName>x</FromUserName></xml>",
    "a list for a sender": "<xml><MsgType>text</MsgType><FromUserName>x</FromUserName><FromUserName>y</FromUserName></xml>",
    "half a cdata": "<xml><MsgType><![CDATA[text</MsgType></xml>",
    "huge time": "<xml><MsgType>text</MsgType><CreateTime>" + "9" * 400 + "</CreateTime></xml>",
}


@pytest.mark.parametrize("xml", HARMFUL.values(), ids=HARMFUL.keys())
def test_a_harmful_or_broken_document_is_ignored(xml):
    assert read_app_xml(xml.encode()).kind is SaidKind.IGNORED


@pytest.mark.parametrize("raw", [b"\xff\xfe<\x00x\x00m\x00l\x00", b"\x80\x81", "<xml/>".encode("utf-16")])
def test_what_is_not_utf8_is_ignored(raw):
    assert read_app_xml(raw).problem == "not utf-8"


@given(st.text(alphabet="<>/!&;[]CDATAxmlMsgType \n文", max_size=200))
def test_no_text_makes_the_reader_raise(text):
    read_app_xml(text.encode())
    read_app_xml(f"<xml>{text}</xml>".encode())


def test_a_huge_time_is_no_time():
    said = read_app_xml(text_xml("收到", at="9" * 400).encode())
    assert said.kind is SaidKind.TEXT
    assert said.at is None


def test_control_characters_that_xml_forbids_do_not_lose_the_message():
    assert read_app_xml(text_xml("收\x08到\x00").encode()).text == "收到"


def test_two_events_in_one_second_that_differ_in_one_field_are_two():
    xml = next(path for path in CORPUS if path.stem == "app-card-click").read_text()
    assert read_app_xml(xml.encode()).external_id == read_app_xml(xml.encode()).external_id
    assert read_app_xml(xml.encode()).external_id != read_app_xml(xml.replace("-42", "-43").encode()).external_id


OUTER = {
    "<xml><Encrypt><![CDATA[AAAA]]></Encrypt></xml>": "AAAA",
    "<xml>\n<Encrypt>\n<![CDATA[AA==]]>\n</Encrypt></xml>": "AA==",
    "<xml><Encrypt>AA+/</Encrypt></xml>": "AA+/",
    "<xml><Encrypt></Encrypt></xml>": None,
    "<xml></xml>": None,
    "": None,
    "<xml><Encrypt><![CDATA[AA!]]></Encrypt></xml>": None,
    "<xml><Encrypt>AAAA</Encrypt><Encrypt>BBBB</Encrypt></xml>": None,
    "<xml><Encrypt a='b'>AAAA</Encrypt></xml>": None,
    "<xml><encrypt>AAAA</encrypt></xml>": None,
    "<xml><Encrypt>AAAA": None,
}


@pytest.mark.parametrize(("xml", "expected"), OUTER.items())
def test_the_encrypted_part_is_cut_out_without_parsing(xml, expected):
    assert encrypted_part(xml.encode()) == expected


PIECES = (
    "<xml>",
    "</xml>",
    "<Encrypt>",
    "</Encrypt>",
    "<Encrypt",
    "<![CDATA[",
    "]]>",
    "]]",
    "QUJD",
    "AA==",
    " ",
    "\n",
    "é",
    "=",
)
PIECES += (
    "<AgentID><![CDATA[1]]></AgentID>",
    "<Encrypt><![CDATA[QUJD]]></Encrypt>",
    "<!DOCTYPE x>",
    "<! entity",
    "<!",
    "<",
)


def test_the_quick_look_at_an_outer_document_finds_what_the_slow_one_does():
    rng, found = random.Random(11), 0
    for _ in range(10_000):
        parts = [rng.choice(PIECES) for _ in range(rng.randrange(5))]
        for _ in range(rng.randrange(3)):
            parts.insert(rng.randrange(len(parts) + 1), rng.choice(PIECES[-6:-4]))
        xml = f"<xml>{''.join(parts)}</xml>".encode()
        slow = None if declares(xml) else encrypted_part(xml)
        assert xml_messages.encrypted(xml) == slow, xml
        found += slow is not None
    assert found > 1000


@pytest.mark.parametrize("name", ["DOCTYPE", "ENTITY", "doctype", "Entity", " DOCTYPE", "\nENTITY", "ELEMENT"])
def test_a_declaration_is_seen_before_any_parsing(name):
    assert declares(f"<xml><!{name} x></xml>".encode())
    assert not declares(text_xml("收到").encode())
