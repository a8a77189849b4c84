"""A lead from the first word to the last: told in private, sealed, followed by number, moved on by officers."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pictures import photo
from sqlalchemy import text
from world import ON_SQLITE, World

from bot import attachments
from models import leads
from models.sealing import Sealed, associated, unseal

MARK = "淮滨路皇家棋牌室开设赌场"


async def opened(office: World, number: int, officer: str = "lead1") -> list[dict[str, Any]]:
    """What an officer reads with the own key: every envelope of a lead."""
    key = (office.folder / "throw-away-keys" / f"{officer}.key").read_text().splitlines()[-1]
    async with office.demo.bot.store.read() as session:
        lead = await leads.by_number(session, number)
        assert lead is not None
        envelopes = [lead, *await leads.parts_of(session, lead.id)]
        wraps = await leads.wraps_of(session, [e.id for e in envelopes])
    return [
        json.loads(
            unseal(
                Sealed(e.nonce, e.ciphertext, wraps[e.id], e.algorithm),
                associated=associated(e.token, e.received_hour, e.fingerprint),
                identity=key,
            )
        )
        for e in envelopes
    ]


async def everything_stored(office: World) -> str:
    """Every row of every table, as text."""
    found = []
    async with office.demo.bot.store.read() as session:
        names = await (await session.connection()).run_sync(
            lambda c: __import__("sqlalchemy").inspect(c).get_table_names()
        )
        for name in names:
            found += [name + repr(tuple(row)) for row in await session.execute(text(f"SELECT * FROM {name}"))]
    return "\n".join(found)


async def test_a_lead_told_in_private_gets_a_number_and_nothing_is_repeated(office: World) -> None:
    said = await office.says("u018", f"线索 {MARK}")
    answer = said.to("u018").text
    assert "L-0001" in answer and "11月18日（周三）15时" in answer and "补充 L-0001" in answer
    assert MARK not in answer
    for officer in ("lead1", "lead2"):
        note = said.to(officer).text
        assert "L-0001" in note and "指纹" in note and MARK not in note
    assert (await opened(office, 1))[0]["text"] == MARK
    assert (await opened(office, 1))[0]["from"] == "u018"


async def test_nobody_can_tell_from_the_database_who_told_it(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    (await office.says("u019", "某村支书长期收好处")).all_to()
    (await office.says("u019", "是")).all_to()
    (await office.says("u020", "我要举报", pictures=(photo(),))).all_to()
    (await office.says("u020", "是线索")).all_to()
    (await office.says("u018", "补充 L-0001 还有同伙")).all_to()
    (await office.says("u018", "查 L-0001")).all_to()
    stored = await everything_stored(office)
    rows = [row for row in stored.splitlines() if not row.startswith(("people(", "units(", "rooms("))]
    for person in ("u018", "u019", "u020"):
        assert not [row for row in rows if f"'{person}'" in row or f"{person}:" in row]
    assert MARK not in stored


async def test_only_the_author_and_the_officers_can_follow_it(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    assert "登记" in (await office.says("u018", "查 L-0001")).to("u018").text
    assert "登记" in (await office.says("lead1", "查 L-0001")).to("lead1").text
    others = [(await office.says(who, "查 L-0001")).to(who).text for who in ("u019", "clerk", "head", "auditor")]
    unknown = (await office.says("u018", "查 L-0099")).to("u018").text
    assert set(others) == {unknown}


async def test_several_messages_and_pictures_go_to_one_lead_each_in_its_own_envelope(office: World) -> None:
    office_said = await office.says("u018", "线索")
    assert "完" in office_said.to("u018").text
    (await office.says("u018", "第一段：张三收保护费")).all_to()
    (await office.says("u018", "你好")).all_to()
    (await office.says("u018", "", pictures=(photo(),))).all_to()
    assert "3段" in (await office.says("u018", "完")).to("u018").text
    (await office.says("u018", "补充 L-0001 又想起一点：车是黑色的")).all_to()
    parts = await opened(office, 1)
    assert [p["text"] for p in parts] == ["第一段：张三收保护费", "你好", "", "又想起一点：车是黑色的"]
    assert len(parts[2]["pictures"]) == 1  # type: ignore[arg-type]
    assert (await office.api("/api/leads/counts"))["total"] == 1
    refused = await office.says("u019", "补充 L-0001 我也知道")
    assert "没有这条线索" in refused.to("u019").text
    assert len(await opened(office, 1)) == 4


@ON_SQLITE
async def test_files_are_sealed_like_words_and_pictures(office: World) -> None:
    """And kept nowhere else: not in the media folder, not by name, and not where nobody said what they are."""
    ledger = await attachments.check(b"%PDF-1.7 " + MARK.encode(), f"{MARK}.pdf")
    assert "再把文件发来，说“完”结束" in (await office.sends("u018", ledger)).to("u018").text
    (await office.says("u018", "线索")).all_to()
    said = await office.sends("u018", ledger)
    assert "L-0001" in said.to("u018").text
    said.all_to("lead1", "lead2")
    video = await attachments.check(b"\0\0\0\x18ftypmp42" + MARK.encode(), "现场.mp4")
    said = await office.sends("u018", video, ledger)
    assert "已加密补充到 L-0001" in said.to("u018").text
    said.all_to("lead1", "lead2")
    assert "L-0001 共2段" in (await office.says("u018", "完")).to("u018").text
    told = [part["files"] for part in await opened(office, 1)]
    assert [[file["title"] for file in files] for files in told] == [[f"{MARK}.pdf"], ["现场.mp4", f"{MARK}.pdf"]]
    assert base64.b64decode(told[0][0]["data"]) == ledger.data
    assert MARK not in await everything_stored(office) and base64.b64encode(MARK.encode()).decode() not in (
        await everything_stored(office)
    )
    assert not [path for path in (office.folder / "media").rglob("*") if path.is_file()]


@ON_SQLITE
async def test_a_file_belongs_to_what_was_begun_last_and_one_that_is_too_heavy_is_refused(office: World) -> None:
    paper = await attachments.check(b"%PDF-1.7 summary", "总结.pdf")
    (await office.says("u018", "线索")).all_to()
    await office.passes("PT1M")
    await office.reply("u018", "报 宣传单5份")
    assert "已附到刚才的上报" in (await office.sends("u018", paper)).to("u018").text
    await office.passes("PT1M")
    await office.reply("u018", "线索")
    heavy = await attachments.check(b"%PDF-1.7 " + bytes(12 << 20), "账本.pdf")
    assert "超过11兆" in (await office.sends("u018", heavy)).to("u018").text
    said = await office.sends("u018", paper)
    assert "L-0001" in said.to("u018").text
    said.all_to()


async def test_whoever_gives_no_name_follows_it_by_a_code(office: World) -> None:
    said = await office.says("u018", f"匿名线索 暗号 蓝色风筝88 {MARK}")
    assert "L-0001" in said.to("u018").text
    said.all_to("lead1", "lead2")
    assert (await opened(office, 1))[0] == {"text": MARK, "pictures": [], "files": []}
    assert "没有这条线索" in (await office.says("u018", "查 L-0001")).to("u018").text
    assert "没有这条线索" in (await office.says("u018", "查 L-0001 暗号 蓝色风筝89")).to("u018").text
    assert "登记" in (await office.says("u022", "查 L-0001 暗号 蓝色风筝88")).to("u022").text
    (await office.says("u018", "补充 L-0001 暗号 蓝色风筝88 他姓马")).all_to()
    assert (await opened(office, 1))[1] == {"text": "他姓马", "pictures": [], "files": []}
    stored = await everything_stored(office)
    assert "蓝色风筝" not in stored


async def test_a_weak_code_is_refused_and_ten_wrong_ones_shut_it(office: World) -> None:
    assert "6位以上" in (await office.says("u018", "匿名线索 暗号 12345 有人聚赌")).to("u018").text
    assert (await office.api("/api/leads/counts"))["total"] == 0
    (await office.says("u018", "匿名线索 暗号 abc987 有人聚赌")).all_to()
    for number in range(10):
        (await office.says("u019", f"查 L-0001 暗号 wrong{number}")).all_to()
    assert "没有这条线索" in (await office.says("u018", "查 L-0001 暗号 abc987")).to("u018").text


async def test_a_lead_in_a_room_is_sealed_and_only_its_author_and_the_office_hear_of_it(office: World) -> None:
    said = await office.says("u018", f"群众反映{MARK}，老板叫张海涛", room="members")
    told = said.to("u018").text
    assert "L-0001" in told and "撤回" in told and "张海涛" not in told
    recall = said.to("clerk").text
    assert "撤回" in recall and "张海涛" not in recall
    said.all_to("lead1", "lead2")
    room = await office.room("members")
    assert [m.text for m in room] == ["（已转为线索，原文不保留）"]
    assert "张海涛" in str((await opened(office, 1))[0]["text"])
    ordinary = await office.says("u018", "寿县已经摸排收集各类涉黑恶线索147条", room="members")
    ordinary.nothing()


async def test_its_whole_life_by_number(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    assert "不能直接到“移送”" in (await office.says("lead1", "移送 L-0001 公安")).to("lead1").text
    assert "研判" in (await office.says("lead1", "研判 L-0001")).to("lead1").text
    assert "移送给谁" in (await office.says("lead1", "移送 L-0001")).to("lead1").text
    said = await office.says("lead1", "移送L-0001 公安")
    assert "移送单Y-0001" in said.to("lead1").text
    assert "签收 L-0001" in said.to("u007").text
    assert "“移送”" in said.to("u018").text
    assert "没有这条线索" in (await office.says("u008", "签收 L-0001")).to("u008").text
    said = await office.says("u007", "签收 L-0001")
    assert "Y-0001" in said.to("u007").text
    said.all_to("lead1", "lead2")
    (await office.says("lead2", "核查 L-0001")).all_to("lead2")
    assert "请写明结果" in (await office.says("lead2", "反馈 L-0001")).to("lead2").text
    assert "查实" in (await office.says("lead2", "反馈 L-0001 查实")).to("lead2").text
    said = await office.says("lead1", "办结 L-0001")
    assert "办结" in said.to("lead1").text
    assert "结果：查实" in said.to("u018").text
    card = (await office.says("lead1", "查 L-0001")).to("lead1").text
    assert [w for w in ("研判", "移送 市公安局", "签收", "核查中", "反馈", "办结") if w not in card] == []


@pytest.mark.parametrize(
    "words", ["研判 L-0001", "移送 L-0001 公安", "办结 L-0001", "销毁 L-0001", "并案 L-0001 L-0002", "线索清单"]
)
async def test_nobody_but_an_officer_moves_a_lead(office: World, words: str) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    for who in ("u018", "clerk", "head", "auditor"):
        answer = (await office.says(who, words)).to(who).text
        assert "L-0001" not in answer.replace(words, "")
    assert (await office.api("/api/leads/counts"))["by_stage"] == {"登记": 1}


async def test_what_does_not_belong_is_closed_from_weighing(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    (await office.says("lead1", "研判 L-0001")).all_to()
    assert "研判不属于" in (await office.says("lead1", "办结 L-0001")).to("lead1").text
    said = await office.says("lead1", "办结 L-0001 研判不属于")
    said.all_to("lead1")
    assert "研判不属于" in said.to("u018").text


async def test_a_lead_about_a_unit_never_goes_to_that_unit(office: World) -> None:
    (await office.says("u018", "线索 派出所所长给赌场通风报信")).all_to()
    (await office.says("lead1", "研判 L-0001")).all_to()
    (await office.says("lead1", "回避 L-0001 市公安局")).all_to("lead1")
    assert "不能移送" in (await office.says("lead1", "移送 L-0001 公安")).to("lead1").text
    said = await office.says("lead1", "移送 L-0001 纪检")
    said.all_to("lead1", "u018")
    assert "L-0001" in said.to("u001").text
    assert "没有这条线索" in (await office.says("u007", "签收 L-0001")).to("u007").text


async def test_duplicates_are_joined_and_both_authors_hear_how_it_ended(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    (await office.says("u019", f"线索 {MARK}！")).all_to()
    (await office.says("lead1", "并案 L-0002 L-0001")).all_to("lead1")
    (await office.says("lead1", "研判 L-0001")).all_to("lead1")
    said = await office.says("lead1", "办结 L-0001 研判不属于")
    said.all_to("lead1")
    assert "L-0001" in said.to("u018").text
    assert "L-0002" in said.to("u019").text
    assert "办结" in (await office.says("u019", "查 L-0002")).to("u019").text
    assert (await opened(office, 2))[0]["text"] == f"{MARK}！"


async def test_silence_is_told_to_the_officers_once_a_period(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    assert set((await office.until("2026-11-23T17:59+08:00")).all_to()) <= {"auditor"}
    said = await office.until("2026-11-24T08:30+08:00")
    for officer in ("lead1", "lead2"):
        assert "3个工作日" in said.to(officer).text
    said.all_to("auditor")
    later = await office.until("2026-11-26T18:30+08:00")
    assert "lead1" not in later.all_to()


async def test_to_destroy_a_lead_takes_two_officers(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    said = await office.says("lead1", "销毁 L-0001")
    said.all_to("lead1")
    ask = said.to("lead2")
    assert "另一个人" in (await office.says("lead1", "同意销毁 L-0001")).to("lead1").text
    said = await office.presses("lead2", ask, "同意销毁 L-0001")
    assert "已经销毁" in said.to("lead2").text and "已经销毁" in said.to("lead1").text
    async with office.demo.bot.store.read() as session:
        lead = await leads.by_number(session, 1)
        assert lead is not None
        assert (lead.ciphertext, lead.author, await leads.wraps_of(session, [lead.id])) == (b"", "", {lead.id: {}})
        assert lead.erased_at == datetime(2026, 11, 18, 7, tzinfo=UTC)
    assert (await office.api("/api/leads/counts"))["total"] == 1


async def test_words_that_were_never_confirmed_are_gone_after_three_days(office: World) -> None:
    (await office.says("u018", "某村支书长期收好处")).all_to()
    await office.until("2026-11-21T14:00+08:00")
    async with office.demo.bot.store.read() as session:
        assert await leads.by_id(session, 1) is not None
    await office.until("2026-11-21T15:30+08:00")
    async with office.demo.bot.store.read() as session:
        assert await leads.by_id(session, 1) is None
    assert "过期" in (await office.says("u018", "是")).to("u018").text


async def test_the_author_goes_before_the_record_and_a_dated_stub_stays(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    (await office.says("lead1", "研判 L-0001")).all_to()
    (await office.says("lead1", "办结 L-0001 研判不属于")).all_to()

    async def standing() -> tuple[bool, bool]:
        async with office.demo.bot.store.read() as session:
            lead = await leads.by_number(session, 1)
            assert lead is not None
            return bool(lead.author), bool(lead.ciphertext)

    closed = office.now
    for days, kept in ((89, (True, True)), (91, (False, True)), (729, (False, True)), (731, (False, False))):
        office.demo.clock.move_to(closed + timedelta(days=days))
        (await office.listen()).all_to()
        assert await standing() == kept
    assert "已于" in (await office.says("lead1", "查 L-0001")).to("lead1").text


async def test_every_step_leaves_one_journal_row_without_content(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    (await office.says("lead1", "研判 L-0001")).all_to()
    async with office.demo.bot.store.read() as session:
        rows = [tuple(r) for r in await session.execute(text("SELECT actor, act, object FROM journal ORDER BY id"))]
    assert rows[-2:] == [("bot", "lead.register", "lead:L-0001"), ("lead1", "lead.step", "lead:L-0001")]


async def test_the_journals_last_hash_goes_to_the_auditor_at_the_end_of_the_day(office: World) -> None:
    (await office.says("u018", f"线索 {MARK}")).all_to()
    said = await office.until("2026-11-18T18:01+08:00")
    assert "校验值" in said.to("auditor").text
    (await office.until("2026-11-19T18:01+08:00")).nothing()


async def test_the_monthly_duty_counts_leads_without_content_and_sets_no_target(office: World) -> None:
    said = await office.says("clerk", "定期 每月25日前每个单位报线索不少于5条，到2027年6月底")
    assert "不给单位下指标" in said.to("clerk").text
    said = await office.says("clerk", "定期 每月25日前报线索数，遇节假日提前，无则零报告，到2027年6月底")
    assert "指标" not in said.to("clerk").text
    (await office.says("clerk", "启用")).all_to()
    (await office.listen()).all_to()
    assert "线索" in (await office.says("u018", "报 线索2条")).to("u018").text
    assert "零报告" in (await office.says("u019", "零报告")).to("u019").text
    said = await office.says("u020", f"报 线索：{MARK}，老板叫张海涛")  # content is no count: it is sealed
    assert "张海涛" not in str(said)
    said.all_to()
    assert MARK not in await everything_stored(office)
    evening = await office.until("2026-11-18T18:05+08:00")
    rooms = [m.text for where, m in evening.messages if where in ("members", "counties")]
    assert rooms and not [words for words in rooms if "线索2" in words or "市水利局" in words]
    evening.all_to()
    for person in ("auditor", "u022"):
        answer = (await office.says(person, "这个月报了多少 市水利局")).to(person).text
        assert "2条" not in answer
