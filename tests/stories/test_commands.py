"""Every row of the commands table, in the words of those who type it."""

import pytest
from world import ON_SQLITE, World

NOTICE = "通知 请各单位报送摸排方案，收到请回复。明天下班前"


async def _issue(office: World, words: str = NOTICE) -> None:
    (await office.says("clerk", words)).all_to()
    (await office.says("clerk", "发")).all_to()


async def test_only_the_named_units_are_asked(office: World) -> None:
    preview = await office.reply("clerk", "通知 寿县、大通区：请报方案。周五前")
    assert "寿县、大通区（2个单位），发到县区群" in preview
    said = await office.says("clerk", "发")
    posted = said.to("counties")
    assert posted.mentions == ("u032", "u034") and "@寿县联络员" in posted.text
    said.to("clerk")
    assert set(await office.ledger(1)) == {"寿县", "大通区"}


@ON_SQLITE
async def test_units_that_are_addressed_without_a_colon_are_asked_about(office: World) -> None:
    for words in ("寿县、大通区请报送方案", "寿县、大通区，请报送方案", "报数 寿县 大通区抓紧报送清单"):
        assert "只发给点名的，请回“改 寿县、大通区”" in await office.reply("clerk", f"通知 {words}。周五前")
    assert "寿县、大通区（2个单位）" in (told := await office.reply("clerk", "改 寿县、大通区")) and "点了" not in told
    for other in ("请市公安局牵头、各单位配合", "市应急局的方案请各单位参照", "各单位请报送方案"):
        assert "点了" not in await office.reply("clerk", f"通知 {other}。周五前")


async def test_a_unit_that_is_not_clear_is_asked_about(office: World) -> None:
    answer = await office.reply("clerk", "通知 市局、寿县：请报方案。周五前")
    assert "市局" in answer and "没有拟通知" in answer
    assert await office.api("/api/notices?state=all") == []


async def test_the_draft_can_be_changed_and_dropped(office: World) -> None:
    await office.reply("clerk", NOTICE)
    assert "11月20日（周五）17:00" in await office.reply("clerk", "改 周五17点")
    assert "（报数）" in await office.reply("clerk", "改 报数")
    assert "1个单位" in await office.reply("clerk", "改 寿县")
    assert "已经过去" in await office.reply("clerk", "改 昨天")
    assert "没读懂" in await office.reply("clerk", "改 25点前")
    assert "没有发出" in await office.reply("clerk", "取消")
    assert "没有待发通知" in await office.reply("clerk", "发")
    assert await office.api("/api/notices") == []


@pytest.mark.parametrize(("phrase", "warning"), [("尽快", "没读懂"), ("昨天下班前", "已经过去"), ("25点前", "没读懂")])
async def test_a_due_date_that_cannot_be_read_sets_nothing(office: World, phrase: str, warning: str) -> None:
    assert warning in await office.reply("clerk", f"通知 请各单位报送方案，收到请回复。 {phrase}")
    [draft] = await office.api("/api/notices?state=draft")
    assert draft["ack_due"] is None


async def test_without_a_date_it_is_four_working_hours(office: World) -> None:
    await _issue(office, "通知 请各单位报送方案，收到请回复。")
    [notice] = await office.api("/api/notices")
    assert notice["ack_due"] == "2026-11-19T09:00:00+08:00"


async def test_after_hours_it_waits_for_the_morning_unless_urgent_with_a_reason(office: World) -> None:
    await office.until("2026-11-18T20:00+08:00")
    await office.reply("clerk", NOTICE)
    assert "定于 11月19日（周四）08:00 发出" in await office.reply("clerk", "发")
    assert [n["state"] for n in await office.api("/api/notices?state=scheduled")] == ["scheduled"]
    said = await office.until("2026-11-19T08:00+08:00")
    assert sorted(said.all_to()) == ["clerk", "counties", "members"]
    await office.until("2026-11-19T21:00+08:00")
    office.heard[-1].all_to()
    await office.reply("clerk", "通知 全市停课，请立即转达各学校。明天上午9点")
    assert "要写理由" in await office.reply("clerk", "发 紧急")
    said = await office.says("clerk", "发 紧急 暴雨红色预警")
    assert "暴雨红色预警" in said.to("members").text
    said.all_to()


async def test_an_fyi_wants_no_answer(office: World) -> None:
    await office.reply("clerk", "通知 明天起大院停车场施工，无需回复")
    said = await office.says("clerk", "发")
    posted = said.to("members")
    assert "无需回复" in posted.text and posted.buttons == ()
    said.all_to()
    (await office.until("2026-11-20T12:00+08:00")).all_to("members", "counties", "clerk", "head", "auditor")


async def test_urging_counts_towards_the_caps(office: World) -> None:
    await _issue(office, "通知 寿县、大通区：请报方案，收到请回复。明天下班前")
    said = await office.says("clerk", "催 1")
    assert "已私下催2个单位" in said.to("clerk").text
    assert sorted(said.all_to()) == ["u032", "u034"]
    assert "没有催任何单位" in await office.reply("clerk", "催 1")
    await office.reply("u032", "收到")
    await office.until("2026-11-19T08:30+08:00")
    office.heard[-1].all_to()
    said = await office.says("clerk", "催 1")
    assert "1个单位" in said.to("clerk").text
    said.to("u034")


async def test_withdrawing_an_answer(office: World) -> None:
    await _issue(office)
    assert "没有可以撤销的" in await office.reply("u018", "撤销")
    await office.reply("u018", "收到")
    assert "现在是待签收" in await office.reply("u018", "撤销")
    ledger = await office.ledger(1)
    assert ledger["市水利局"]["state"] == "待签收" and ledger["市水利局"]["acked_at"] is None
    assert [e["what"] for e in ledger["市水利局"]["events"]] == ["delivered", "acked", "withdrawn"]
    await office.reply("u018", "收到")
    assert "已撤销市水利局" in await office.reply("clerk", "撤销 市水利局 1")


async def test_recalling_a_notice(office: World) -> None:
    await _issue(office)
    said = await office.says("clerk", "撤回 1 内容有误")
    assert "已撤回" in said.to("members").text
    said.to("counties")
    said.to("clerk")
    assert "已撤回" in await office.reply("u018", "收 1")
    (await office.until("2026-11-20T12:00+08:00")).all_to("members", "counties", "clerk", "head", "auditor")
    assert [n["state"] for n in await office.api("/api/notices?state=recalled")] == ["recalled"]


async def test_a_notice_that_all_finished_closes_itself(office: World) -> None:
    await _issue(office, "通知 寿县、大通区：请报方案，收到请回复。明天下班前")
    await office.reply("u032", "收到")
    said = await office.says("u034", "收到")
    assert "自动办结" in said.to("clerk").text
    said.to("u034")
    (await office.until("2026-11-20T12:00+08:00")).all_to("members", "counties", "clerk", "head", "auditor")


async def test_figures_are_asked_for_and_corrected(office: World) -> None:
    await _issue(office, "通知 报数 各县区：请报宣传数。周五下班前")
    assert "还要报数" in await office.reply("u032", "收到")
    assert "还缺：数字" in await office.reply("u032", "报 1 正在统计")
    answer = await office.reply("u032", "报 宣传单5000余份 上千条短信")
    assert "答复〔1号〕" in answer and "上千条" in answer and "读不出" in answer
    assert "5000 → 5200份" in await office.reply("u032", "改 宣传单 5200")
    report = (await office.api("/api/reports"))[-1]
    assert [f["value"] for f in report["figures"]] == [5200]
    assert "少，对吗" in await office.reply("u032", "报 宣传单累计3000份")
    assert "三倍以上" in await office.reply("u032", "报 宣传单累计90000份")
    assert "| 宣传单 | 90000份 |" in await office.reply("clerk", "这个月报了多少")
    assert "零报告" in await office.reply("u033", "零报告")
    assert (await office.ledger(1))["凤台县"]["state"] == "已回复"


async def test_an_answer_is_sent_back_for_some_units(office: World) -> None:
    await _issue(office, "通知 回复 寿县、大通区、潘集区：请报整改措施。周五下班前")
    for person in ("u032", "u034", "u038"):
        await office.reply(person, "回复 1 已经整改")
    said = await office.says("clerk", "退 寿县、大通区 1 措施不具体 下周二前")
    assert "寿县、大通区" in said.to("clerk").text
    assert "措施不具体" in said.to("u032").text
    said.to("u034")
    ledger = await office.ledger(1)
    assert [ledger[u]["state"] for u in ("寿县", "大通区", "潘集区")] == ["退回", "退回", "已回复"]
    assert "答复〔1号〕" in await office.reply("u032", "回复 1 已补充责任人和时间")
    said = await office.until("2026-11-24T17:00+08:00")
    assert "u034" in said.all_to() and "u032" not in [w for w, _ in office.heard[-1].messages]


async def test_more_time_is_asked_for_and_granted(office: World) -> None:
    await _issue(office)
    said = await office.says("u034", "延期 1 下周一 还在走流程")
    assert "转给办公室" in said.to("u034").text
    question = said.to("clerk")
    assert "大通区" in question.text and "还在走流程" in question.text
    said = await office.presses("clerk", question, question.buttons[0]["key"])
    assert "已准延期" in said.to("u034").text
    said.to("clerk")
    assert "延期" in (await office.ledger(1))["大通区"]["marks"]
    assert "延到 11月25日" in await office.reply("clerk", "延期 寿县 1 下周三")
    said = await office.until("2026-11-19T17:00+08:00")
    chased = said.all_to()
    assert "u034" not in chased and "u032" not in chased and "u033" in chased


async def test_a_correction_keeps_old_answers_to_their_version(office: World) -> None:
    await _issue(office)
    await office.reply("u018", "收到")
    assert "已签收的不用再签" in await office.reply("clerk", "更正 1 请各单位报送摸排方案和联系人。")
    said = await office.says("clerk", "发")
    assert "第2版" in said.to("members").text
    said.all_to()
    await office.reply("u019", "收到")
    ledger = await office.ledger(1)
    assert (ledger["市水利局"]["on_version"], ledger["市农业农村局"]["on_version"]) == (1, 2)
    assert ledger["市水利局"]["state"] == "已签收"
    assert "重新签收" in await office.reply("clerk", "更正 1 下周三")
    (await office.says("clerk", "发")).all_to()
    assert "〔1号〕" in await office.reply("u018", "待办")
    assert "已签收" in await office.reply("u018", "收到")
    assert (await office.ledger(1))["市水利局"]["on_version"] == 3


async def test_leave_and_quiet_and_reminders(office: World) -> None:
    await _issue(office)
    assert "今天不再自动催" in await office.reply("u018", "今天别催")
    said = await office.says("u017", "请假 11月19日-20日 由 线索专员一 代")
    assert "由线索专员一接" in said.to("u017").text
    said.to("clerk")
    said.to("lead1")
    assert "17:00 提醒您" in await office.reply("u016", "下午5点提醒我")
    said = await office.until("2026-11-18T17:00+08:00")
    assert "待办1件" in said.to("u016").text
    said = await office.until("2026-11-19T17:00+08:00")
    said.all_to("members", "counties", "clerk", "head", "auditor")
    chased = said.all_to()
    assert "lead1" in chased and "u017" not in chased
    assert "已签收〔1号〕" in await office.reply("lead1", "收到")
    assert (await office.ledger(1))["市交通运输局"]["acked_by"] == "lead1"


@ON_SQLITE
async def test_who_has_acknowledged_is_asked_for_what_is_still_missing(office: World) -> None:
    for number, (unit, kind) in enumerate((("寿县", "报数"), ("凤台县", "回复"), ("大通区", "交件")), start=1):
        await _issue(office, f"通知 {kind} {unit}：请于明天上午10点前报送宣传情况（存档用）")
        await office.reply(f"u{31 + number:03}", "收到")
        said = await office.says("clerk", f"催 {number}")
        told = said.to(f"u{31 + number:03}").text
        assert f"请发“{'回复' if kind == '回复' else '报'} {number} …”" in told and "签收；" not in told
        said.to("clerk")


@ON_SQLITE
async def test_a_reminder_that_was_asked_for_speaks_of_what_is_still_owed(office: World) -> None:
    await _issue(office)
    await _issue(office)
    for person in ("u016", "u018"):
        assert "17:00 提醒您" in await office.reply(person, "下午5点提醒我")
    await office.reply("u016", "收 1")
    await office.reply("u016", "收 2")
    await office.reply("u018", "收 1")
    said = await office.until("2026-11-18T17:00+08:00")
    assert "待办1件" in (told := said.to("u018").text) and "〔2号〕" in told and "〔1号〕" not in told
    said.nothing()


@ON_SQLITE
async def test_leave_is_understood_as_people_say_it(office: World) -> None:
    said = ("我明天请假", "11月19日我请个假", "明天请病假，由线索专员一代", "本人11月19日需请假")
    for number, words in enumerate(said, start=14):
        assert "11月19日" in await office.reply(f"u{number:03}", words)
    assert sum(bool(one["leave"]) for one in await office.api("/api/units")) == len(said)
    assert "这是线索吗" in await office.reply("u018", "局长昨天请假去澳门赌博")


@ON_SQLITE
async def test_a_chain_for_a_notice_that_is_none_signs_nothing(office: World) -> None:
    assert "没有〔1号〕" in await office.reply("clerk", "接龙 1\n#接龙\n1. 市水利局 李四")


async def test_a_liaison_hands_over(office: World) -> None:
    await _issue(office)
    said = await office.says("u018", "移交 审计")
    question = said.to("auditor")
    assert "现有待办1件" in question.text
    said.to("u018")
    said = await office.presses("auditor", question, question.buttons[0]["key"])
    assert sorted(said.all_to()) == ["auditor", "clerk", "u018"]
    assert "已签收" in await office.reply("auditor", "收到")
    (await office.says("u018", "收到", room=None)).all_to()
    assert (await office.ledger(1))["市水利局"]["acked_by"] == "auditor"


async def test_a_duty_is_approved_by_its_dates(office: World) -> None:
    preview = await office.reply("clerk", "定期 每月25日前报线索数，遇节假日提前，无则零报告")
    assert "11月25日（周三）18:00" in preview and "2027年4月23日（周五）18:00" in preview
    assert "2027年的放假安排还没公布" in preview
    assert "写到哪天为止" in await office.reply("clerk", "定期 每天17时前报进展")
    assert "没读懂" in await office.reply("clerk", "定期 经常报进展")
    assert "已启用" in await office.reply("clerk", "启用 1")
    (await office.until("2026-12-18T08:00+08:00")).all_to()
    texts = [n["text"] for n in await office.api("/api/notices?state=all")]
    assert len(texts) == 2 and all("报线索数" in text for text in texts)
    assert "已停用" in await office.reply("clerk", "停用 1")


async def test_an_incident_goes_to_the_office_at_any_hour(office: World) -> None:
    await office.until("2026-11-18T23:00+08:00")
    said = await office.says("u032", "突发 化工园区着火")
    assert "首报" in said.to("clerk").text
    said.to("head")
    assert "请补充：时间、伤亡、处置" in said.to("u032").text
    said = await office.says("u032", "续报 1 22时50分起火，2人受伤，已送医")
    assert "续报1" in said.to("head").text
    said.all_to()
    (await office.says("u032", "终报 1 已扑灭")).all_to()
    assert "没有您单位进行中" in await office.reply("u032", "续报 1 又着了")


async def test_a_relay_is_matched_to_units(office: World) -> None:
    await _issue(office)
    await office.reply("u018", "收到")
    said = await office.says("clerk", "接龙 1\n#接龙\n1. 市水利局 收到\n2. 寿县 收到\n3. 市局 收到\n4. 大通收到")
    answer = said.to("clerk").text
    assert "代签2个（寿县、大通区）" in answer and "市局" in answer
    said.all_to()


async def test_a_telephone_call_is_kept(office: World) -> None:
    await _issue(office)
    assert "电话联系过大通区" in await office.reply("clerk", "已电话 大通区 1 下午报")
    assert (await office.ledger(1))["大通区"]["events"][-1]["what"] == "phoned"


async def test_complaints_are_anonymous(office: World) -> None:
    said = await office.says("u018", "减负 一个数一周报三次")
    assert said.to("head").text == "减负意见（匿名）：\n一个数一周报三次"
    assert "没有留下您的姓名" in said.to("u018").text
    assert "群里" in await office.reply("u018", "减负 太多", room="members")


@pytest.mark.parametrize(
    ("person", "text"),
    [("u018", "通知 大家好，开会"), ("u018", "催 1"), ("u018", "代 寿县 收到"), ("u018", "办结 1"), ("u018", "撤回 1"),
     ("lead1", "发"), ("auditor", "通知 abc"), ("lead1", "报 5份"), ("clerk", "报 5份"), ("u018", "退 寿县 1 x")],
)  # fmt: skip
async def test_who_may_not_is_told_so_in_one_line(office: World, person: str, text: str) -> None:
    assert "您的身份不能用" in await office.reply(person, text)


@pytest.mark.parametrize(
    ("person", "text", "hint"),
    [("u018", "带办", "待办"), ("u018", "报线索", "报 线索"), ("clerk", "谁没收道", "谁没收到"), ("u018", "帮住", "帮助")],
)  # fmt: skip
async def test_a_near_miss_gets_one_suggestion(office: World, person: str, text: str, hint: str) -> None:
    assert f"您是否要：{hint}" in await office.reply(person, text)


@pytest.mark.parametrize("text", ["大家好", "今天天气不错", "收到没有", "通知已转发", "报名截止了吗", "代我向大家问好"])
async def test_small_talk_in_a_group_is_not_answered(office: World, text: str) -> None:
    (await office.says("u018", text, room="members")).nothing()


async def test_help_has_five_lines_for_each_hat(office: World) -> None:
    for person in ("clerk", "u001", "lead1", "auditor"):
        assert len((await office.reply(person, "帮助")).splitlines()) == 5


@ON_SQLITE
async def test_two_wishes_for_more_time_are_two_questions(office: World) -> None:
    await _issue(office, "通知 寿县：请报方案，收到请回复。明天下班前")
    await _issue(office, "通知 寿县：请报名单，收到请回复。明天下班前")
    await office.reply("u032", "延期 1 周五 主任出差")
    await office.reply("u032", "延期 2 周五 名单未定")
    assert "2号" in await office.reply("clerk", "准")
    assert "1号" in await office.reply("clerk", "准")
    ledger = [await office.ledger(n) for n in (1, 2)]
    assert [one["寿县"]["marks"] for one in ledger] == [["延期"], ["延期"]]


@ON_SQLITE
async def test_urging_on_friday_evening_counts_for_monday_morning(office: World) -> None:
    await office.until("2026-11-20T11:00+08:00")
    office.heard[-1].all_to()
    await _issue(office, "通知 寿县：请报方案，收到请回复。今天下班前")
    await office.until("2026-11-20T18:30+08:00")
    office.heard[-1].all_to()
    assert "将于 11月23日（周一）08:00" in await office.reply("clerk", "催 1")
    said = await office.until("2026-11-23T12:00+08:00")
    assert said.all_to().count("u032") == 1
