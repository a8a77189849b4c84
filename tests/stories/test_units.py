"""Units renamed and merged by a word: their history, their people and what they owe stay with them."""

from world import ON_SQLITE, World


@ON_SQLITE
async def test_a_renamed_unit_keeps_its_history_and_its_old_name_is_understood(office: World) -> None:
    await office.reply("clerk", "通知 市水利局、寿县：请报方案，收到请回复。明天下班前")
    await office.reply("clerk", "发")
    await office.reply("u018", "收到")
    assert "已改名为市水务局" in await office.reply("clerk", "单位 改名 市水利局 → 市水务局")
    ledger = await office.ledger(1)
    assert ledger["市水务局"]["state"] == "已签收" and "市水利局" not in ledger
    assert "市水务局" in await office.reply("clerk", "代 市水利局 收到 1 电话")  # the old name still means it
    assert "已是寿县" in await office.reply("clerk", "单位改名 大通区 为 寿县")
    assert "已经叫" in await office.reply("clerk", "单位 改名 市水务局 → 市水务局")
    assert "请写成" in await office.reply("clerk", "单位 改名 市水务局")
    assert "没有找到" in await office.reply("clerk", "单位 改名 气候变化局 → 气象办")


async def test_merged_units_go_on_as_one(office: World) -> None:
    await office.reply("clerk", "通知 市水利局、市教育体育局：请报方案，收到请回复。明天下班前")
    await office.reply("clerk", "发")
    await office.reply("clerk", "通知 市水利局：请报汛情，收到请回复。明天下班前")
    await office.reply("clerk", "发")
    await office.reply("u018", "报 宣传单100份")

    asked = await office.reply("clerk", "单位 合并 市教育体育局、市水利局 → 市水教局")
    assert "将把市教育体育局、市水利局合并为市水教局" in asked
    assert "市水利局" in await office.ledger(1)  # nothing has happened yet
    said = await office.says("clerk", "单位 合并 市教育体育局、市水利局 → 市水教局 确定")
    assert "已合并为市水教局" in said.to("clerk").text
    said.all_to()

    # what was owed by both is owed once; what only the one owed is owed by the unit that stays
    assert "市水教局" in await office.reply("clerk", "谁没收到 1")
    second = await office.ledger(2)
    assert second["市水利局"]["marks"] == ["免"] and second["市水教局"]["state"] == "待签收"
    assert second["市水利局"]["events"][-1]["note"] == "并入市水教局"

    # the people of both answer for it, and its totals hold what either reported
    assert "已签收" in await office.reply("u018", "收 2")
    assert (await office.ledger(2))["市水教局"]["acked_by"] == "u018"
    assert "| 宣传单 | 100份 |" in await office.reply("clerk", "这个月报了多少 市水教局")
    [told] = [r for r in await office.api("/api/reports") if r["figures"]]
    assert told["unit"] == "市水利局"
    assert len(await office.api("/api/units")) == 40

    # the next notice asks it once
    preview = await office.reply("clerk", "通知 市水利局、市教育体育局：请报总结，收到请回复。明天下班前")
    assert "市水教局（1个单位）" in preview


@ON_SQLITE
async def test_only_the_office_and_the_administrator_may(office: World) -> None:
    for person in ("u018", "lead1", "auditor"):
        assert "单位" in await office.reply(person, "单位 改名 市水利局 → 市水务局")
    assert "市水利局" in [u["unit"] for u in await office.api("/api/units")]


@ON_SQLITE
async def test_a_period_in_which_both_reported_before_they_became_one_is_counted_once(office: World) -> None:
    await office.reply("u018", "报 宣传单累计100份 横幅8条")
    await office.reply("u009", "报 宣传单累计50份 横幅3条")
    await office.reply("clerk", "单位 合并 市教育体育局、市水利局 → 市水教局 确定")
    await office.passes("PT1M")
    assert "| 宣传单 | 150份 | 1个 |" in await office.reply("clerk", "这个月报了多少 市水教局")
    assert "少，对吗" in await office.reply("u018", "报 宣传单累计120份")  # than both together
    assert "| 宣传单 | 120份 | 1个 |" in await office.reply("clerk", "这个月报了多少")
    assert "合计 15条" in await office.reply("u009", "报 横幅新增4条")
    assert "| 横幅 | 15条 | 1个 |" in await office.reply("clerk", "这个月报了多少")

    # one that has become part of another, which becomes part of a third
    await office.reply("clerk", "单位 合并 寿县、市水教局 → 寿县 确定")
    await office.passes("PT1M")
    assert "| 宣传单 | 120份 | 1个 |" in await office.reply("clerk", "这个月报了多少 寿县")
    assert "合计 10" not in await office.reply("u032", "报 宣传单累计130份 横幅累计20条")
    answer = await office.reply("clerk", "这个月报了多少")
    assert "| 宣传单 | 130份 | 1个 |" in answer and "| 横幅 | 20条 | 1个 |" in answer
