"""The page as it is served: what stands on it, what its stream changes, and what its form posts."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData
from door import Door, is_fault, told
from pictures import photo

from bot.channels import simulator_form, simulator_sight
from bot.channels.simulator_reading import newest
from bot.channels.simulator_streams import Told

ODD = "<img src=x onerror=alert(1)> {{7*7}} <@all> ${7*7}\r\n'\" https://example.org |a|b|\n|-|-|"
HTMX = {"HX-Request": "true"}


async def fetched(door: Door, path: str, **more: Any) -> str:
    async with door.client.get(path, **more) as answer:
        assert answer.status == 200 and answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-store"
        return await answer.text()


class Watch:
    """The page's stream: events by name, in their order."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer

    async def until(self, name: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while not found or found[-1][0] != name:
            event = (await asyncio.wait_for(self.answer.content.readuntil(b"\n\n"), 10)).decode()
            if event.startswith("event: "):
                first, *lines = event.strip().split("\n")
                found.append((first.removeprefix("event: "), "\n".join(line.removeprefix("data: ") for line in lines)))
        return found


@asynccontextmanager
async def watching(door: Door, person: str, room: str, known: str = "") -> AsyncIterator[Watch]:
    async with door.client.get("/sim/stream", params={"as": person, "room": room, "known": known}) as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"
        yield Watch(answer)


async def test_what_people_write_stands_on_the_page_as_text(door: Door) -> None:
    await door.says("u018", ODD, "members")
    await door.says("u018", ODD)
    for room in ("members", "private"):
        page = await fetched(door, f"/sim?as=u018&room={room}")
        assert "<img src=x" not in page and "&lt;img src=x onerror=alert(1)&gt; {{7*7}} &lt;@all&gt;" in page
        assert '<a href="https' not in page and "<table" not in page and 'class="mention"' not in page
        assert not re.search(
            r"<script(?![^>]*src=)|\son\w+=|style=|https?://(?!example)", page.replace(" onerror=", "")
        )


async def test_the_page_lets_no_text_become_code_and_keeps_none_in_the_browser(door: Door) -> None:
    page = await fetched(door, "/sim")
    found = re.search(r"name=\"htmx-config\" content='([^']+)'", page)
    assert found
    config = json.loads(found[1])
    assert config["allowEval"] is config["allowScriptTags"] is config["includeIndicatorStyles"] is False
    assert config["historyCacheSize"] == 0
    assert "unsafe" not in page


async def test_an_address_that_leads_nowhere_is_put_right(door: Door) -> None:
    for path, place in (
        ("/sim?as=nobody&room=members", "/sim?as=clerk&room=members"),
        ("/sim?as=lead1&room=members", "/sim?as=lead1&room=private"),
        ("/sim?as=u018&room=%00%ff", "/sim?as=u018&room=private"),
        ("/sim", "/sim?as=clerk"),
        ("/sim?as=u018&room=members", None),
    ):
        async with door.client.get(path, headers=HTMX) as answer:
            assert answer.status == 200 and answer.headers.get("HX-Push-Url") == place, path
            assert (await answer.text()).lstrip().startswith("<main"), path


async def test_what_one_may_not_see_is_on_no_page(door: Door) -> None:
    await door.says("u018", "我自己的话")
    await door.says("u018", "在群里说", "members")
    for person, room in (("u017", "private"), ("clerk", "private"), ("lead1", "members"), ("u040", "members")):
        page = await fetched(door, f"/sim?as={person}&room={room}")
        assert "我自己的话" not in page and ("在群里说" in page) is (person in ("u017", "clerk"))
    for path in ("/sim/earlier?as=lead1&room=members&before=99", "/sim/earlier?as=u018&room=members&before=x"):
        assert is_fault(*await door.look(path), 400), path
    assert is_fault(*await door.look("/sim/stream?as=nobody&room=members"), 404)


async def test_a_page_hears_what_happens_while_it_looks(door: Door) -> None:
    notice = await door.issues()
    page = await fetched(door, "/sim?as=head&room=members")
    known = re.search(r"known=([^\"&]+)", page)
    assert known
    async with watching(door, "head", "members", known[1]) as head:
        assert [name for name, _ in await head.until("read")] == ["time", "read"]  # nothing was missed
        await door.says("u018", "大家好", "members")
        (said, words), _ = await head.until("row-members")
        assert said == "message" and "大家好" in words and "市水利局联络员" in words
        await door.presses("u018", notice["id"], notice["buttons"][0]["key"])
        (changed, card), *_ = await head.until(f"edit-{notice['id']}")
        assert changed == f"edit-{notice['id']}" and "已签收 1/41" in card and 'value="1" max="41"' in card
        await door.says("u040", "县里也好", "counties")
        while "县里也好" not in (line := (await head.until("row-counties"))[-1][1]):
            assert "1条未读" in line and "已签收" in line  # the card there was edited too
        assert "2条未读" in line and "有人@我" in line
    async with watching(door, "head", "members", known[1]) as again:
        missed = dict(await again.until("read"))
        assert {"log", "row-members", "row-counties", "row-private", "time"} <= set(missed)
        assert "大家好" in missed["log"] and "已签收 1/41" in missed["log"] and "未读" not in missed["row-members"]
    assert "2条未读" in missed["row-counties"]
    await door.says("u018", "无人看见", "members")
    assert "1条未读" in await fetched(door, "/sim?as=head&room=private")


async def test_of_many_edits_in_one_breath_the_last_is_drawn(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = await door.issues()
    async with watching(door, "head", "members") as head:
        await head.until("read")
        drawn = []
        plain = simulator_sight.Pages.__call__

        def drawing(pages: Any, page: str, **facts: Any) -> str:
            drawn.append(page)
            return plain(pages, page, **facts)

        monkeypatch.setattr(simulator_sight.Pages, "__call__", drawing)
        number, simulator = notice["id"], door.demo.simulator
        for _ in range(10):
            simulator.streams.told(Told("edit", number, "members", None, lambda: simulator.bots(number)))
        await head.until(f"edit-{number}")
        await door.says("u018", "完", "members")
        assert [name for name, _ in await head.until("message")] == ["row-members", "message"]
    assert drawn.count("sim/message") == 2
    drawn.clear()
    await door.says("u018", "没有人看", "members")
    assert not drawn


async def test_another_day_changes_the_times_on_the_page(door: Door) -> None:
    await door.says("u018", "大家好", "members")
    async with watching(door, "clerk", "members") as clerk:
        assert "15:00" in dict(await clerk.until("read"))["log"]
        await door.moves(advance="PT1H")
        assert "11月18日 星期三 16:00" in (await clerk.until("time"))[-1][1]
        await door.moves(to="2026-11-19T08:00+08:00")
        told = dict(await clerk.until("time"))
        assert "昨天 15:00" in told["log"] and "昨天" in told["row-members"] and "快进到明早8点" in told["time"]


async def test_earlier_messages_are_asked_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator_sight, "AT_FIRST", 3)
    ids = [await door.says("u018", f"第{n}句", "members") for n in range(1, 8)]
    seen: list[str] = []
    page = await fetched(door, "/sim?as=u017&room=members")
    while True:
        log = page[page.index("<article") : page.rindex("</article")]
        seen = [*re.findall(r'data-testid="bubble">(.*?)<', log), *seen]
        earlier = re.search(r'hx-get="(/sim/earlier[^"]+)"', page)
        if earlier is None:
            break
        page = await fetched(door, earlier[1].replace("&amp;", "&"))
    assert seen == [f"第{n}句" for n in range(1, 8)]
    assert ids == sorted(ids)


async def test_the_newest_are_the_end_of_the_list_however_far_apart(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.simulator_reading.MOST", 4)
    monkeypatch.setattr("bot.channels.simulator.MOST", 4)
    for turn in range(12):
        await door.says("u018", f"第{turn}句", "members" if turn % 7 else None)
    simulator = door.demo.simulator
    for room in ("members", None):
        everything: list[int] = []
        while page := await simulator.listing("u018", room, everything[-1] if everything else 0):
            everything += [m.id for m in page]
        for most in (1, 3, 10, 100):
            assert [m.id for m in await newest(simulator, "u018", room, most)] == everything[-most:]
            found = await newest(simulator, "u018", room, most, everything[2])
            assert [m.id for m in found] == everything[:2][-most:]


# -- the form ----------------------------------------------------------------------------------------------------------


def form(**fields: str) -> FormData:
    data = FormData({"from": "u018", "room": "private", "text": "", "quote": "", "client": "c1"} | fields)
    data.add_field("images", b"", filename="", content_type="application/octet-stream")  # as a browser sends none
    return data


async def post(door: Door, data: Any, **more: Any) -> tuple[int, Any]:
    async with door.client.post("/sim/messages", data=data, **more) as answer:
        return answer.status, await told(answer)


async def test_the_form_posts_what_the_json_call_posts_and_touches_no_disk(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a file was made")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)  # a private picture may be a lead
    data = form(text="报 宣传单500份\r\n横幅3条")
    data.add_field("images", photo(), filename="a.jpg", content_type="image/jpeg")
    assert await post(door, data) == (204, "")
    again = form(text="报 宣传单500份\r\n横幅3条")
    again.add_field("images", photo(), filename="a.jpg", content_type="image/jpeg")
    assert await post(door, again) == (204, "")  # the same id: the same message
    await door.demo.bot.settle()
    mine = [m for m in await door.sees("u018") if m["from"] == "u018"]
    assert [m["text"] for m in mine] == ["报 宣传单500份\n横幅3条"] and len(mine[0]["images"]) == 1
    assert is_fault(*await post(door, form(text="别的")), 409)
    quoting = form(text="收到", room="members", quote=str((await door.issues())["id"]), client="c2")
    assert await post(door, quoting) == (204, "")
    assert (await door.sees("u018", "members"))[-1]["quote"]


async def test_a_form_that_is_none_is_refused_with_a_sentence(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await door.stored()
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for data, headers, status in (
        (b"", {}, 400),
        (b"{}", {"Content-Type": "application/json"}, 400),
        (b"", kind, 400),
        (b"--x\r\nnothing", kind, 400),
        (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--x--\r\n', kind, 400),
        (b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n", kind, 400),
    ):
        assert is_fault(*await post(door, data, headers=headers), status), data
    for fields, status in (
        ({}, 400),
        ({"text": "x" * 20_001}, 413),
        ({"text": "x" * 300_000}, 413),
        ({"from": "nobody", "text": "x"}, 404),
        ({"from": "bot", "text": "x"}, 403),
        ({"room": "counties", "text": "x"}, 403),
        ({"quote": "12x", "text": "x"}, 404),
        ({"quote": "9" * 99, "text": "x"}, 404),
    ):
        assert is_fault(*await post(door, form(**fields)), status), fields
    assert "内容太长" in (await post(door, form(text="x" * 300_000)))[1]["error"]
    many = form(text="x")
    for _ in range(10):
        many.add_field("images", b"x", filename="a.jpg")
    assert is_fault(*await post(door, many), 413)
    monkeypatch.setattr(simulator_form, "LARGEST", 100)
    large = form()
    large.add_field("images", photo(), filename="a.jpg")
    assert is_fault(*await post(door, large), 413)
    assert await door.stored() == before
