"""Health, readiness and metrics: no token, nothing confidential, and honest when the database is gone."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import door as doors
import pytest
from door import Door
from prometheus_client.parser import text_string_to_metric_families

from models import alarms
from models.store import Store


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with doors.opened(tmp_path / "data") as opened:
        yield opened


def _break(door: Door, monkeypatch: pytest.MonkeyPatch, *, reads: bool) -> None:
    """The disk is full: nothing can be written, and nothing read if `reads` goes too."""

    async def write(self: Store, unit: object) -> None:
        raise OSError(28, "No space left on device: '/secret/path'")

    monkeypatch.setattr(Store, "write", write)
    if reads:
        monkeypatch.setattr(Store, "read", lambda self: (_ for _ in ()).throw(OSError(5, "/secret/path")))


async def test_all_is_well_at_the_start(door: Door) -> None:
    assert await door.look("/healthz") == (200, {"ok": True})
    assert await door.look("/readyz") == (200, {"ready": True, "reasons": []})


async def test_a_standing_alarm_makes_it_not_ready_and_says_why(door: Door) -> None:
    now = door.demo.clock.now()
    await door.demo.bot.store.write(lambda s: alarms.raise_alarm(s, now, "door", "通道断了"))
    assert await door.look("/readyz") == (503, {"ready": False, "reasons": ["door"]})
    assert (await door.look("/healthz"))[0] == 200


async def test_metrics_are_prometheus_text_without_a_word_of_anybody(door: Door) -> None:
    await door.issues()
    await door.says("u018", "收到", "members")
    async with door.client.get("/metrics") as answer:
        assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    families = {f.name: f for f in text_string_to_metric_families(text)}
    assert {"shoudao_stored", "shoudao_sent", "shoudao_parked", "shoudao_waiting", "shoudao_outbox"} <= set(families)
    assert families["shoudao_stored"].type == "counter" and families["shoudao_stored"].samples[0].value == 3
    assert all(f.name.startswith("shoudao_") and f.documentation for f in families.values())
    assert {s.labels["state"] for s in families["shoudao_outbox"].samples} >= {"pending", "unknown", "failed"}
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in text) and "u018" not in text


async def test_when_nothing_can_be_stored_the_poster_is_told_so(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    notice = await door.issues()
    with monkeypatch.context() as broken, caplog.at_level(logging.INFO):
        _break(door, broken, reads=False)
        calls = (
            ("/sim/api/messages", {"from": "u018", "text": "某某的秘密"}),
            ("/sim/api/clicks", {"from": "u018", "message": notice["id"], "key": notice["buttons"][0]["key"]}),
            ("/sim/api/clock", {"advance": "PT1H"}),
        )
        for path, body in calls:
            status, answer = await door.call(path, body)
            assert status == 503 and list(answer) == ["error"] and "\u4e00" < answer["error"][0] < "\u9fff", path
    assert not any(r.exc_info for r in caplog.records)
    assert "秘密" not in caplog.text and "/secret" not in caplog.text
    assert await door.says("u018", "收到")
    assert "已签收" in (await door.bots("u018"))[-1]["text"]


async def test_when_the_database_is_gone_every_reader_is_told_so(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        _break(door, broken, reads=True)
        for path in ("/api/notices", "/api/units", "/sim/api/state", "/sim/api/messages?as=u018", "/metrics"):
            status, answer = await door.look(path, "demo")
            assert status == 503 and list(answer) == ["error"] and "/secret" not in str(answer), path
        status, answer = await door.look("/readyz")
        assert status == 503 and answer["reasons"] == ["database: OSError"]
        assert (await door.look("/healthz"))[0] == 200
