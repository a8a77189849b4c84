"""Ids: one effect for one client id, and an order in which nobody misses or sees anything twice."""

import asyncio
import base64
import random

from door import Door, is_fault
from pictures import photo


async def test_the_same_client_id_again_gives_the_same_answer_and_no_second_effect(any_door: Door) -> None:
    await any_door.issues()
    picture = base64.b64encode(photo()).decode()
    for room, text, images in (("members", "收到", []), (None, "今天来了3个人", []), ("members", "看图", [picture])):
        body = {"from": "u018", "room": room, "text": text, "images": images, "id": f"mine-{text}"}
        first = await any_door.call("/sim/api/messages", body)
        await any_door.demo.bot.settle()
        where = room or "private"
        seen, stored = await any_door.sees("u018", where), await any_door.stored()
        assert first[0] == 200
        assert await any_door.call("/sim/api/messages", body) == first
        await any_door.demo.bot.settle()
        assert await any_door.sees("u018", where) == seen and await any_door.stored() == stored


async def test_fifty_at_once_with_one_client_id_have_one_effect(any_door: Door) -> None:
    await any_door.issues()
    body = {"from": "u018", "room": "members", "text": "收到", "id": "once"}
    answers = await asyncio.gather(*(any_door.call("/sim/api/messages", body) for _ in range(50)))
    assert all(answer == answers[0] and answer[0] == 200 for answer in answers)
    await any_door.demo.bot.settle()
    assert [m["from"] for m in await any_door.sees("u018", "members")].count("u018") == 1
    assert len(await any_door.bots("u018")) == 1


async def test_the_same_client_id_with_other_content_is_refused_and_the_first_stands(any_door: Door) -> None:
    first = {"from": "u018", "room": "members", "text": "第一句", "id": "a"}
    number = (await any_door.call("/sim/api/messages", first))[1]["id"]
    picture = base64.b64encode(photo()).decode()
    for change in ({"text": "第二句"}, {"room": None}, {"quote": number}, {"images": [picture]}):
        assert is_fault(*await any_door.call("/sim/api/messages", first | change), 409), change
    both = [any_door.call("/sim/api/messages", first | {"id": "b", "text": text}) for text in ("甲", "乙") * 10]
    statuses = sorted(status for status, _ in await asyncio.gather(*both))
    assert statuses == [200] * 10 + [409] * 10
    texts = [m["text"] for m in await any_door.sees("clerk", "members")]
    assert texts[0] == "第一句" and len(texts) == 2


async def test_client_ids_are_per_person_and_name_nobody_in_the_database(door: Door) -> None:
    one = await door.says("u018", "收到", "members", id="same")
    other = await door.says("u017", "收到", "members", id="same")
    assert one != other
    await door.says("u018", "线索 某某市场有人强收摊位费", id="secret")
    async with door.demo.bot.store.read() as session:
        from sqlalchemy import select

        from models.inbox import Inbox

        names = list(await session.scalars(select(Inbox.external_id)))
    assert len(names) == 3 and not any("u01" in name or "secret" in name for name in names)


async def test_sixty_four_posters_and_a_poller_that_misses_nothing(any_door: Door) -> None:
    """The poller asks for what comes after the last id it saw; the bot speaks in the same room meanwhile."""
    await any_door.issues()
    chance, posted = random.Random(7), set[int]()
    people = [p["id"] for p in (await any_door.look("/sim/api/state"))[1]["people"] if p["unit"]]
    state = (await any_door.look("/sim/api/state"))[1]["rooms"]
    members = [p for p in people if p in state[0]["people"]]

    async def speaks(turn: int) -> None:
        for again in range(4):
            person = members[(turn + again * 5) % len(members)]
            text = chance.choice(["收到", "大家好", "收 1"])
            status, body = await any_door.call("/sim/api/messages", {"from": person, "room": "members", "text": text})
            assert status == 200, body
            posted.add(body["id"])

    seen: list[int] = []

    async def polls(done: asyncio.Event) -> None:
        while True:
            last = done.is_set()
            seen.extend(m["id"] for m in await any_door.sees("head", "members", after=seen[-1] if seen else 0))
            if last:
                return

    done = asyncio.Event()
    poller = asyncio.create_task(polls(done))
    await asyncio.gather(*(speaks(turn) for turn in range(64)))
    await any_door.demo.bot.settle()
    done.set()
    await poller
    assert seen == sorted(set(seen))
    assert posted <= set(seen)
    assert seen == [m["id"] for m in await any_door.sees("head", "members")]
