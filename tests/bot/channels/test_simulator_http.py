"""The calls of the simulator's door, sentence by sentence as interfaces.md has them."""

from datetime import datetime

import pytest
from door import Door, is_fault

MESSAGE = {"id", "from", "room", "text", "time", "quote", "mentions", "buttons", "images"}
EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


async def test_the_state_names_time_rooms_and_people(door: Door) -> None:
    status, state = await door.look("/sim/api/state")
    assert status == 200 and set(state) == {"now", "rooms", "people"}
    assert state["now"] == "2026-11-18T15:00:00+08:00"
    assert [(r["id"], r["name"]) for r in state["rooms"]] == [("members", "成员单位群"), ("counties", "县区群")]
    people = {p["id"]: p for p in state["people"]}
    assert all(set(p) == {"id", "name", "unit", "roles"} for p in people.values())
    assert people["clerk"] == {"id": "clerk", "name": "经办", "unit": None, "roles": ["clerk"]}
    assert people["u018"]["unit"] == "市水利局" and people["u018"]["roles"] == ["liaison"]
    for room in state["rooms"]:
        assert {"clerk", "head"} < set(room["people"])
        assert not {"lead1", "lead2", "auditor"} & set(room["people"])


async def test_a_post_is_answered_with_its_id_and_time_and_can_be_listed(any_door: Door) -> None:
    status, answer = await any_door.call("/sim/api/messages", {"from": "u018", "room": "members", "text": "大家好"})
    assert status == 200 and set(answer) == {"id", "time"} and isinstance(answer["id"], int)
    assert datetime.fromisoformat(answer["time"]).utcoffset() is not None
    found = await any_door.sees("clerk", "members")
    assert found == [
        {
            "id": answer["id"],
            "from": "u018",
            "room": "members",
            "text": "大家好",
            "time": answer["time"],
            "quote": None,
            "mentions": [],
            "buttons": [],
            "images": [],
        }
    ]


async def test_the_notice_in_the_room_mentions_everyone_and_carries_its_button(any_door: Door) -> None:
    notice = await any_door.issues()
    assert set(notice) == MESSAGE and notice["from"] == "bot" and notice["mentions"] == ["@all"]
    assert [set(b) for b in notice["buttons"]] == [{"key", "text"}]
    pressed = await any_door.presses("u018", notice["id"], notice["buttons"][0]["key"])
    assert pressed > notice["id"]
    after = next(m for m in await any_door.sees("clerk", "members") if m["id"] == notice["id"])
    assert after["text"] != notice["text"] and after["time"] == notice["time"]
    assert "已签收〔1号〕" in (await any_door.bots("u018"))[-1]["text"]


async def test_a_click_leaves_no_message_in_the_room(door: Door) -> None:
    notice = await door.issues()
    before = await door.sees("clerk", "members")
    await door.presses("u018", notice["id"], notice["buttons"][0]["key"])
    assert [m["id"] for m in await door.sees("clerk", "members")] == [m["id"] for m in before]


async def test_private_words_are_for_their_author_alone(door: Door) -> None:
    await door.says("u018", "你好呀")
    mine = [m for m in await door.sees("u018") if m["from"] == "u018"]
    assert [m["text"] for m in mine] == ["你好呀"] and mine[0]["room"] is None
    for other in ("u017", "clerk", "head", "auditor"):
        assert "你好呀" not in str(await door.sees(other))
    assert "你好呀" not in str(await door.sees("clerk", "members"))


async def test_a_list_starts_behind_after_and_holds_at_most_five_hundred(door: Door) -> None:
    ids = [
        (await door.call("/sim/api/messages", {"from": "u018", "room": "members", "text": f"第{n}句"}))[1]["id"]
        for n in range(510)
    ]
    found = await door.sees("clerk", "members")
    assert [m["id"] for m in found] == ids[:500]
    assert [m["id"] for m in await door.sees("clerk", "members", after=ids[499])] == ids[500:]
    assert await door.sees("clerk", "members", after=ids[-1]) == []


async def test_a_lead_typed_in_a_room_is_not_kept_there(any_door: Door) -> None:
    await any_door.says("u018", "线索 某某市场有人强收摊位费，为首的叫李四", "members")
    texts = [m["text"] for m in await any_door.sees("clerk", "members")]
    assert "（已转为线索，原文不保留）" in texts and not any("李四" in text for text in texts)


@pytest.mark.parametrize("person", ["lead1", "lead2", "auditor", "u030"])
async def test_a_room_one_is_not_in_can_neither_be_read_nor_posted_in(door: Door, person: str) -> None:
    room = "members"
    status, body = await door.call("/sim/api/messages", {"from": person, "room": room, "text": "在吗"})
    if person == "u030":  # a county, whichever room that is
        rooms = {r["id"]: r["people"] for r in (await door.look("/sim/api/state"))[1]["rooms"]}
        room = next(r for r, people in rooms.items() if person not in people)
        status, body = await door.call("/sim/api/messages", {"from": person, "room": room, "text": "在吗"})
    assert is_fault(status, body, 403)
    assert is_fault(*await door.look(f"/sim/api/messages?as={person}&room={room}"), 403)


async def test_every_answer_carries_the_security_headers_and_is_not_cached(door: Door) -> None:
    paths = ("/", "/sim", "/sim/api/state", "/sim/api/messages", "/nowhere", "/api/units", "/healthz", "/metrics")
    for path in paths:
        async with door.client.get(path, allow_redirects=False) as answer:
            assert EVERY_ANSWER.items() <= dict(answer.headers).items(), path
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
            assert path == "/" or answer.headers["Cache-Control"] == "no-store", path
    async with door.client.get("/sim/api/stream?as=clerk") as answer:
        assert EVERY_ANSWER.items() <= dict(answer.headers).items()
        assert answer.headers["Cache-Control"] == "no-store"


async def test_unknown_paths_and_methods_are_told_so(door: Door) -> None:
    for path in ("/nowhere", "/sim/api/nothing", "/api/nothing", "/static/../bot/demo.py", "/sim/images/x.jpg"):
        assert is_fault(*await door.look(path), 404), path
    for method, path in [("PUT", "/sim/api/messages"), ("DELETE", "/sim/api/state"), ("GET", "/sim/api/clicks")]:
        async with door.client.request(method, path) as answer:
            assert answer.status == 405 and is_fault(answer.status, await answer.json()), path
            assert "Allow" in answer.headers
    async with door.client.head("/sim/api/stream?as=clerk") as answer:
        assert answer.status == 405
