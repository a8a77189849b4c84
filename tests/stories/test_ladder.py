"""The ladder: 联络员 before the due time, B角 after it, 负责人 only when the office presses."""

import csv
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from world import ON_SQLITE, World, opened

ROWS = (
    ("市公安局", "成员单位", "公安联络员", "u1", "王五（gongan.b）", "赵局长（gongan.z）"),
    ("市水利局", "成员单位", "水利联络员", "u2", "钱六", "孙局长 13800000000"),
    ("寿县", "县区", "寿县联络员", "u3", "", ""),
)


@pytest.fixture
async def office(database: str, tmp_path: Path) -> AsyncIterator[World]:
    path = tmp_path / "ladder.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["单位", "类别", "联络员", "账号", "B角", "负责人"])
        writer.writerows(ROWS)
    async with opened(tmp_path / "data", database, roster=path) as world:
        yield world
        world.nothing_unheard()


async def _issued(office: World) -> None:
    """〔1号〕, due on Thursday at six, and its first reminder an hour before."""
    (await office.says("clerk", "通知 请各单位报方案，收到请回复。明天下班前")).all_to()
    (await office.says("clerk", "发")).all_to()
    said = await office.until("2026-11-19T17:30+08:00")
    assert sorted(w for w in said.all_to() if w.startswith("u")) == ["u1", "u2", "u3"]


@ON_SQLITE
async def test_after_the_due_time_the_deputy_is_asked_where_there_is_one(office: World) -> None:
    await _issued(office)
    said = await office.until("2026-11-20T08:30+08:00")
    assert "贵单位有1件事待办" in said.to("gongan.b").text
    said.to("u2")  # a B角 without an account can only be telephoned
    said.to("u3")
    # one message a unit: not the liaison and the B角 both
    assert not {"u1", "gongan.z"} & set(said.all_to())
    events = (await office.ledger(1))["市公安局"]["events"]
    assert [e.get("note", "") for e in events if e["what"] == "chased"] == ["", "B角"]


@ON_SQLITE
async def test_the_deputy_may_answer_and_that_ends_it(office: World) -> None:
    await _issued(office)
    (await office.until("2026-11-20T08:30+08:00")).all_to()
    assert "已签收" in (await office.says("gongan.b", "收到")).to("gongan.b").text
    sheet = (await office.until("2026-11-20T09:30+08:00")).to("clerk").text
    assert "市公安局" not in sheet and "市水利局" in sheet and "B角 钱六" in sheet


async def test_the_leader_is_told_only_when_the_office_presses(office: World) -> None:
    await _issued(office)
    (await office.until("2026-11-20T08:30+08:00")).all_to()
    said = await office.until("2026-11-20T09:30+08:00")
    sheet = said.to("clerk")
    assert [b["key"] for b in sheet.buttons] == ["请负责人 1"]
    # in this half-day the units have been asked already: not even the office goes over the cap
    said = await office.presses("clerk", sheet, "请负责人 1")
    assert "已催到上限" in said.to("clerk").text
    (await office.until("2026-11-20T14:40+08:00")).all_to()
    said = await office.says("clerk", "请负责人 1")
    assert "请您过问" in said.to("gongan.z").text
    answer = said.to("clerk").text
    assert "市公安局" in answer and "市水利局 孙局长13800000000" in answer
    events = (await office.ledger(1))["市公安局"]["events"]
    assert [e.get("note", "") for e in events if e["what"] == "chased"] == ["", "B角", "负责人"]


@ON_SQLITE
async def test_before_the_due_time_no_leader_is_troubled(office: World) -> None:
    await _issued(office)
    assert "时限还没到" in (await office.says("clerk", "请负责人 1")).to("clerk").text


@ON_SQLITE
async def test_what_waits_for_the_morning_is_dropped_when_the_unit_acks_meanwhile(office: World) -> None:
    """R12 for the last step too: it stops in the same transaction as the ack."""
    await _issued(office)
    await office.until("2026-11-20T19:00+08:00")
    office.heard[-1].all_to()
    assert "将于 11月23日（周一）08:00" in (await office.says("clerk", "请负责人 1 市公安局")).to("clerk").text
    (await office.says("u1", "收 1")).all_to()
    said = await office.until("2026-11-23T08:20+08:00")
    assert not [w for w, _ in said.messages if w.startswith("gongan")]
    said.all_to()


@ON_SQLITE
async def test_a_deputy_answers_while_the_liaison_is_away(office: World) -> None:
    (await office.says("u1", "请假 11月19日-20日")).all_to()
    (await office.says("clerk", "通知 市公安局：请报方案，收到请回复。明天下班前")).all_to()
    (await office.says("clerk", "发")).all_to()
    said = await office.until("2026-11-19T17:30+08:00")
    assert "贵单位有1件事待办" in said.to("gongan.b").text
    said.all_to()


@ON_SQLITE
async def test_a_handover_to_the_deputy_leaves_the_old_liaison_without_access(office: World) -> None:
    (await office.says("u1", "移交 王五")).all_to()
    (await office.says("gongan.b", "接受")).all_to()
    [unit] = [u for u in await office.api("/api/units") if u["unit"] == "市公安局"]
    assert unit["liaison"]["id"] == "gongan.b"
    said = await office.says("u1", "待办")
    assert "没有待办" not in said.to("u1").text
