"""The clock of the simulator: moved on, never back, and everything on the way done in its order."""

import asyncio
from typing import Any

from door import Door, is_fault

ODD: tuple[Any, ...] = (None, 0, 1, -1, 1.5, True, [], ["PT1H"], {}, 10**400)
BAD: list[dict[str, Any]] = [
    {},
    {"now": "2026-11-19T08:00+08:00"},
    {"advance": "PT1H", "to": "2026-11-19T08:00+08:00"},
    {"advance": None, "to": None},
    *({"advance": odd} for odd in ODD),
    *(
        {"advance": odd}
        for odd in ("", "2h", "-PT2H", "P1Y", "P1M", "PT", "P", "PT1.5H", "pt1h", "P" + "9" * 5000 + "D")
    ),
    *({"advance": far} for far in ("P9999W", "P99999D", "PT999999H", "P401D", "PT999999999S")),
    *({"to": odd} for odd in ODD),
    *(
        {"to": odd}
        for odd in ("", "tomorrow", "2026-11-19", "2026-11-19T08:00", "08:00+08:00", "\ud800", "2026-13-01T00:00Z")
    ),
    *({"to": past} for past in ("2026-11-18T14:59+08:00", "1970-01-01T00:00Z", "0001-01-01T00:00:00+14:00")),
    *({"to": far} for far in ("9999-12-31T23:59:59-12:00", "2036-01-01T00:00Z", "2026-11-19T08:00+99:00")),
]


async def test_odd_moves_are_refused_and_leave_the_clock_alone(door: Door) -> None:
    wrong = []
    for body in BAD:
        status, answer = await door.call("/sim/api/clock", body)
        if not is_fault(status, answer, 400):
            wrong.append((str(body)[:100], status, answer))
    assert wrong == []
    assert (await door.look("/sim/api/state"))[1]["now"] == "2026-11-18T15:00:00+08:00"


async def test_the_clock_goes_on_by_a_duration_or_to_an_instant(door: Door) -> None:
    assert await door.moves(advance="PT2H") == "2026-11-18T17:00:00+08:00"
    assert await door.moves(to="2026-11-19T08:00+08:00") == "2026-11-19T08:00:00+08:00"
    assert await door.moves(to="2026-11-19T01:00:00Z") == "2026-11-19T09:00:00+08:00"
    assert await door.moves(advance="PT0S") == "2026-11-19T09:00:00+08:00"
    assert await door.moves(to="2026-11-19T09:00+08:00") == "2026-11-19T09:00:00+08:00"


async def test_three_days_at_once_do_everything_on_the_way_in_its_order(any_door: Door) -> None:
    await any_door.issues()
    await any_door.says("u018", "收到", "members")
    await any_door.moves(advance="P3D")
    said = [m for p in ("clerk", "u017", "head") for m in await any_door.bots(p)]
    said += await any_door.bots("clerk", "members")
    assert [m["time"] for m in sorted(said, key=lambda m: m["id"])] == sorted(m["time"] for m in said)
    chases = [m["time"] for m in await any_door.bots("u017")]
    assert chases and all(time < "2026-11-21" for time in chases)
    assert len(chases) <= 2 + 2  # R2: a unit gets at most two a day, and then it is the office's turn
    assert not [m for m in await any_door.bots("u018") if m["time"] > "2026-11-19"]  # R12
    summaries = [m for m in await any_door.bots("clerk", "members") if "T17:30" in m["time"]]
    assert summaries and summaries[0]["time"].startswith("2026-11-18T17:30")
    for person in ("clerk", "u017"):
        for message in await any_door.bots(person):  # R3: nothing leaves unasked outside working hours
            assert "08:00" <= message["time"][11:16] <= "18:00", message
    async with any_door.demo.bot.store.read() as session:
        from models import outbox

        due = await outbox.next_due(session)
    assert due is None or due > any_door.demo.clock.now()


async def test_two_calls_at_once_take_turns(door: Door) -> None:
    await door.issues()
    moves = [door.call("/sim/api/clock", {"advance": "PT2H"}), door.call("/sim/api/clock", {"advance": "PT3H"})]
    answers = await asyncio.gather(*moves)
    assert all(status == 200 for status, _ in answers)
    assert max(body["now"] for _, body in answers) == "2026-11-18T20:00:00+08:00"
    same = [door.call("/sim/api/clock", {"to": "2026-11-19T08:00+08:00"}) for _ in range(4)]
    assert {body["now"] for _, body in await asyncio.gather(*same)} == {"2026-11-19T08:00:00+08:00"}


async def test_posts_during_a_long_move_are_all_done_once(any_door: Door) -> None:
    await any_door.issues()
    people = [f"u{n:03}" for n in range(1, 25)]

    async def speaks(person: str) -> int:
        status, body = await any_door.call("/sim/api/messages", {"from": person, "text": "收 1"})
        assert status == 200, body
        return int(body["id"])

    results = await asyncio.gather(any_door.call("/sim/api/clock", {"advance": "P3D"}), *map(speaks, people))
    await any_door.demo.bot.settle()
    assert results[0][0] == 200
    assert len(set(results[1:])) == len(people)
    for person in people:
        answers = [m for m in await any_door.bots(person) if m["text"].startswith(("已签收", "〔1号〕已签收", "收到"))]
        ids = [m["id"] for m in await any_door.sees(person)]
        assert ids == sorted(set(ids)) and len(answers) <= 1
    status, notice = await any_door.look("/api/notices/1", "demo")
    assert status == 200
    acked = [e for r in notice["receipts"] for e in r["events"] if e["what"] == "acked"]
    assert len(acked) == len(people)
