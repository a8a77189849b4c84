"""Figures with a birth certificate: confirmed, corrected, totalled with their vagueness, each traceable to its message."""

from world import ON_SQLITE, World


@ON_SQLITE
async def test_a_fall_is_asked_about_and_confirmed_with_one_word(office: World) -> None:
    await office.reply("u032", "报 线索累计147条")
    assert "比上次累计 147 少，对吗？" in await office.reply("u032", "报 线索累计120条")
    assert "待核" in await office.reply("clerk", "明细 寿县")
    assert "线索 120条已确认无误" in await office.reply("u032", "对")
    assert "待核" not in await office.reply("clerk", "明细 寿县")
    assert "没错回“对”" not in await office.reply("u032", "报 线索累计130条")


@ON_SQLITE
async def test_a_threefold_jump_is_asked_about_and_corrected(office: World) -> None:
    await office.reply("u032", "报 宣传单累计5000份")
    assert "三倍以上" in await office.reply("u032", "报 宣传单累计52000份")
    assert "改 宣传单 正确的数" in await office.reply("u032", "不对")
    assert "52000 → 5200份" in await office.reply("u032", "改 宣传单 5200")
    assert "| 宣传单 | 5200份 |" in await office.reply("clerk", "这个月报了多少 寿县")
    history = await office.reply("u032", "明细 宣传单")
    assert "宣传单 52000份（累计），已改" in history and "宣传单 5200份（累计）；" in history


@ON_SQLITE
async def test_a_correction_that_is_still_odd_is_asked_about_again(office: World) -> None:
    await office.reply("u032", "报 宣传单累计5000份")
    await office.reply("u032", "报 宣传单累计52000份")
    assert "比上次累计 5000 少" in await office.reply("u032", "改 宣传单 520")
    assert "宣传单 520份已确认" in await office.reply("u032", "对")


@ON_SQLITE
async def test_a_correction_finds_the_newest_report_that_has_such_a_figure(office: World) -> None:
    await office.reply("u032", "报 宣传单5000份")
    await office.reply("u032", "报 短信300条")
    assert "5000 → 5200份" in await office.reply("u032", "改 宣传单 5200")
    assert "没对上要改的是哪个数" in await office.reply("u032", "改 横幅 12")
    assert "300 → 至少300条" in await office.reply("u032", "改 短信 300余条")


@ON_SQLITE
async def test_what_was_right_is_simply_confirmed(office: World) -> None:
    await office.reply("u032", "报 宣传单5000份")
    assert "已确认无误" in await office.reply("u032", "对")


async def test_what_is_taken_back_leaves_what_stood_before_it(office: World) -> None:
    await office.reply("u032", "报 线索累计100条")
    await office.reply("u032", "报 线索累计500条")
    await office.reply("u032", "撤销")
    assert "比上次累计 100 少" in await office.reply("u032", "报 线索累计90条")


async def test_totals_over_units_say_how_vague_they_are(office: World) -> None:
    await office.reply("u032", "报 宣传单5000余份")
    await office.reply("u034", "报 宣传单3000份")
    await office.reply("u034", "报 横幅约20条 标语30条")
    answer = await office.reply("clerk", "本周报了多少")
    assert "| 宣传单 | 至少8000份（含约数） | 2个 |" in answer
    assert "| 横幅 | 约20条（含约数） | 1个 |\n| 标语 | 30条 | 1个 |" in answer
    assert "| 宣传单 | 3000份 |" in await office.reply("clerk", "今天报了多少 大通区")
    assert "没有数字" in await office.reply("clerk", "上个月报了多少")


@ON_SQLITE
async def test_a_mistake_that_is_owned_up_to_is_corrected_and_not_added(office: World) -> None:
    said = ("报错了，应该是宣传单300份", "刚才报错了 宣传单300份", "写错了，是宣传单300", "数字错了，宣传单300份")
    for number, words in enumerate(said, start=32):
        await office.reply(f"u{number:03}", "报 宣传单30份")
        assert "30 → 300份" in await office.reply(f"u{number:03}", words)
    assert "| 宣传单 | 300份 | 1个 |" in await office.reply("clerk", "寿县报了多少")


@ON_SQLITE
async def test_nothing_is_said_in_one_word_and_counts_nothing(office: World) -> None:
    await office.reply("clerk", "通知 报数 寿县、大通区、凤台县：请报宣传单数。明天下班前")
    await office.reply("clerk", "发")
    for person, words in (("u032", "报0"), ("u033", "报 无"), ("u034", "零报告")):
        assert "已登记零报告，答复〔1号〕" in await office.reply(person, words)
    answer = await office.reply("clerk", "统计一下")
    assert "没有数字" in answer and "报过的3个单位" in answer
    assert "没有叫" in (told := await office.reply("clerk", "张三报了多少")) or "张三" in told


@ON_SQLITE
async def test_every_figure_leads_to_its_message(office: World) -> None:
    await office.says("u032", "报 宣传单5000余份", room="counties")
    office.heard[-1].all_to()
    [post] = [m for m in await office.room("counties") if m.author == "u032"]
    [told] = await office.api("/api/reports")
    assert told["figures"][0]["source_message"] == post.id and told["figures"][0]["vagueness"] == "余"
    await office.reply("u032", "改 宣传单 5200")
    [told] = await office.api("/api/reports")
    assert told["figures"][0]["source_message"] > post.id  # the message that corrected it
    assert "原话“宣传单5000余份”" in await office.reply("clerk", "明细 寿县 宣传单")


@ON_SQLITE
async def test_another_unit_sees_only_its_own(office: World) -> None:
    await office.reply("u032", "报 宣传单5000份")
    assert "没有数字" in await office.reply("u034", "明细")


@ON_SQLITE
async def test_what_was_reported_of_late_is_offered_instead_of_asking_again(office: World) -> None:
    """R8."""
    await office.reply("u032", "报 宣传单5000份")
    await office.reply("u034", "报 宣传单3000份")
    preview = await office.reply("clerk", "通知 报数 各单位请统计宣传单发放数量。明天下班前")
    assert "宣传单数2个单位11月18日前后已报过，可直接引用" in preview


async def _post(office: World, number: int, at: str) -> str:
    """The notice as it stands in the group by then."""
    (await office.until(at)).all_to()
    [post] = [m.text for m in await office.room("counties") if m.author == "bot" and f"〔{number}号〕报数" in m.text]
    return post


async def test_a_duty_shows_what_was_given_the_last_time(office: World) -> None:
    await office.reply("clerk", "定期 寿县、大通区：每周五17时前报线索数，无则零报告，到12月31日为止")
    await office.reply("clerk", "启用")
    await office.until("2026-11-19T08:10+08:00")
    office.heard[-1].all_to()
    await office.reply("u032", "报 线索12条")
    assert "上期" not in await _post(office, 2, "2026-11-26T08:10+08:00")  # one unit's figure is no total
    assert "| 签收、报数；上期：线索 12条 |" in await office.reply("u032", "待办")
    assert "上期：线索 12条" in await office.reply("u032", "谁没收到 2")
    assert "上期" not in await office.reply("u034", "待办")
    assert "上期：线索 12条" in await office.reply("u032", "报 线索15条")
    assert "上期" not in await office.reply("u032", "谁没收到 2")
    assert "上期" not in await office.reply("u034", "零报告")


@ON_SQLITE
async def test_a_duty_asks_again_with_what_all_gave_the_last_time(office: World) -> None:
    """Never what so few gave that it would be told of one of them (R5, R10)."""
    await office.reply("clerk", "定期 寿县、凤台县、大通区、田家庵区：每周五17时前报线索数，无则零报告，到12月31日为止")
    await office.reply("clerk", "启用")
    (await office.until("2026-11-19T08:10+08:00")).all_to()
    for number, words in enumerate(("线索12条，横幅1条", "线索累计7条，横幅1条", "线索十余条", "标语5条"), start=32):
        await office.reply(f"u{number:03}", f"报 1 {words}")
    assert "（没有就回“零报告”）（上期合计：线索 至少29条）" in await _post(office, 2, "2026-11-26T08:10+08:00")
