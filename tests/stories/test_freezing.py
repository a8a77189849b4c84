"""冻结: the handle that those who look after the bot can pull, and what comes of what it held."""

from sqlalchemy import select
from world import ON_SQLITE, World

from models.journal import Entry

NOTICE = "通知 寿县、大通区：请报送摸排方案，收到请回复。明天下班前"


@ON_SQLITE
async def test_nothing_leaves_by_itself_until_it_is_thawed(office: World) -> None:
    await office.reply("clerk", NOTICE)
    said = await office.says("auditor", "冻结 群里发错了")
    assert "什么都不发" in said.to("auditor").text
    assert "审计冻结了全部发送：群里发错了" in said.to("clerk").text
    assert sorted(said.all_to()) == ["head", "lead1", "lead2"]
    assert "早已冻结" in await office.reply("clerk", "冻结")

    # a notice is not posted, and its sender is told so; who speaks is answered, and what is given counts
    said = await office.says("clerk", "发")
    assert "已发出" in (told := said.to("clerk").text) and "解冻后才发" in told
    said.nothing()
    assert await office.room("counties") == []
    assert "已签收" in await office.reply("u032", "收到")
    (await office.until("2026-11-19T17:00+08:00")).nothing()  # no summary and no chase either

    # it outlives a restart; then what still makes sense goes out, and nobody who has answered is chased
    await office.restart()
    assert "不能用" in await office.reply("auditor", "解冻")
    said = await office.says("clerk", "解冻")
    told = str(said)
    assert "压下的" in told and "auditor ← '经办解除了冻结" in told and "counties ← '@寿县联络员" in told
    places = said.all_to()
    assert "u034" in places and "u032" not in places
    assert "没有冻结" in await office.reply("clerk", "解冻")
    async with office.demo.bot.store.read() as session:
        acts = [entry.act for entry in (await session.scalars(select(Entry).order_by(Entry.id))).all()]
    assert [act for act in acts if act in ("freeze", "thaw")] == ["freeze", "thaw"]


@ON_SQLITE
async def test_a_freeze_is_an_alarm_that_stands_until_it_is_over(office: World) -> None:
    (await office.says("head", "冻结")).all_to()
    assert [a["what"] for a in await office.api("/api/alarms") if a["cleared_at"] is None] == ["frozen"]
    (await office.says("head", "解冻")).all_to()
    assert [a["what"] for a in await office.api("/api/alarms") if a["cleared_at"] is None] == []
