"""The event stream: every message and edit, in order, for those who can see it, and for no longer than they read."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientError, ClientResponse
from door import Door

from bot.channels import simulator_streams
from bot.channels.simulator_streams import Stream, Streams, Told

Event = tuple[str, dict[str, Any]]


class Page:
    """One open stream."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> Event:
        lines: list[str] = []
        while True:
            line = (await asyncio.wait_for(self.answer.content.readline(), 10)).decode()
            if not line:
                raise EOFError
            if line.strip():
                lines.append(line.strip())
            elif any(one.startswith("event: ") for one in lines):
                found = dict(one.split(": ", 1) for one in lines if not one.startswith(":"))
                return found["event"], json.loads(found["data"])
            else:
                lines = []

    async def until(self, text: str) -> list[Event]:
        """All events up to the message with that text."""
        found = [await self.next()]
        while found[-1][1]["text"] != text:
            found.append(await self.next())
        return found


@asynccontextmanager
async def page(door: Door, person: str) -> AsyncIterator[Page]:
    async with door.client.get(f"/sim/api/stream?as={person}") as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"
        yield Page(answer)


async def test_messages_and_edits_arrive_in_order_for_those_who_can_see_them(any_door: Door) -> None:
    async with page(any_door, "head") as head, page(any_door, "head") as again, page(any_door, "u018") as liaison:
        notice = await any_door.issues()
        await any_door.presses("u018", notice["id"], notice["buttons"][0]["key"])
        await any_door.says("u017", "线索 某某市场有人强收摊位费", "members")
        await any_door.says("u018", "我自己的话")
        await any_door.says("u018", "完", "members")
        seen = await head.until("完")
        assert await again.until("完") == seen
        mine = await liaison.until("完")
    shown = await any_door.sees("head", "members") + await any_door.sees("head", "counties")
    ids = [m["id"] for event, m in seen if event == "message"]
    assert ids == sorted(m["id"] for m in shown)
    assert "强收摊位费" not in str(seen) + str(mine)
    edits = [m for event, m in seen if event == "edit" and m["room"] == "members"]
    card = next(m for m in shown if m["id"] == notice["id"])
    assert edits and edits[-1] == card
    assert {m["room"] for _, m in mine} == {"members", None}
    assert "我自己的话" in str(mine) and "我自己的话" not in str(seen)
    assert [m["id"] for e, m in mine if e == "message"] == sorted(m["id"] for e, m in mine if e == "message")


async def test_what_a_stream_shows_is_what_a_list_shows(door: Door) -> None:
    async with page(door, "u018") as liaison:
        await door.issues()
        await asyncio.gather(
            *(door.says("u018", f"第{n}句", "members" if n % 2 else None) for n in range(20)),
            door.says("u018", "收到", "members"),
        )
        await door.says("u018", "完")
        events = await liaison.until("完")
    last = events[-1][1]["id"]
    found = await door.sees("u018") + await door.sees("u018", "members")
    listed = sorted((m for m in found if m["id"] <= last), key=lambda m: m["id"])
    messages = {m["id"]: m for event, m in events if event == "message"}
    for event, message in events:
        if event == "edit":
            messages[message["id"]] = message
    assert [messages[m["id"]]["id"] for m in listed] == [m["id"] for m in listed] == list(messages)


async def test_a_page_that_closed_is_forgotten(door: Door) -> None:
    streams = door.demo.simulator.streams
    async with page(door, "u018"), page(door, "u018"):
        assert len(streams.open) == 2
    await door.says("u018", "还在吗", "members")
    for _ in range(200):
        if not streams.open:
            break
        await door.says("u017", "嗯", "members")
    assert not streams.open


async def test_a_reader_too_slow_is_cut_off_and_nobody_else_notices(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator_streams, "KEPT", 3)
    async with page(door, "u018") as slow, page(door, "clerk") as quick:
        streams = door.demo.simulator.streams
        reader = next(s for s in streams.open if s.person == "u018")
        for number in range(4):
            streams.told(_told(-number))
        assert reader not in streams.open
        with pytest.raises((EOFError, ClientError)):
            while True:
                await slow.next()
        await door.says("clerk", "还在", "counties")
        assert (await quick.until("还在"))[-1][0] == "message"


def _told(number: int) -> Told:
    async def look() -> None:
        return None

    return Told("message", number, None, "u018", look)


async def test_nothing_is_told_before_an_earlier_message_is_settled() -> None:
    streams = Streams()
    mine = Stream("u018", lambda room: True, lambda: None)
    with streams.opened(mine):
        first, second, third = streams.next_id(), streams.next_id(), streams.next_id()
        streams.told(_told(third))
        streams.landed(third)
        streams.told(_told(first))
        assert mine.waiting.empty() and streams.horizon == first
        streams.landed(first)
        assert streams.horizon == second
        streams.landed(second)  # it failed, so there is nothing to tell
        numbers = [told.number for told in (mine.waiting.get_nowait(), mine.waiting.get_nowait()) if told]
        assert numbers == [first, third] and streams.horizon == third + 1


async def test_what_an_event_shows_is_looked_up_once_for_all_pages() -> None:
    looked = []

    async def look() -> str:
        looked.append(1)
        await asyncio.sleep(0)
        return "x"

    told = Told("edit", 1, "members", None, look)
    assert await asyncio.gather(*(told.data() for _ in range(5))) == ["x"] * 5
    assert looked == [1]
