"""Payloads of the 智能机器人: a corpus of each kind, and everything that is no message at all."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wecom.json_messages import parse_json, read_bot_payload
from bot.channels.wecom.said import Said, SaidKind

CORPUS = sorted((Path(__file__).parents[3] / "corpus" / "wecom").glob("*.json"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_each_recorded_payload_is_read_as_what_it_is(path):
    recorded = json.loads(path.read_text())
    said, expected = read_bot_payload(recorded["body"]), recorded["said"]
    if "items" in expected:
        assert [[item.kind, item.url, item.aes_key] for item in said.items] == expected.pop("items")
    if "at" in expected:
        assert said.at == datetime.fromisoformat(expected.pop("at"))
    assert {name: getattr(said, name) for name in expected} == expected


def test_the_corpus_holds_each_kind():
    kinds = {json.loads(path.read_text())["said"]["kind"] for path in CORPUS}
    assert kinds == set(SaidKind)


def test_the_frame_to_answer_is_kept():
    assert read_bot_payload({"msgtype": "event"}, reply_to="aibot_req_1").reply_to == "aibot_req_1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("msgid", "chatid", "chattype", "from", "msgtype", "text", "mixed", "image", "event", "quote", "create_time")
KINDS = st.sampled_from(["text", "voice", "mixed", "image", "file", "video", "event", "stream"])


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), KINDS)
def test_nothing_that_json_can_say_raises(body, kind):
    for payload in (body, body | {"msgtype": kind}, body | {"msgtype": kind, "from": {"userid": "x"}, kind: body}):
        said = read_bot_payload(payload)
        assert isinstance(said, Said)
        assert said.msgid or said.payload


SHAPES = [{}, [], "x", 7, None, True, {"content": None}, {"content": 7}, {"content": ["收到"]}, {"msg_item": {}}]


@pytest.mark.parametrize("kind", ["text", "voice", "mixed", "image", "event"])
@pytest.mark.parametrize("value", SHAPES, ids=str)
def test_a_payload_of_the_wrong_shape_has_no_words(kind, value):
    said = read_bot_payload({"msgtype": kind, "from": {"userid": "x"}, kind: value})
    assert (said.text, said.items) == ("", ())


def test_one_mixed_part_without_its_brackets_is_read():
    part = {"msgtype": "text", "text": {"content": "收到"}}
    said = read_bot_payload({"msgtype": "mixed", "from": {"userid": "x"}, "mixed": {"msg_item": part}})
    assert said.text == "收到"


NOT_OBJECTS = [b"", b"[]", b"null", b"7", b'"x"', b"{", b"{'a':1}", b"\xff\xfe{}", b"[" * 100_000, b'{"a":' * 100_000]


@pytest.mark.parametrize("text", NOT_OBJECTS, ids=lambda text: repr(text[:12]))
def test_what_is_no_json_object_is_nothing(text):
    assert parse_json(text) is None


def test_nesting_is_let_pass_to_twenty_levels_and_no_further():
    def nested(levels):
        return (b'{"a":' * levels) + b"1" + b"}" * levels

    assert parse_json(nested(19)) is not None
    assert parse_json(nested(21)) is None


def test_control_characters_inside_and_between_do_not_hinder():
    assert parse_json(b'{\x00"a":\x08"x\x01\ny"\x1f}') == {"a": "x\ny"}


def test_the_last_of_two_equal_keys_counts_and_numbers_too_long_do_not_raise():
    assert parse_json(b'{"a":1,"a":2}') == {"a": 2}
    assert parse_json(b'{"a":' + b"9" * 5000 + b"}") is None


def test_two_events_in_one_second_that_differ_in_one_field_are_two():
    event = {"msgtype": "event", "from": {"userid": "x"}, "create_time": 1795305600}
    first = read_bot_payload(event | {"event": {"eventtype": "template_card_event", "event_key": "a", "task_id": "1"}})
    second = read_bot_payload(event | {"event": {"eventtype": "template_card_event", "event_key": "a", "task_id": "2"}})
    assert first.external_id != second.external_id
    assert first.external_id.startswith("sha256:")


def test_what_the_platform_makes_anew_at_each_delivery_is_not_content():
    body = {"msgid": "m", "msgtype": "image", "from": {"userid": "x"}, "image": {"url": "https://a/1"}}
    again = body | {"response_url": "https://a/?response_code=2", "image": {"url": "https://a/1?sign=2"}}
    assert read_bot_payload(body).content() == read_bot_payload(again).content()
    body, again = ({name: one[name] for name in one if name != "msgid"} for one in (body, again))
    assert read_bot_payload(body).payload != read_bot_payload(again).payload


def test_words_keys_and_addresses_are_not_printed():
    body = {
        "msgid": "m",
        "msgtype": "mixed",
        "from": {"userid": "x"},
        "response_url": "https://a/?response_code=SECRET",
        "quote": {"msgtype": "text", "text": {"content": "SECRET"}},
        "mixed": {
            "msg_item": [
                {"msgtype": "text", "text": {"content": "SECRET"}},
                {"msgtype": "image", "image": {"url": "https://SECRET/", "aeskey": "SECRET"}},
            ]
        },
    }
    assert "SECRET" not in repr(read_bot_payload(body))
