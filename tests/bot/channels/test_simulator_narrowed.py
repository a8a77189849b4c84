"""The simulator narrowed to what lesser doors can do."""

from typing import Any

import pytest
from door import Door, is_fault


@pytest.mark.parametrize("name", ["hears_all", "buttons", "edit"])
async def test_odd_abilities_are_refused_and_change_nothing(door: Door, name: str) -> None:
    values: tuple[Any, ...] = (None, 0, 1, "false", [], {}, 1.0)
    for odd in values:
        assert is_fault(*await door.call("/sim/api/abilities", {name: odd}), 400), odd
    for other in ({"media": False}, {"private_push": False}, {"": True}, {name: False, "x": False}):
        assert is_fault(*await door.call("/sim/api/abilities", other), 400), other
    everything = {"hears_all": True, "buttons": True, "edit": True}
    assert await door.call("/sim/api/abilities", {}) == (200, everything)
    assert await door.call("/sim/api/abilities", {name: False}) == (200, everything | {name: False})


async def test_without_buttons_none_are_shown_and_the_words_say_how_to_answer(door: Door) -> None:
    before = await door.issues()
    assert before["buttons"]
    await door.call("/sim/api/abilities", {"buttons": False})
    shown = [*await door.sees("clerk", "members"), *await door.sees("clerk")]
    assert all(m["buttons"] == [] for m in shown)
    body = {"from": "u018", "message": before["id"], "key": before["buttons"][0]["key"]}
    assert is_fault(*await door.call("/sim/api/clicks", body), 404)
    await door.says("clerk", "通知 请各单位报送摸排方案，收到请回复。 明天下班前")
    preview = (await door.bots("clerk"))[-1]
    assert preview["buttons"] == [] and "发" in preview["text"]
    await door.says("clerk", "发 2")
    notice = (await door.bots("clerk", "members"))[-1]
    assert notice["id"] != before["id"] and notice["buttons"] == [] and "收到" in notice["text"]


async def test_without_edits_what_was_posted_stays_as_it_is(door: Door) -> None:
    await door.call("/sim/api/abilities", {"edit": False})
    notice = await door.issues()
    await door.says("u018", "收到", "members")
    await door.moves(advance="PT1H")
    assert [m for m in await door.sees("clerk", "members") if m["id"] == notice["id"]] == [notice]


async def test_a_door_that_does_not_hear_all_passes_on_only_what_is_meant_for_the_bot(door: Door) -> None:
    await door.call("/sim/api/abilities", {"hears_all": False})
    notice = await door.issues()

    async def answered(person: str) -> bool:
        ledger = {r["unit"]: r for r in (await door.look("/api/notices/1", "demo"))[1]["receipts"]}
        people = {p["id"]: p["unit"] for p in (await door.look("/sim/api/state"))[1]["people"]}
        return ledger[people[person]]["acked_at"] is not None

    other = await door.says("u001", "大家早", "members")
    for person, text, quote in (("u010", "收到", None), ("u011", "@张三 收到", None), ("u012", "收到", other)):
        await door.says(person, text, "members", quote=quote)
        assert not await answered(person), text
        assert await door.bots(person) == []
    await door.says("u013", "@收到助手 收到", "members")
    await door.says("u014", "收到", "members", quote=notice["id"])
    await door.says("u015", "收到")
    await door.says("u016", "＠收到助手收到", "members")
    await door.presses("u017", notice["id"], notice["buttons"][0]["key"]) if notice["buttons"] else None
    for person in ("u013", "u014", "u015", "u016"):
        assert await answered(person), person
    texts = [m["text"] for m in await door.sees("clerk", "members") if m["from"] == "u010"]
    assert texts == ["收到"]  # unheard, but it stands in the room
