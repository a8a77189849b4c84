"""删照片: by whoever sent it, or by the office with a reason; the file goes with the last that shows it."""

from pathlib import Path

from pictures import photo
from sqlalchemy import select
from world import ON_SQLITE, World

from models.journal import Entry

RED, GREEN, BLUE = (photo(colour) for colour in ("red", "green", "blue"))


def _kept(office: World) -> int:
    return sum(path.is_file() for path in (Path(office.folder) / "media").rglob("*"))


@ON_SQLITE
async def test_what_was_sent_by_mistake_goes_and_is_asked_for_again(office: World) -> None:
    await office.reply("clerk", "通知 交件 寿县、大通区：请报送：总结、照片2张，用于年底归档。周五17时前")
    await office.reply("clerk", "发")
    await office.reply("u032", "报 1 总结、照片", room="counties", pictures=(RED, GREEN))
    await office.reply("u034", "报 1 总结、照片", pictures=(GREEN, BLUE))
    assert (await office.ledger(1))["寿县"]["state"] == "已回复" and _kept(office) == 3

    assert "有2张照片" in await office.reply("u032", "删照片")
    assert "有2张照片" in await office.reply("u032", "删照片 第三张")
    answer = await office.reply("u032", "删照片 第二张")
    assert "还剩1张" in answer and "〔1号〕又缺：照片1张" in answer
    assert (await office.ledger(1))["寿县"]["state"] == "已签收"
    assert _kept(office) == 3  # the other unit's report shows the same picture
    [post] = [m for m in await office.room("counties") if m.author == "u032"]
    assert len(post.images) == 1

    said = await office.says("clerk", "删照片 大通区 全部 拍到了无关的人")
    assert "已删掉大通区的2张照片" in said.to("clerk").text
    assert "拍到了无关的人" in said.to("u034").text
    said.all_to()
    assert _kept(office) == 1
    assert [len(r["photos"]) for r in await office.api("/api/reports")] == [1, 0]
    assert "没有找到" in await office.reply("u034", "删照片")
    async with office.demo.bot.store.read() as session:
        rows = (await session.scalars(select(Entry).where(Entry.act == "photo.delete").order_by(Entry.id))).all()
    assert [(row.actor, row.detail["count"]) for row in rows] == [("u032", 1), ("clerk", 2)]
    assert rows[1].detail["why"] == "拍到了无关的人"


@ON_SQLITE
async def test_nobody_deletes_what_another_unit_sent(office: World) -> None:
    await office.reply("u032", "报 宣传现场", pictures=(RED,))
    assert "没有找到" in await office.reply("u034", "删照片 寿县")
    assert "哪个单位" in await office.reply("clerk", "删照片") or _kept(office) == 1
    assert _kept(office) == 1
