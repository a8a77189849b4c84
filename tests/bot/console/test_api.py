"""The read API as interfaces.md has it: who may, what shapes, and one sentence for everything else."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import door as doors
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from door import Door, is_fault
from pydantic import SecretStr

from bot.console.access import grants, sentences
from bot.console.api import Api
from bot.settings import Token
from models.people import Role

NOTICE = {
    "number", "version", "kind", "text", "state", "issued_at", "ack_due", "done_due", "total", "acked", "done",
}  # fmt: skip
RECEIPT = {"unit", "state", "marks", "acked_at", "acked_by", "how", "on_version", "events"}
EVENT = {"at", "what", "by", "how", "message"}
PATHS = (
    "/api/notices",
    "/api/notices/1",
    "/api/units",
    "/api/reports",
    "/api/leads/counts",
    "/api/outbox",
    "/api/alarms",
    "/api/photos/x.jpg",
)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with doors.opened(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
async def any_door(database: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with doors.opened(tmp_path / "data", database) as opened:
        yield opened


async def _get(door: Door, path: str) -> Any:
    status, body = await door.look(path, "demo")
    assert status == 200, body
    return body


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_good_token_nothing_is_told(door: Door, path: str) -> None:
    for header in ("", "demo", "Bearer", "Bearer ", "Bearer wrong", "Basic demo", "Bearer demo x", "Bearer démo"):
        async with door.client.get(path, headers={"Authorization": header} if header else {}) as answer:
            assert is_fault(answer.status, await answer.json(), 401), header
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    async with door.client.get(path + "?token=demo") as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("role", "open_to"),
    [
        (Role.CLERK, set(PATHS)),
        (Role.HEAD, set(PATHS)),
        (Role.AUDITOR, {"/api/notices", "/api/leads/counts", "/api/alarms"}),
        (Role.LEAD_OFFICER, {"/api/leads/counts"}),
        (Role.ADMIN, {"/api/units", "/api/outbox", "/api/alarms", "/api/leads/counts"}),
    ],
)
async def test_beyond_the_role_of_the_token_is_forbidden(door: Door, role: Role, open_to: set[str]) -> None:
    app = web.Application(middlewares=[sentences])
    Api(door.demo.bot, grants([Token(token=SecretStr("t"), role=role)])).add_to(app)
    async with TestClient(TestServer(app)) as client:
        for path in PATHS:
            async with client.get(path, headers={"Authorization": "Bearer t"}) as answer:
                assert (answer.status != 403) == (path in open_to), path
                assert answer.status in (200, 404) or is_fault(answer.status, await answer.json(), 403)


async def test_a_token_may_be_configured_by_its_hash(door: Door) -> None:
    digest = "2A97516C354B68848CDBD8F54A226A0A55B21ED138E207AD6C5CBB9C00AA5AEA"  # of "demo"
    app = web.Application(middlewares=[sentences])
    Api(door.demo.bot, grants([Token(token_sha256=digest, role=Role.CLERK)])).add_to(app)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/api/units", headers={"Authorization": "Bearer demo"})).status == 200
        assert (await client.get("/api/units", headers={"Authorization": f"Bearer {digest}"})).status == 401
        assert (await client.get("/api/units", headers={"Authorization": "Bearer "})).status == 401


async def test_notices_tell_their_state_their_times_and_their_counts(any_door: Door) -> None:
    assert await _get(any_door, "/api/notices") == []
    await any_door.says("clerk", doors.NOTICE)
    drafts = await _get(any_door, "/api/notices?state=draft")
    assert [n["state"] for n in drafts] == ["draft"] and await _get(any_door, "/api/notices") == []
    await any_door.says("clerk", "发 1")
    await any_door.says("u018", "收到", "members")
    found = await _get(any_door, "/api/notices")
    assert found == await _get(any_door, "/api/notices?state=open") == await _get(any_door, "/api/notices?state=all")
    notice = found[0]
    assert set(notice) == NOTICE
    assert notice["number"] == 1 and notice["version"] == 1 and notice["kind"] == "签收" and notice["state"] == "open"
    assert notice["total"] == 41 and notice["acked"] == 1 and notice["done"] == 1
    assert notice["ack_due"] == "2026-11-19T18:00:00+08:00" and notice["done_due"] is None
    assert notice["issued_at"] == "2026-11-18T15:00:00+08:00"
    await any_door.says("clerk", "办结 1")
    assert await _get(any_door, "/api/notices") == []
    assert [n["number"] for n in await _get(any_door, "/api/notices?state=closed")] == [1]


async def test_a_notice_tells_its_receipts_in_official_order_and_how_each_came(any_door: Door) -> None:
    notice = await any_door.issues()
    await any_door.presses("u001", notice["id"], notice["buttons"][0]["key"])
    by_text = await any_door.says("u002", "收到", "members")
    await any_door.says("u003", "收到", "members", quote=notice["id"])
    await any_door.says("u004", "收 1", "members")
    await any_door.says("u005", "收到")
    await any_door.says("clerk", "代 市水利局 收到 电话确认")
    whole = await _get(any_door, "/api/notices/1")
    assert set(whole) == NOTICE | {"receipts"}
    units = [u["unit"] for u in await _get(any_door, "/api/units")]
    assert [r["unit"] for r in whole["receipts"]] == units and len(units) == 41
    people = {p["unit"]: p["id"] for p in (await any_door.look("/sim/api/state"))[1]["people"] if p["unit"]}
    how = {people[r["unit"]]: r["how"] for r in whole["receipts"] if r["how"]}
    assert how == {
        "u001": "button", "u002": "text", "u003": "quote", "u004": "number", "u005": "private", "u018": "proxy",
    }  # fmt: skip
    for receipt in whole["receipts"]:
        assert set(receipt) == RECEIPT
        assert all(EVENT <= set(e) <= EVENT | {"note"} for e in receipt["events"])
    texted = next(r for r in whole["receipts"] if people[r["unit"]] == "u002")
    assert texted["state"] == "已签收" and texted["acked_by"] == "u002" and texted["on_version"] == 1
    assert datetime.fromisoformat(texted["acked_at"]) == doors.START
    assert [e["what"] for e in texted["events"]] == ["delivered", "acked"]
    assert texted["events"][1]["message"] == by_text
    owing = next(r for r in whole["receipts"] if people[r["unit"]] == "u006")
    assert (owing["state"], owing["acked_at"], owing["how"], owing["marks"]) == ("待签收", None, None, [])
    proxied = next(r for r in whole["receipts"] if people[r["unit"]] == "u018")
    assert "代签" in proxied["marks"]


@pytest.mark.parametrize(
    "number", ["0", "2", "-1", "1.0", "abc", "１", "²", "9" * 9, "9" * 400, "1;2", "%00", "%ff", "all"]
)
async def test_a_notice_that_is_not_there_is_unknown(door: Door, number: str) -> None:
    await door.issues()
    assert is_fault(*await door.look(f"/api/notices/{number}", "demo"), 404)


async def test_odd_parameters_are_refused(door: Door) -> None:
    for state in ("", "OPEN", "open,closed", "x", "%00", "'", "开"):
        assert is_fault(*await door.look(f"/api/notices?state={state}", "demo"), 400), state
        assert is_fault(*await door.look(f"/api/outbox?state={state}", "demo"), 400), state
    days = ("", "today", "2026-13-01", "2026-02-30", "0001-01-01", "9999-12-31", "2026-11-18T00:00", "%ff", "9" * 900)
    for name in ("from", "to"):
        for day in days:
            assert is_fault(*await door.look(f"/api/reports?{name}={day}", "demo"), 400), (name, day)
    assert is_fault(*await door.look("/api/reports?from=2026-11-19&to=2026-11-18", "demo"), 400)
    for unit in ("x", "市水利", "%00", "%ff", "a" * 3000):
        assert is_fault(*await door.look(f"/api/reports?unit={unit}", "demo"), 404), unit


async def test_reports_tell_their_figures_and_where_they_came_from(any_door: Door) -> None:
    message = await any_door.says("u018", "报 宣传单5000余份 短信50余万条 累计线索147条")
    found = await _get(any_door, "/api/reports")
    assert len(found) == 1 and set(found[0]) == {"id", "unit", "by", "at", "text", "notice", "figures", "photos"}
    report = found[0]
    assert (report["unit"], report["by"], report["notice"], report["photos"]) == ("市水利局", "u018", None, [])
    assert report["at"] == "2026-11-18T15:00:00+08:00"
    shape = {"label", "value", "vagueness", "measure", "basis", "source_message"}
    assert all(set(f) == shape for f in report["figures"])
    figures = [(f["value"], f["vagueness"], f["measure"], f["basis"]) for f in report["figures"]]
    assert figures == [(5000, "余", "份", None), (500_000, "余", "条", None), (147, "exact", "条", "累计")]
    assert {f["source_message"] for f in report["figures"]} == {message}
    assert await _get(any_door, "/api/reports?from=2026-11-18&to=2026-11-18") == found
    assert await _get(any_door, "/api/reports?unit=市水利局") == found
    for other in ("from=2026-11-19", "to=2026-11-17", "unit=市公安局"):
        assert await _get(any_door, f"/api/reports?{other}") == []


async def test_units_tell_the_roster_in_official_order(door: Door) -> None:
    units = await _get(door, "/api/units")
    water = next(u for u in units if u["unit"] == "市水利局")
    assert {"unit", "liaison", "stand_in", "leave"} <= set(water)
    assert water["liaison"]["id"] == "u018" and water["stand_in"] is None and water["leave"] is None
    assert [u["number"] for u in units] == sorted(u["number"] for u in units)


async def test_of_leads_only_numbers_are_told(any_door: Door) -> None:
    assert (await _get(any_door, "/api/leads/counts"))["total"] == 0
    await any_door.says("u018", "线索 某某市场有人强收摊位费")
    counts = await _get(any_door, "/api/leads/counts")
    assert set(counts) == {"total", "this_month", "by_stage"}
    assert counts["total"] == counts["this_month"] == 1 and sum(counts["by_stage"].values()) == 1
    assert "摊位费" not in str([await _get(any_door, p) for p in PATHS[2:7]])


async def test_the_outbox_names_what_a_person_must_settle(door: Door) -> None:
    await door.issues()
    assert await _get(door, "/api/outbox?state=unknown") == []
    sent = await _get(door, "/api/outbox?state=sent")
    shape = {"id", "kind", "room", "person", "notice", "state", "created_at", "reason"}
    assert sent and all(set(row) == shape for row in sent)
    assert {row["notice"] for row in sent if row["kind"] == "notice"} == {1}
    assert await _get(door, "/api/alarms") == []


async def test_only_get_is_answered(door: Door) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in PATHS:
            async with door.client.request(method, path, headers={"Authorization": "Bearer demo"}) as answer:
                assert answer.status == 405 and is_fault(answer.status, await answer.json()), (method, path)
