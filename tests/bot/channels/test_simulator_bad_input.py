"""Bad input on every route: a 4xx with one Chinese sentence, nothing stored, nothing in the log."""

import base64
import io
import json
import zlib
from typing import Any

import pytest
from door import Door, is_fault
from pictures import photo
from PIL import Image

POSTS = ("/sim/api/messages", "/sim/api/clicks", "/sim/api/clock", "/sim/api/abilities")
ODD: tuple[Any, ...] = (0, 1, -1, 1.5, True, False, [], ["clerk"], {}, {"a": 1}, [[]], 10**400, 1e300)

BODIES = {
    "empty": b"",
    "no json": b"text=hello",
    "cut short": b'{"from": "clerk"',
    "a list": b'[{"from": "clerk", "text": "x"}]',
    "a word": b'"clerk"',
    "null": b"null",
    "a number": b"12",
    "deep lists": b'{"from": "clerk", "text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "no UTF-8": b'{"from": "clerk", "text": "\xff\xfe\xfd"}',
    "NaN": b'{"from": "clerk", "text": "x", "quote": NaN}',
    "infinity": b'{"from": "clerk", "text": "x", "quote": Infinity}',
    "digits without end": b'{"from": "clerk", "text": "x", "quote": ' + b"9" * 10_000 + b"}",
    "a key twice": b'{"from": "clerk", "from": "u018", "text": "x", "advance": "PT1H", "advance": "PT2H"}',
    "a NUL": b'{"from": "clerk", "text": "x\x00"}',
}


@pytest.mark.parametrize("path", POSTS)
async def test_a_body_that_is_no_json_object_is_refused(door: Door, path: str) -> None:
    wrong = []
    for name, body in BODIES.items():
        status, answer = await door.call(path, body)
        if not is_fault(status, answer, 400):
            wrong.append((name, status, answer))
    assert wrong == [] and await door.stored() == 0


def _of(*values: Any) -> tuple[Any, ...]:
    return values


def _bad_messages() -> list[tuple[int, dict[str, Any]]]:
    good = {"from": "u018", "room": "members", "text": "收到"}
    found = [(400, good | {name: odd}) for name in ("from", "room", "text", "id") for odd in ODD]
    found += [(400, good | {"from": None}), (400, {"room": "members", "text": "x"}), (400, {})]
    found += [(400, good | {"quote": odd}) for odd in _of(1.0, "1", True, [], {}, 1e400, "")]
    found += [(404, good | {"quote": number}) for number in (0, -1, 1, 999, 2**53, 2**63, 10**400)]
    found += [(404, good | {"from": who}) for who in ("nobody", "", "U018", "u018 ", "\ud800", "\x00", "x" * 1000)]
    found += [(404, good | {"room": room}) for room in ("nowhere", "", "private", "\udfff", "Members")]
    found += [(403, good | {"from": "bot"}), (403, good | {"from": "bot", "room": None})]
    found += [
        (400, good | {"text": blank}) for blank in ("", " ", "\u3000\n\t", "\u200b\u2060", "\x00\x01", "\ud800", None)
    ]
    found += [(413, good | {"text": "字" * 20_001}), (413, good | {"text": "a" * (1 << 20)})]
    found += [(400, good | {"id": name}) for name in ("", "x" * 201, "a\x00b", "\ud800")]
    return found


async def test_a_message_with_wrong_values_is_refused_and_nothing_is_stored(door: Door) -> None:
    wrong = []
    for expected, body in _bad_messages():
        status, answer = await door.call("/sim/api/messages", body)
        if not is_fault(status, answer, expected):
            wrong.append((str(body)[:120], expected, status, answer))
    assert wrong == [] and await door.stored() == 0


def _bomb() -> bytes:
    """A PNG of a few kilobytes that says it has 900 million pixels."""
    row = zlib.compress(b"\x00" * 30_001)
    head = (30_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def _gif() -> bytes:
    buffer = io.BytesIO()
    Image.new("P", (4, 4)).save(buffer, "GIF")
    return buffer.getvalue()


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def test_a_picture_that_is_none_is_refused_with_its_message(door: Door) -> None:
    good = _coded(photo())
    bad: list[tuple[int, Any]] = [(400, odd) for odd in (*ODD, "x", good) if odd != []]
    bad += [
        (400, [odd]) for odd in _of(None, 1, [], {}, "", "!!!", "图片", good[:-3] + "*==", "data:image/png;base64,")
    ]
    bad += [
        (400, [_coded(data)]) for data in (_bomb(), _gif(), b"%PDF-1.7 x", b"just words", photo()[:200], b"\x00" * 99)
    ]
    bad += [(413, [good] * 10), (413, [_coded(b"\xff\xd8\xff" + b"x" * (11 << 20))])]
    bad += [(400, [good, _coded(b"%PDF-1.7 x")])]
    wrong = []
    for expected, images in bad:
        body = {"from": "u018", "room": "members", "text": "看图", "images": images}
        status, answer = await door.call("/sim/api/messages", body)
        if not is_fault(status, answer, expected):
            wrong.append((str(images)[:80], expected, status, answer))
    assert wrong == [] and await door.stored() == 0


async def test_a_picture_without_words_is_a_message(door: Door) -> None:
    number = await door.says(
        "u018", "", "members", images=[_coded(photo()), "data:image/jpeg;base64," + _coded(photo("blue"))]
    )
    message = next(m for m in await door.sees("clerk", "members") if m["id"] == number)
    assert len(message["images"]) == 2
    async with door.client.get(message["images"][0]) as answer:
        assert answer.status == 200 and answer.content_type == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_private_picture_is_shown_under_a_name_nobody_guesses_and_is_not_cached(door: Door) -> None:
    await door.says("u018", "看图", images=[_coded(photo())])
    url = (await door.sees("u018"))[0]["images"][0]
    assert len(url.rsplit("/", 1)[1]) > 64
    async with door.client.get(url) as answer:
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    assert is_fault(*await door.look("/sim/images/" + "0" * 64 + ".jpg"), 404)


@pytest.mark.parametrize(
    "query", ["", "?as=", "?as=nobody", "?as=bot", "?as=u018&as=clerk&room=nowhere", "?room=members"]
)
@pytest.mark.parametrize("path", ["/sim/api/messages", "/sim/api/stream"])
async def test_who_looks_must_exist(door: Door, path: str, query: str) -> None:
    if path.endswith("stream"):
        query = query.replace("u018&as=clerk", "nobody")
    status, answer = await door.look(path + query)
    assert is_fault(status, answer), (status, answer)


async def test_odd_query_strings_are_refused(door: Door) -> None:
    values = ("-1", "1.5", "abc", "1e3", "%00", "9" * 16, "9" * 5000, "0x10", "１", "²", " 1", "NaN", "1;2", "%ff")
    for after in values:
        assert is_fault(*await door.look(f"/sim/api/messages?as=u018&room=members&after={after}"), 400), after
    for room in ("%00", "%ff", "%ed%a0%80", "a" * 4000, "{{7*7}}", "<script>"):
        assert is_fault(*await door.look(f"/sim/api/messages?as=u018&room={room}"), 404), room
    for good in ("&after=", "&after=0", "&after=007", "&after=999999999999999", "&x=1", "&"):
        assert (await door.look(f"/sim/api/messages?as=u018&room=members{good}"))[0] == 200, good


async def test_clicks_on_what_is_not_there_are_refused(any_door: Door) -> None:
    notice = await any_door.issues()
    key, before = notice["buttons"][0]["key"], await any_door.stored()
    preview = (await any_door.bots("clerk"))[0]
    own = await any_door.says("u018", "嗯", "members")
    good = {"from": "u018", "message": notice["id"], "key": key}
    bad = [(404, good | {"message": number}) for number in (0, -1, 99_999, 2**53, 10**400, own)]
    bad += [(400, good | {"message": odd}) for odd in _of(None, "1", 1.0, True, [], {}, str(notice["id"]))]
    bad += [(400, good | {"key": odd}) for odd in (None, *ODD)]
    bad += [(404, good | {"key": odd}) for odd in ("", "收", "发 1", "办结 1", "\ud800", "x" * 10_000)]
    bad += [(400, good | {"from": odd}) for odd in (None, *ODD)]
    bad += [(404, good | {"from": "nobody"}), (403, good | {"from": "bot"}), (400, {})]
    bad += [(404, good | {"from": "auditor"})]  # in no room
    bad += [(404, good | {"message": preview["id"], "key": "发 1"})]  # another's private message
    wrong = []
    for expected, body in bad:
        status, answer = await any_door.call("/sim/api/clicks", body)
        if not is_fault(status, answer, expected):
            wrong.append((str(body)[:120], expected, status, answer))
    assert wrong == [] and await any_door.stored() == before + 1


async def test_a_button_that_an_edit_took_away_can_no_longer_be_pressed(door: Door) -> None:
    notice = await door.issues()
    await door.says("clerk", "办结 1")
    now = next(m for m in await door.sees("clerk", "members") if m["id"] == notice["id"])
    if now["buttons"] == []:
        body = {"from": "u018", "message": notice["id"], "key": notice["buttons"][0]["key"]}
        assert is_fault(*await door.call("/sim/api/clicks", body), 404)


async def test_only_what_stands_where_one_answers_can_be_quoted(any_door: Door) -> None:
    notice = await any_door.issues()
    mine, theirs = await any_door.says("u018", "我的话"), await any_door.says("u017", "别人的话")
    preview = (await any_door.bots("clerk"))[0]["id"]
    room_word = await any_door.says("u017", "群里的话", "members")
    county = next(m for m in await any_door.sees("clerk", "counties") if m["from"] == "bot")["id"]
    click = await any_door.presses("u017", notice["id"], notice["buttons"][0]["key"])
    for quote in (theirs, preview, notice["id"], room_word, county, click):
        status, body = await any_door.call("/sim/api/messages", {"from": "u018", "text": "嗯", "quote": quote})
        assert is_fault(status, body, 404), quote
    for quote in (mine, theirs, preview, county, click):
        body = {"from": "u018", "room": "members", "text": "嗯", "quote": quote}
        assert is_fault(*await any_door.call("/sim/api/messages", body), 404), quote
    assert await any_door.says("u018", "嗯", quote=mine)
    assert await any_door.says("u018", "嗯", "members", quote=room_word)
    number = await any_door.says("u018", "收到", "members", quote=notice["id"])
    shown = next(m for m in await any_door.sees("u018", "members") if m["id"] == number)
    assert shown["quote"] == notice["id"]


async def test_control_characters_and_half_characters_are_left_out_of_what_is_kept(any_door: Door) -> None:
    raw = json.dumps({"from": "u018", "room": "members", "text": "大\x00家\ud800好\x1b[31m\u202e\r\n！"}).encode()
    assert (await any_door.call("/sim/api/messages", raw))[0] == 200
    assert (await any_door.sees("clerk", "members"))[-1]["text"] == "大家好[31m\n！"


async def test_a_text_of_twenty_thousand_characters_is_kept_whole(any_door: Door) -> None:
    await any_door.says("u018", "长" * 20_000, "members")
    assert (await any_door.sees("clerk", "members"))[0]["text"] == "长" * 20_000
