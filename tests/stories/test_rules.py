"""The fifteen rules of manners, R1 to R15, each told once over the real spine. Random weeks hold them in `test_manners`."""

from datetime import date, datetime

import pytest
from pictures import photo
from sqlalchemy import select
from world import ON_SQLITE, Heard, World

from models.outbox import Outbox

NOTICE = "通知 请各单位报送摸排方案，收到请回复。明天下班前"
COUNTIES = "通知 寿县、大通区：请报送摸排方案，收到请回复。明天下班前"


async def _issue(office: World, words: str = NOTICE) -> None:
    await office.reply("clerk", words)
    await office.reply("clerk", "发")


async def _until(office: World, at: str) -> Heard:
    return await office.until(f"2026-11-{at}+08:00")


async def _told(office: World, at: str) -> dict[str, list[str]]:
    """Move on; what each person and room was told."""
    said = await _until(office, at)
    told: dict[str, list[str]] = {}
    for place, message in said.messages:
        told.setdefault(place, []).append(message.text)
    said.all_to()
    return told


@ON_SQLITE
class TestR1AtMostThreeMessagesInAGroup:
    async def test_a_notice_is_posted_and_closed_and_a_correction_starts_anew(self, office: World) -> None:
        await _issue(office, COUNTIES)
        for person in ("u032", "u034"):
            await office.reply(person, "收 1", room="counties")
        await _told(office, "19T18:30")
        about = [m.text for m in await office.room("counties") if m.author == "bot" and "〔1号〕" in m.text]
        assert 1 <= len(about) <= 3

    async def test_thirty_acknowledgements_make_no_group_message(self, office: World) -> None:
        await _issue(office)
        before = len(await office.room("members"))
        for number in range(1, 12):
            (await office.says(f"u{number:03}", "收到", room="members")).all_to()
        after = await office.room("members")
        assert [m for m in after[before:] if m.author == "bot"] == []


@ON_SQLITE
class TestR2AtMostOneChaseAHalfDay:
    async def test_everything_owed_comes_in_one_message_once_a_half_day_and_twice_a_day(self, office: World) -> None:
        await _issue(office, COUNTIES)
        await _issue(office, "通知 寿县：请报送值班表，收到请回复。明天下班前")
        for at in ("19T12:00", "19T14:00", "19T18:00", "20T12:00", "20T18:00"):
            await _told(office, at)
            await office.reply("clerk", "催 1")
        async with office.demo.bot.store.read() as session:
            rows = (await session.scalars(select(Outbox).where(Outbox.kind == "chase", Outbox.person == "u032"))).all()
        sent = [r for r in rows if r.sent_at is not None]
        calendar = office.demo.bot.around._held.calendar  # type: ignore[union-attr]
        halves = [calendar.half_day(r.sent_at) for r in sent]
        days = [half[0] for half in halves]
        assert sent and len(set(halves)) == len(halves) and max(days.count(day) for day in days) <= 2
        assert "贵单位有2件事待办" in sent[0].body

    async def test_then_it_is_the_offices_turn(self, office: World) -> None:
        await _issue(office, COUNTIES)
        told = await _told(office, "20T09:30")
        assert any("请电话联系" in text for text in told["clerk"])


@ON_SQLITE
class TestR3NothingUnaskedOutsideWorkingHours:
    async def test_what_falls_due_at_night_waits_and_answers_always_go_out(self, office: World) -> None:
        await _issue(office, COUNTIES)
        await _until(office, "18T22:00")
        office.heard[-1].all_to()
        assert "已签收" in await office.reply("u032", "收到")
        (await _until(office, "19T07:59")).nothing()

    async def test_urgent_needs_a_reason_which_is_recorded(self, office: World) -> None:
        await _until(office, "18T22:00")
        office.heard[-1].all_to()
        await office.reply("clerk", "通知 寿县：暴雨将至，立即转移低洼处群众。明天12点前")
        assert "要写理由" in await office.reply("clerk", "发 紧急")
        said = await office.says("clerk", "发 紧急 暴雨红色预警")
        assert "暴雨红色预警" in said.to("counties").text
        said.all_to()

    async def test_an_adjusted_workday_counts_and_its_free_day_does_not(self, office: World) -> None:
        """Saturday 10 October 2026 worked for the National Day; the days of the holiday did not."""
        calendar = office.demo.bot.around._held.calendar  # type: ignore[union-attr]
        assert calendar.is_workday(date(2026, 10, 10)) and not calendar.is_workday(date(2026, 10, 6))


@ON_SQLITE
class TestR4TheLightestKindThatFits:
    @pytest.mark.parametrize(
        ("words", "kind"),
        [
            ("明天起大院停车场施工，无需回复", "知照"),
            ("请各单位报送摸排方案，收到请回复", "签收"),
            ("请各单位统计宣传单数量", "签收"),
        ],
    )
    async def test_it_is_the_default_and_an_fyi_says_not_to_answer(self, office: World, words: str, kind: str) -> None:
        preview = await office.reply("clerk", f"通知 寿县：{words}")
        assert f"通知预览（{kind}" in preview
        said = await office.says("clerk", "发")
        posted = said.to("counties")
        said.all_to()
        assert ("无需回复" in posted.text) is (kind == "知照") and bool(posted.buttons) is (kind != "知照")


@ON_SQLITE
class TestR5WhoHasNotAnsweredIsNotPosted:
    async def test_asked_in_the_group_the_answer_is_private_and_no_summary_names_anybody(self, office: World) -> None:
        await _issue(office, COUNTIES)
        said = await office.says("clerk", "谁没收到", room="counties")
        assert "| 寿县 | 没签收 |\n| 大通区 | 没签收 |" in said.to("clerk").text
        said.nothing()
        assert "寿县" in await office.reply("u032", "谁没收到 1")
        assert "大通区" not in await office.reply("u032", "谁没收到 1")
        await _told(office, "19T18:00")
        later = [m for m in await office.room("counties") if m.author == "bot"][1:]
        assert not any("寿县" in m.text or "大通区" in m.text for m in later)


class TestR6NoRanking:
    def test_no_word_that_the_bot_says_ranks_scores_or_watches(self) -> None:
        from bot.render import FOLDER

        banned = ("排名", "名次", "得分", "积分", "打卡", "签到", "连续", "在线时长", "定位", "倒数", "第一名", "排行")
        said = {path.name: path.read_text("utf-8").replace("不排名", "") for path in FOLDER.rglob("*.j2")}
        assert said
        assert {(name, word) for name, text in said.items() for word in banned if word in text} == set()


@ON_SQLITE
class TestR7APhotoNeedsAReason:
    async def test_without_one_the_preview_warns_and_more_than_three_are_too_many(self, office: World) -> None:
        assert "索要截图、照片要写明理由" in await office.reply("clerk", "通知 交件 寿县：请报现场照片。明天下班前")
        assert "索要截图" not in await office.reply("clerk", "通知 交件 寿县：请报现场照片，用于年底归档。明天下班前")
        many = "通知 交件 寿县：请报送：现场照片6张，用于年底归档。明天下班前"
        assert "至多要3张照片" in await office.reply("clerk", many)


@ON_SQLITE
class TestR8TheCostIsShownFirst:
    async def test_how_many_this_week_how_many_units_and_what_is_known_already(self, office: World) -> None:
        await _issue(office, COUNTIES)
        await office.reply("u032", "报 宣传单5000份")
        preview = await office.reply("clerk", "通知 报数 各单位请报宣传单数量。明天下班前")
        assert "本周已发1条，本条需41个单位报数" in preview
        assert "宣传单数1个单位11月18日前后已报过，可直接引用" in preview


@ON_SQLITE
class TestR9AShortOrLateDueTimeIsWarnedAbout:
    @pytest.mark.parametrize(
        ("due", "warning"),
        [
            ("今天下午4点前", "不足2个工作小时"),
            ("今天20点前", "下班后或休息日"),
            ("周六上午10点前", "下班后或休息日"),
            ("明天下班前", ""),
        ],
    )
    async def test_before_it_goes_out(self, office: World, due: str, warning: str) -> None:
        preview = await office.reply("clerk", f"通知 寿县：请报方案，收到请回复。{due}")
        assert warning in preview and ("⚠" in preview) is bool(warning)


@ON_SQLITE
class TestR10LeadTotalsOnly:
    async def test_outside_the_office_a_count_below_three_is_not_shown_and_no_unit_ever(self, office: World) -> None:
        await office.reply("u032", "线索 某村有人强占河滩采砂")
        office.heard[-1].all_to()
        inside = await office.reply("lead1", "线索统计")
        outside = await office.reply("auditor", "线索统计")
        assert "1" in inside and "寿县" not in inside + outside
        assert "不足3" in outside or "少于3" in outside or "3条以下" in outside


@ON_SQLITE
class TestR11ZeroReportsAreOneWord:
    async def test_and_a_daily_duty_needs_an_end_date(self, office: World) -> None:
        assert "写到哪天为止" in await office.reply("clerk", "定期 每天17时前报进展")
        await office.reply("clerk", "定期 寿县：每天17时前报线索数，无则零报告，到11月20日为止")
        await office.reply("clerk", "启用")
        (await office.passes("PT1M")).all_to()
        assert "已登记零报告" in await office.reply("u032", "零报告")
        assert "没有待办" in await office.reply("u032", "待办")


@ON_SQLITE
class TestR12TheChaseStopsWithTheAck:
    async def test_one_that_was_queued_is_not_sent(self, office: World) -> None:
        await _issue(office, COUNTIES)
        await _until(office, "18T20:00")
        office.heard[-1].all_to()
        await office.reply("clerk", "催 1")  # waits for the morning
        await office.reply("u032", "收到")
        told = await _told(office, "19T08:30")
        assert "u034" in told and "u032" not in told

    async def test_one_about_two_matters_asks_only_for_the_other(self, office: World) -> None:
        await _issue(office, COUNTIES)
        await _issue(office, "通知 寿县：请报送值班表，收到请回复。明天下班前")
        await _until(office, "18T20:00")
        office.heard[-1].all_to()
        await office.reply("clerk", "催 1")
        await office.reply("u032", "收 1")
        [text] = (await _told(office, "19T08:30"))["u032"]
        assert "1件事" in text and "〔2号〕" in text and "〔1号〕" not in text


@ON_SQLITE
class TestR13SilentDaysAreSilent:
    async def test_when_nothing_changed_there_is_no_summary(self, office: World) -> None:
        (await _until(office, "20T20:00")).nothing()

    async def test_when_something_did_there_is_one(self, office: World) -> None:
        await _issue(office, COUNTIES)
        told = await _told(office, "18T18:00")
        assert len(told["counties"]) == 1 and "members" not in told


@ON_SQLITE
class TestR14AComplaintIsAnonymous:
    async def test_it_goes_to_the_head_and_says_not_who(self, office: World) -> None:
        said = await office.says("u032", "减负 一周六个通知，材料重复报")
        told = said.to("head").text
        said.all_to()
        assert "一周六个通知" in told and "寿县" not in told and "u032" not in told
        async with office.demo.bot.store.read() as session:
            rows = (await session.scalars(select(Outbox).where(Outbox.kind == "burden"))).all()
        assert not any("u032" in f"{r.key}{r.body}{r.person}" for r in rows)


@ON_SQLITE
class TestR15FailureIsHonest:
    async def test_an_unloaded_year_an_unmatched_unit_and_an_unread_number_are_said(self, office: World) -> None:
        assert "放假安排还没公布" in await office.reply("clerk", "通知 寿县：请报总结。2027年1月8日前")
        assert "市局" in await office.reply("clerk", "通知 市局：请报总结。周五前")
        assert "读不出数" in await office.reply("u032", "报 宣传单5000份 标语上千条")

    async def test_so_is_a_unit_without_a_liaison_before_the_notice_goes_out(self, office: World) -> None:
        assert await office.api("/api/units")
        from models.people import Person
        from models.roster import touch_roster

        async def gone(session) -> None:  # type: ignore[no-untyped-def]
            person = await session.get(Person, "u032")
            person.active = False
            await touch_roster(session)

        await office.demo.bot.store.write(gone)
        assert "没有在岗的联络员：寿县" in await office.reply("clerk", COUNTIES)

    async def test_after_an_outage_what_was_missed_is_said(self, office: World) -> None:
        await office.reply("clerk", "定期 寿县：每周三12时前报进展，到12月31日为止")
        await office.reply("clerk", "启用")
        office.demo.clock.move_to(datetime.fromisoformat("2026-11-26T09:00+08:00"))
        await office.restart()
        said = await office.listen()
        assert any("11月25日（周三）12:00 的那一次因停机没有发出" in m.text for _, m in said.messages)
        said.all_to()

    async def test_a_photo_is_kept_clean_and_a_report_says_what_it_understood(self, office: World) -> None:
        answer = await office.reply("u032", "报 宣传单5000余份", pictures=(photo(),))
        assert "宣传单 至少5000份" in answer and "图片1张" in answer
