"""Acts that need two people: one asks, another agrees, and only then is it done; each leaves its rows in the journal."""

import dataclasses
import hashlib
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import text
from world import World

from bot import recipients
from models import approvals, outbox
from models.approvals import Approval
from models.outbox import OutState
from models.permissions import CELLS, SECONDS

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MARK = "淮滨路皇家棋牌室开设赌场"


def asking_for(office: World, *acts: str) -> None:
    """As with `[office] second_person` in the configuration."""
    around = office.demo.bot.around
    around.office = dataclasses.replace(around.office, second_person=frozenset(acts))
    around._held = None


async def journal(office: World, act: str) -> list[str]:
    async with office.demo.bot.store.read() as session:
        rows = await session.execute(text("SELECT actor, act, object FROM journal ORDER BY id"))
        return [f"{r.actor} {r.act} {r.object}" for r in rows if r.act.startswith(act)]


def test_every_two_in_the_table_says_who_the_second_is_and_nothing_else_does() -> None:
    twos = {act for act, cells in CELLS.items() if "2" in cells.values()}
    assert twos == {second.row for second in SECONDS.values()}


@ON_SQLITE
async def test_by_default_one_person_sends_to_everybody(office: World) -> None:
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "members")
    assert (await office.api("/api/notices/1"))["state"] == "open"


async def test_an_at_all_goes_out_when_another_of_the_office_agrees(office: World) -> None:
    asking_for(office, "mention_all")
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    said = await office.says("clerk", "发")
    assert "两个人办" in said.to("clerk").text
    ask = said.to("head")
    assert "明天上午9点开会" in ask.text and "经办" in ask.text
    assert (await office.api("/api/notices/1"))["state"] == "draft"
    assert "另一个人" in (await office.says("clerk", "同意 1")).to("clerk").text
    said = await office.presses("head", ask, "同意 1")
    assert "已发出" in said.to("head").text and "已同意" in said.to("clerk").text
    assert "@all" in said.to("members").mentions
    assert await journal(office, "notice.send") == ["clerk notice.send.ask notice:1", "head notice.send notice:1"]
    assert "没有待确认" in (await office.says("head", "同意 1")).to("head").text


@ON_SQLITE
async def test_what_mentions_no_whole_room_needs_nobody_else(office: World) -> None:
    asking_for(office, "mention_all")
    (await office.says("clerk", "通知 寿县、大通区：明天上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "counties")
    assert (await office.api("/api/notices/1"))["state"] == "open"


@ON_SQLITE
async def test_only_what_was_agreed_to_goes_out(office: World) -> None:
    asking_for(office, "mention_all")
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "head")
    (await office.says("clerk", "改 明天上午10点开会，请签收")).all_to("clerk")
    assert "改过了" in (await office.says("head", "同意 1")).to("head").text
    assert (await office.api("/api/notices/1"))["state"] == "draft"


@ON_SQLITE
async def test_a_no_and_a_day_without_an_answer_leave_it_undone(office: World) -> None:
    asking_for(office, "mention_all")
    (await office.says("clerk", "通知 成员单位：下周五上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "head")
    said = await office.says("head", "不同意")
    assert "不办" in said.to("head").text and "没有同意" in said.to("clerk").text
    assert "没有待确认" in (await office.says("head", "同意 1")).to("head").text
    (await office.says("clerk", "发")).all_to("clerk", "head")
    (await office.passes("PT25H")).all_to()
    assert "没有待确认" in (await office.says("head", "同意 2")).to("head").text
    assert (await office.api("/api/notices/1"))["state"] == "draft"


@ON_SQLITE
async def test_what_was_agreed_to_for_tomorrow_is_a_draft_again_when_it_is_changed(office: World) -> None:
    asking_for(office, "mention_all")
    (await office.until("2026-11-18T19:00+08:00")).all_to()
    (await office.says("clerk", "通知 成员单位：下周五上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "head")
    (await office.says("head", "同意")).all_to("head", "clerk")
    assert (await office.api("/api/notices/1"))["state"] == "scheduled"
    (await office.says("clerk", "改 1 下周五上午10点开会，请签收")).all_to("clerk")
    assert (await office.api("/api/notices/1"))["state"] == "draft"


@ON_SQLITE
async def test_a_correction_to_everybody_and_a_duty_need_them_too(office: World) -> None:
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "members")
    asking_for(office, "mention_all")
    (await office.says("clerk", "更正 1 明天上午10点开会，请签收")).all_to("clerk")
    said = await office.says("clerk", "发 1")
    said.all_to("clerk")
    assert "10点" in said.to("head").text
    said = await office.says("head", "同意")
    assert "第2版" in said.to("head").text
    said.all_to("clerk", "members")
    (await office.says("clerk", "定期 每月25日前报线索数，遇节假日提前，无则零报告，到2027年6月底")).all_to("clerk")
    said = await office.says("clerk", "启用")
    said.all_to("clerk")
    assert "每月25日前" in said.to("head").text
    (await office.says("head", "同意")).all_to()
    (await office.listen()).all_to("members", "counties")
    assert await journal(office, "duty.start") == ["clerk duty.start.ask duty:1", "head duty.start duty:1"]


@ON_SQLITE
async def test_a_proxy_and_a_pasted_chain_wait_for_the_second_person(office: World) -> None:
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "members")
    asking_for(office, "proxy")
    said = await office.says("clerk", "代 市水利局 收到 电话确认")
    said.all_to("clerk")
    assert "市水利局" in said.to("head").text
    assert (await office.ledger(1))["市水利局"]["acked_at"] is None
    (await office.says("head", "同意")).all_to("head", "clerk")
    row = (await office.ledger(1))["市水利局"]
    assert (row["how"], row["acked_by"]) == ("proxy", "clerk")
    said = await office.says("clerk", "接龙 1\n1. 市教育局 收到\n2. 市财政局 收到")
    said.all_to("clerk")
    assert "市教育体育局、市财政局" in said.to("head").text
    (await office.says("head", "同意")).all_to("head", "clerk")
    signed = {unit for unit, row in (await office.ledger(1)).items() if row["how"] == "proxy"}
    assert signed == {"市水利局", "市教育体育局", "市财政局"}


async def test_a_repeat_to_everybody_waits_for_the_second_person(office: World) -> None:
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "members")
    asking_for(office, "repeat")
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(
            outbox.TABLE.update()
            .where(outbox.TABLE.c.kind == "notice")
            .values(state=OutState.UNKNOWN, due_at=office.now)
        )
    (await office.listen()).all_to("clerk")
    said = await office.says("clerk", "没看到，重发")
    said.all_to("clerk")
    assert "再发一次" in said.to("head").text
    async with office.demo.bot.store.read() as session:
        states = [r.state for r in await session.execute(outbox.TABLE.select().where(outbox.TABLE.c.kind == "notice"))]
    assert states == ["unknown"]
    said = await office.says("head", "同意")
    said.all_to("head", "clerk", "members")
    acts = [row.split()[:2] for row in await journal(office, "outbox")]
    assert acts == [["clerk", "outbox.again.ask"], ["head", "outbox.settle"]]


@ON_SQLITE
async def test_with_nobody_else_in_the_office_it_is_not_done(office: World) -> None:
    asking_for(office, "mention_all")
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(text("UPDATE people SET active = false WHERE id = 'head'"))
        await connection.execute(text("UPDATE marks SET value = '99' WHERE name = 'roster'"))
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    assert "没有另一个人" in (await office.says("clerk", "发")).to("clerk").text
    assert (await office.api("/api/notices/1"))["state"] == "draft"


@ON_SQLITE
async def test_nobody_but_those_who_may_agrees_or_refuses(office: World) -> None:
    asking_for(office, "mention_all")
    (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
    (await office.says("clerk", "发")).all_to("clerk", "head")
    for who in ("u018", "lead1", "auditor"):
        for words in ("同意 1", "不同意 1"):
            assert "不能用" in (await office.says(who, words)).to(who).text
    async with office.demo.bot.store.read() as session:
        asked = await approvals.by_id(session, 1)
        assert asked is not None and asked.agreed_by == [] and asked.ended_at is None


# -- the list of recipients --------------------------------------------------------------------------------------------


def another_list(folder: Path, old: dict[str, str]) -> recipients.Recipients:
    """lead3 in place of lead1."""
    fresh = str(pyrage.x25519.Identity.generate().to_public())
    path = folder / "recipients.toml"
    path.write_text(
        f'[[officer]]\nid = "lead2"\npublic_key = "{old["lead2"]}"\n'
        f'[[officer]]\nid = "lead3"\npublic_key = "{fresh}"\n[recovery]\npublic_key = "{old["recovery"]}"\n'
    )
    return recipients.load(path, hashlib.sha256(path.read_bytes()).hexdigest())


async def started_with(office: World, known: recipients.Recipients) -> None:
    """As after a restart with another pinned list."""
    from bot.app import _first_steps

    office.demo.bot.around.recipients = known
    office.demo.bot.around._held = None
    await office.demo.bot.store.write(lambda session: _first_steps(office.demo.bot, session))


async def test_a_changed_list_of_recipients_takes_effect_when_two_officers_agree(office: World, tmp_path: Path) -> None:
    old = office.demo.bot.around.recipients
    assert old is not None
    fresh = another_list(tmp_path, old.keys())
    await started_with(office, fresh)
    said = await office.listen()
    for officer in ("lead1", "lead2"):
        ask = said.to(officer).text
        assert fresh.short in ask and "新增 lead3" in ask and "撤去 lead1" in ask
    assert "接收人名单换了" in said.to("clerk").text
    assert "不能收线索" in (await office.says("u018", f"线索 {MARK}")).to("u018").text
    await started_with(office, fresh)  # asked once, however often it starts
    (await office.listen()).nothing()
    for words in ("同意 1", "同意"):
        assert "不能用" in (await office.says("clerk", "同意 1")).to("clerk").text or words
    assert "还差1个人" in (await office.says("lead1", "同意")).to("lead1").text
    assert "另一个人" in (await office.says("lead1", "同意 1")).to("lead1").text
    said = await office.says("lead2", "同意")
    assert fresh.short in said.to("lead2").text and fresh.short in said.to("lead1").text
    assert fresh.short in said.to("auditor").text
    said = await office.says("u018", f"线索 {MARK}")
    assert fresh.short in said.to("lead2").text
    said.all_to("u018", "lead1")
    assert [row.split()[:2] for row in await journal(office, "recipients")] == [
        ["config", "recipients.change.ask"],
        ["lead1", "recipients.change.agree"],
        ["lead2", "recipients.change"],
    ]
    assert [a for a in await office.api("/api/alarms") if a["cleared_at"] is None] == []


@ON_SQLITE
async def test_a_list_rolled_back_before_anybody_agreed_changes_nothing(office: World, tmp_path: Path) -> None:
    old = office.demo.bot.around.recipients
    assert old is not None
    await started_with(office, another_list(tmp_path, old.keys()))
    (await office.listen()).all_to("lead1", "lead2", "clerk")
    await started_with(office, old)
    assert "没有待确认" in (await office.says("lead1", "同意 1")).to("lead1").text
    said = await office.says("u018", f"线索 {MARK}")
    assert "L-0001" in said.to("u018").text
    said.all_to("lead1", "lead2")


@ON_SQLITE
async def test_the_writer_of_the_database_alone_does_not_become_a_reader(office: World, tmp_path: Path) -> None:
    """Whoever writes another fingerprint into the database only stops leads from being taken."""
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(text("UPDATE marks SET value = 'f' WHERE name = 'recipients'"))
    assert "不能收线索" in (await office.says("u018", f"线索 {MARK}")).to("u018").text


@ON_SQLITE
async def test_a_pin_that_is_taken_out_of_the_database_does_not_make_any_list_the_first(
    office: World, tmp_path: Path
) -> None:
    old = office.demo.bot.around.recipients
    assert old is not None
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM marks WHERE name LIKE 'recipients%'"))
    await started_with(office, old)  # truly the first: nothing in the journal speaks of one
    (await office.listen()).nothing()
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM marks WHERE name LIKE 'recipients%'"))
    await started_with(office, another_list(tmp_path, old.keys()))
    (await office.listen()).all_to("lead1", "lead2", "clerk")
    assert "不能收线索" in (await office.says("u018", f"线索 {MARK}")).to("u018").text


@ON_SQLITE
async def test_a_bare_word_decides_nothing_where_more_than_one_thing_waits(office: World) -> None:
    asking_for(office, "mention_all")
    for number in (1, 2):
        (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).all_to("clerk")
        (await office.says("clerk", f"发 {number}")).all_to("clerk", "head")
    for word in ("同意", "不同意"):
        assert f"“{word} 1”" in (await office.says("head", word)).to("head").text
    (await office.says("head", "同意 1")).all_to()
    assert [(await office.api(f"/api/notices/{n}"))["state"] for n in (1, 2)] == ["open", "draft"]


def test_an_approval_stands_for_a_day_and_the_configurations_wish_until_it_changes() -> None:
    from datetime import timedelta

    from world import START

    asked = Approval(act="x", object="y", asked_by="clerk", asked_at=START, who=["clerk"])
    wish = Approval(act="x", object="y", asked_by="config", asked_at=START, who=["auditor"])
    assert asked.open_at(START + timedelta(hours=23)) and not asked.open_at(START + timedelta(hours=24))
    assert wish.open_at(START + timedelta(days=400))
