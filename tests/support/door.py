"""The simulator's door over real HTTP: a demo behind a server on loopback, and a client that speaks JSON to it."""

import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

from bot.demo import Demo, open_demo
from models.inbox import Inbox

START = datetime.fromisoformat("2026-11-18T15:00+08:00")
NOTICE = "通知 请各单位报送摸排方案，收到请回复。 明天下班前"


class Door:
    """One demo and one client."""

    def __init__(self, demo: Demo, client: TestClient[Any, Any]) -> None:
        self.demo, self.client = demo, client

    async def call(self, path: str, body: Any) -> tuple[int, Any]:
        """POST a value as JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.client.post(path, data=io.BytesIO(data)) as answer:
            return answer.status, await told(answer)

    async def look(self, path: str, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.client.get(path, headers=headers) as answer:
            return answer.status, await told(answer)

    async def says(self, person: str, text: str, room: str | None = None, **more: Any) -> int:
        """Post one message, let the bot answer, give the message's id."""
        status, answer = await self.call("/sim/api/messages", {"from": person, "room": room, "text": text, **more})
        assert status == 200, answer
        await self.demo.bot.settle()
        return int(answer["id"])

    async def presses(self, person: str, message: int, key: str) -> int:
        status, answer = await self.call("/sim/api/clicks", {"from": person, "message": message, "key": key})
        assert status == 200, answer
        await self.demo.bot.settle()
        return int(answer["id"])

    async def sees(self, person: str, room: str = "private", after: int = 0) -> list[dict[str, Any]]:
        status, found = await self.look(f"/sim/api/messages?as={person}&room={room}&after={after}")
        assert status == 200, found
        return list(found)

    async def bots(self, person: str, room: str = "private", after: int = 0) -> list[dict[str, Any]]:
        """What the bot said there."""
        return [m for m in await self.sees(person, room, after) if m["from"] == "bot"]

    async def issues(self, text: str = NOTICE, number: int = 1) -> dict[str, Any]:
        """Send a notice to everybody; gives its post in the room of the member units."""
        await self.says("clerk", text)
        await self.says("clerk", f"发 {number}")
        return (await self.bots("clerk", "members"))[-1]

    async def moves(self, **body: str) -> str:
        status, answer = await self.call("/sim/api/clock", body)
        assert status == 200, answer
        return str(answer["now"])

    async def stored(self) -> int:
        """How many messages and clicks the database holds."""
        async with self.demo.bot.store.read() as session:
            return int((await session.execute(select(func.count()).select_from(Inbox))).scalar_one())


async def told(answer: ClientResponse) -> Any:
    text = await answer.text()
    return json.loads(text) if answer.content_type == "application/json" else text


def is_fault(status: int, body: Any, expected: int | None = None) -> bool:
    """4xx with exactly one key and one Chinese sentence that quotes nobody."""
    if not 400 <= status < 500 or (expected is not None and status != expected):
        return False
    if not isinstance(body, dict) or list(body) != ["error"] or not isinstance(body["error"], str):
        return False
    sentence = body["error"]
    return bool(re.search("[\u4e00-\u9fff]", sentence)) and "\n" not in sentence and len(sentence) < 100


@asynccontextmanager
async def opened(
    folder: Path, url: str = "", *, at: datetime | None = START, frozen: bool = True
) -> AsyncIterator[Door]:
    async with (
        open_demo(folder, at=at, url=url, frozen=frozen) as demo,
        TestClient(TestServer(demo.app)) as client,
    ):
        yield Door(demo, client)
