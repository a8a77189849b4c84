"""The same office behind a door that can do less: no buttons, no edits, and it hears only what is said to the bot."""

import pytest
from world import ON_SQLITE, World

from handlers import request


async def _narrow(office: World) -> None:
    office.demo.simulator.narrow({"hears_all": False, "buttons": False, "edit": False})


async def test_the_loop_works_with_text_alone(office: World) -> None:
    await _narrow(office)
    preview = (await office.says("clerk", "通知 请各单位报送摸排方案，收到请回复。明天下班前")).to("clerk")
    assert preview.buttons == () and "回“发”发出" in preview.text
    said = await office.says("clerk", "发")
    notice = said.to("members")
    said.all_to()
    assert notice.buttons == ()
    assert "@收到助手 收 1" in notice.text

    # a plain 收到 in the room is not heard, and nothing pretends that it was
    (await office.says("u001", "收到", room="members")).nothing()
    assert (await office.ledger(1))["市纪委监委"]["state"] == "待签收"

    # what is said to the bot, quotes it, or is private, counts
    assert "已签收" in (await office.says("u001", "@收到助手 收到", room="members")).to("u001").text
    assert "已签收" in (await office.says("u002", "收到", room="members", quote=notice)).to("u002").text
    assert "已签收" in (await office.says("u003", "收到")).to("u003").text
    assert "已签收" in (await office.says("u004", "@收到助手 收 1", room="members")).to("u004").text
    ledger = await office.ledger(1)
    ways = [ledger[u]["how"] for u in ("市纪委监委", "市委组织部", "市委宣传部", "市委政法委")]
    assert ways == ["text", "quote", "private", "number"]

    # the post stands as it was: this door cannot edit
    posts = [m for m in await office.room("members") if m.author == "bot"]
    assert [m.text for m in posts] == [notice.text]
    assert "37个" in (await office.says("clerk", "@收到助手 谁没收到", room="members")).to("clerk").text
    said = await office.until("2026-11-19T17:00+08:00")
    chased = said.to("u005")
    assert chased.buttons == () and "收 1" in chased.text
    said.all_to()


async def test_a_lead_that_is_not_heard_is_not_kept_from_anybody_but_one_that_is_is(office: World) -> None:
    """The bot cannot replace what it does not hear; said to the bot, it is sealed like anywhere else."""
    await _narrow(office)
    said = await office.says("u018", "@收到助手 线索：某村以王某为首暴力讨债", room="members")
    assert "L-0001" in said.to("u018").text
    said.all_to("lead1", "lead2", "clerk")
    assert "王某" not in " ".join(m.text for m in await office.room("members"))


@ON_SQLITE
async def test_a_door_without_tables_is_given_a_list(office: World) -> None:
    """The same answers in both forms, each one message, in official order."""
    await office.reply("clerk", "通知 报数 寿县、大通区、市水利局：请报宣传单|标语数。明天下班前")
    await office.reply("clerk", "发")
    await office.reply("u032", "收 1")
    await office.reply("u034", "报 1 宣传单5000余份")
    tables = {
        "谁没回 1": "签收 2/3\n没签收的1个，签收了还没办完的1个：\n\n| 单位 | 情况 |\n| --- | --- |\n| 市水利局 | 没签收 |\n| 寿县 | 没办完 |",
        "进度": "\n\n| 编号 | 事项 | 签收 | 办完 | 时限 |\n| --- | --- | --- | --- | --- |\n| 〔1号〕 | 请报宣传单｜标语数 | 2/3 | 1/3 |",
        "本月报了多少": "\n\n| 名目 | 合计 | 单位 |\n| --- | --- | --- |\n| 宣传单 | 至少5000份（含约数） | 1个 |\n\n报过的1个单位",
    }
    for asked, said in tables.items():
        assert said in await office.reply("clerk", asked)
    assert "| 〔1号〕 | 请报宣传单｜标语数 | 报数 |" in await office.reply("u032", "待办")

    office.demo.simulator.narrow({"tables": False})
    lists = {
        "谁没回 1": "签收 2/3\n没签收的1个：市水利局\n签收了还没办完的1个：寿县",
        "进度": "〔1号〕请报宣传单｜标语数：签收 2/3，办完 1/3，时限",
        "本月报了多少": "\n宣传单 至少5000份（1个单位，含约数）\n",
    }
    for asked, said in lists.items():
        answer = await office.reply("clerk", asked)
        assert said in answer and "| --- |" not in answer
    assert "〔1号〕请报宣传单｜标语数：待报数，时限" in await office.reply("u032", "待办")


@ON_SQLITE
async def test_more_rows_than_a_message_takes_are_a_list(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "MOST_ROWS", 40)
    await office.reply("clerk", "通知 请各单位报送摸排方案，收到请回复。明天下班前")
    await office.reply("clerk", "发")
    assert "| --- |" not in await office.reply("clerk", "谁没收到")
    await office.reply("u001", "收到")
    assert "| --- |" in await office.reply("clerk", "谁没收到")
