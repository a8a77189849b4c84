"""A thousand leads, each with a mark of its own, through every path; then every file, log, message, figure and answer
is searched for the marks in every form in which they could stand there. None may be found."""

import asyncio
import base64
import contextlib
import io
import json
import logging
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import world
from aiohttp.test_utils import TestClient, TestServer
from browsing import Demo
from canaries import canary, files, hits
from pictures import photo
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from world import World

from bot.faults import Fault
from bot.journal_desk import look
from models import leads


async def told(office: World) -> dict[str, bytes]:
    """What the bot said to everybody, what stands in the rooms, and what every open route answers."""
    roster = await office.posts.roster()
    said = {}
    for person in roster.people:
        messages = await office.demo.simulator.listing(person, None, 0)
        said[f"to {person}"] = repr([m for m in messages if m.author == "bot"]).encode()
    for room in roster.rooms:
        said[room] = repr(await office.room(room)).encode()
    async with TestClient(TestServer(office.demo.app)) as client:
        for token in ("demo", "demo-lead", "demo-audit"):
            for path in ("/metrics", "/healthz", "/readyz", "/api/notices?state=all", "/api/reports", "/api/outbox",
                         "/api/alarms", "/api/leads/counts", "/api/leads", "/api/leads/L-0001", "/sim/api/state"):  # fmt: skip
                answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
                said[f"{path} as {token}"] = await answer.read()
    return said


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[World]:
    """An office in which errors are the point."""
    async with world.opened(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any logger says, from DEBUG up, with its tracebacks."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    loggers = [logging.getLogger(name) for name in ("bot", "handlers", "models", "aiohttp", "asyncio", "sqlalchemy")]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.DEBUG if one.name != "sqlalchemy" else logging.WARNING)
    yield heard
    for one in loggers:
        one.removeHandler(handler)
        one.setLevel(logging.NOTSET)


async def say(office: World, person: str, words: str, room: str | None = None, images: tuple[bytes, ...] = ()) -> None:
    body = {"from": person, "room": room, "text": words, "images": [base64.b64encode(i).decode() for i in images]}
    with contextlib.suppress(Fault, OperationalError):  # what is refused must leave nothing behind either
        await office.posts.message(body)


async def normally(office: World, marks: list[str]) -> None:
    """Private leads, unsaid ones that are confirmed or denied, added ones, nameless ones, and those typed in a room."""
    people = [f"u{n:03d}" for n in range(1, 41)]
    for start in range(0, len(marks), 100):
        some = marks[start : start + 100]
        waiting = []
        for index, mark in enumerate(some):
            person = people[index % 40]
            waiting.append(
                {
                    0: lambda p=person, m=mark: say(office, p, f"线索 某村{m}开赌场"),
                    1: lambda p=person, m=mark: say(
                        office, p, f"某某{m}欺行霸市", "members" if p < "u032" else "counties"
                    ),
                    2: lambda p=person, m=mark: say(office, p, f"昨晚看见{m}在桥下"),
                    3: lambda p=person, m=mark: say(office, p, f"匿名线索 暗号 {m} 有人聚赌{m}"),
                    4: lambda p=person, m=mark: say(office, p, f"报 线索：{m}强揽工程，老板叫张海{m}"),
                    5: lambda p=person, m=mark: say(office, p, f"举报 {m}", "members"),
                    6: lambda p=person, m=mark: say(office, p, f"补充 L-0001 {m}"),
                    7: lambda p=person, m=mark: say(office, p, f"线索 {m}", None, (photo(),)),
                }[index % 8]()  # type: ignore[no-untyped-call]
            )
        await asyncio.gather(*waiting)
        await asyncio.gather(*(say(office, p, "不是" if n % 2 else "是") for n, p in enumerate(people)))
    await office.demo.bot.settle()


@pytest.mark.timeout(300)
async def test_of_a_thousand_leads_on_every_path_nothing_is_found(
    office: World, log: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """M-09."""
    marks = [canary() for _ in range(1000)]
    await normally(office, marks[:900])
    await say(office, "u018", f"线索 {marks[900]}")
    for mark in marks[900:910]:  # no picture at all, and one that is not what it says
        await say(office, "u018", f"线索 {mark}", None, (b"\x89PNG\r\n\x1a\n" + mark.encode() * 50,))
    with monkeypatch.context() as broken:  # the database refuses, and its error quotes what it was given

        async def refuse(*given: Any, **named: Any) -> None:
            raise OperationalError(f"INSERT {marks[910]} {given} {named}", {"x": marks[911]}, Exception(marks[912]))

        broken.setattr(leads, "keep", refuse)
        for mark in marks[910:930]:
            await say(office, "u018", f"线索 {mark}")
            await say(office, "u018", f"某某{mark}欺行霸市", "members")
    with monkeypatch.context() as broken:  # a handler fails with the words in its hand

        def stumble(*given: Any, **named: Any) -> None:
            raise RuntimeError(f"{given!r} {named!r} {marks[930]}")

        broken.setattr("handlers.lead_sealing.seal", stumble)
        for mark in marks[930:950]:
            await say(office, "u018", f"线索 {mark}")
            await say(office, "u018", f"某某{mark}欺行霸市", "members")
    with monkeypatch.context() as broken:  # a template is wrong
        words = office.demo.bot.around.words

        def faulty(template: str, facts: Any) -> str:
            if template.startswith("lead"):
                raise ValueError(f"{template} {facts}")
            return words(template, facts)

        broken.setattr(office.demo.bot.around, "words", faulty)
        office.demo.bot.around._held = None
        for mark in marks[950:970]:
            await say(office, "u018", f"线索 {mark}")
            await say(office, "u018", f"某某{mark}欺行霸市", "members")
    office.demo.bot.around._held = None
    async with office.demo.bot.store.engine.begin() as connection:  # no page is left
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    for mark in marks[970:]:
        await say(office, "u018", f"线索 {mark}" * 20)
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1073741823"))
    assert (await office.api("/api/leads/counts"))["total"] > 400
    await look(office.demo.bot, str(office.folder.parent / "journal.jsonl"))
    with contextlib.closing(sqlite3.connect(office.folder / "shoudao.sqlite3")) as database:  # as a backup is made
        database.execute(f"VACUUM INTO '{office.folder.parent / 'copy.sqlite3'}'")
    places = files(office.folder) | files(office.folder.parent) | await told(office)
    out, err = capfd.readouterr()
    places |= {"log": log.getvalue().encode(), "stdout": out.encode(), "stderr": err.encode()}
    assert any(name.endswith("-wal") for name in places) and places["log"]
    assert {"journal.jsonl", "copy.sqlite3"} <= set(places) and len(places["copy.sqlite3"]) > 1_000_000
    assert hits(places) == []


async def test_the_search_finds_what_is_there(office: World) -> None:
    mark = canary()
    for shift in range(3):
        for plain in (mark.encode(), mark.encode("utf-16-le"), json.dumps(mark).encode()):
            assert hits({"x": b"a" * shift + plain})
            assert hits({"x": base64.b64encode(b"abc"[:shift] + plain + b"xyz")})
    (await office.says("u018", f"报 宣传单5份 {mark}", room="members")).all_to()
    assert hits(files(office.folder.parent))


@pytest.mark.timeout(120)
async def test_a_killed_process_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo", at="2026-11-18T15:00+08:00")
    marks: list[str] = []
    taken = 0
    for _ in range(3):
        await demo.start()
        async with aiohttp.ClientSession(demo.origin) as client:

            async def post(number: int, client: aiohttp.ClientSession = client) -> bool:
                mark = canary()
                marks.append(mark)
                room, words = (None, f"线索 某村{mark}") if number % 2 else ("members", f"某某{mark}欺行霸市")
                body = {"from": f"u{number % 20 + 1:03d}", "room": room, "text": words}
                try:
                    async with client.post("/sim/api/messages", json=body) as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            posting = [asyncio.create_task(post(number)) for number in range(60)]
            await asyncio.wait(posting, return_when=asyncio.FIRST_COMPLETED)
            await demo.end(signal.SIGKILL)
            taken += sum(await asyncio.gather(*posting))
    await demo.start()
    async with (
        aiohttp.ClientSession(demo.origin, headers={"Authorization": "Bearer demo"}) as client,
        client.get("/api/leads/counts") as answer,
    ):
        assert (await answer.json())["total"] >= taken
    await demo.end(signal.SIGKILL)
    assert taken and len(marks) == 180
    assert hits(files(tmp_path)) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_in_the_files_of_a_postgresql_server_there_is_nothing_either(database: str, tmp_path: Path) -> None:
    """Tables, indexes and the write-ahead log, as they lie on its disk."""
    marks = [canary() for _ in range(96)]
    async with world.opened(tmp_path / "data", database) as office:
        await normally(office, marks)
        async with office.demo.bot.store.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("CHECKPOINT"))
            leads_file = (await connection.execute(text("SELECT pg_relation_filepath('leads')"))).scalar_one()
            wal = list(await connection.scalars(text("SELECT 'pg_wal/' || name FROM pg_ls_waldir()")))
            tables = text("SELECT :folder || '/' || name FROM pg_ls_dir(:folder) AS name")
            read = text("SELECT pg_read_binary_file(:file)")
            names = [*wal, *await connection.scalars(tables, {"folder": str(Path(leads_file).parent)})]
            places = {one: (await connection.execute(read, {"file": one})).scalar_one() for one in names}
        assert (await office.api("/api/leads/counts"))["total"] > 40
        assert any(b"lead.register" in data for data in places.values())
        assert hits(places) == []
