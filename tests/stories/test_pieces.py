"""交件 with named pieces, and the basis of a directive: what a unit has sent, what is still missing, and where it stands."""

from pictures import photo
from world import ON_SQLITE, World

NOTICE = "通知 交件 根据《专项斗争实施方案》（市扫黑办〔2026〕12号），寿县、大通区请报送：总结、盖章版、照片3张，用于年底归档。周五17时前"


def _photos(count: int) -> tuple[bytes, ...]:
    return tuple(photo(colour) for colour in ("red", "green", "blue")[:count])


async def test_each_answer_says_precisely_what_is_still_missing(office: World) -> None:
    preview = await office.reply("clerk", NOTICE)
    assert "要件：总结、盖章版、照片3张" in preview
    assert "依据：《专项斗争实施方案》（市扫黑办〔2026〕12号）" in preview
    await office.reply("clerk", "发")

    answer = await office.reply("u032", "报 1 总结见附，盖章版稍后补")
    assert "还缺：盖章版、照片3张" in answer
    ledger = await office.ledger(1)
    assert ledger["寿县"]["state"] == "已签收"
    assert [e.get("note") for e in ledger["寿县"]["events"] if e["what"] == "replied"] == ["缺：盖章版、照片3张"]
    assert "交件，缺：盖章版、照片3张 |" in await office.reply("u032", "待办")
    assert "| 寿县 | 没办完，缺：盖章版、照片3张 |" in await office.reply("clerk", "谁没回 1")
    chased = (await office.until("2026-11-20T16:10+08:00")).to("u032").text
    office.heard[-1].all_to()
    assert "缺：盖章版、照片3张" in chased

    # a picture with the name of a piece is that piece, in private too, and no lead
    assert "还缺：照片3张" in await office.reply("u032", "盖章版", pictures=_photos(1))
    assert "还缺：照片1张" in await office.reply("u032", "照片", pictures=_photos(2))
    assert "还缺" not in await office.reply("u032", "照片", pictures=_photos(1))
    assert (await office.ledger(1))["寿县"]["state"] == "已回复"
    assert "寿县" not in await office.reply("clerk", "谁没回 1")


@ON_SQLITE
async def test_what_is_taken_back_is_missing_again(office: World) -> None:
    await office.reply("clerk", NOTICE)
    await office.reply("clerk", "发")
    await office.reply("u032", "报 1 总结、盖章版、照片", pictures=_photos(3))
    assert (await office.ledger(1))["寿县"]["state"] == "已回复"
    await office.reply("u032", "撤销")
    assert "缺：总结、盖章版、照片3张" in await office.reply("u032", "待办")


@ON_SQLITE
async def test_the_basis_is_shown_on_asking_and_follows_a_correction(office: World) -> None:
    await office.reply("clerk", NOTICE)
    await office.reply("clerk", "发")
    assert "依据：《专项斗争实施方案》（市扫黑办〔2026〕12号）" in await office.reply("u032", "全文 1")
    await office.reply("clerk", "更正 1 按照市扫黑办〔2026〕15号，请报送：总结、盖章版")
    await office.reply("clerk", "发")
    assert "依据：市扫黑办〔2026〕15号" in await office.reply("u032", "全文 1")


@ON_SQLITE
async def test_pieces_in_a_notice_of_another_kind_are_pointed_out(office: World) -> None:
    assert "改 交件" in await office.reply("clerk", "通知 寿县：请报送：总结、盖章版。周五17时前")
    assert "要件：总结、盖章版" in await office.reply("clerk", "改 交件")


@ON_SQLITE
async def test_more_than_three_photos_are_warned_about(office: World) -> None:
    """R7."""
    preview = await office.reply("clerk", "通知 交件 寿县：请报送：现场照片5张，用于存档。周五17时前")
    assert "至多要3张照片" in preview
