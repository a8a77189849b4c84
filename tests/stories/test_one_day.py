"""One day of an office with 41 units, from the directive at 16:00 to the close the evening after."""

from pictures import photo
from world import Heard, World

DIRECTIVE = "通知 各部门要根据市扫黑除恶专项斗争领导小组文件要求，制定自己的线索摸排方案，收到请回复。 明天下班前"


async def _sent(office: World) -> tuple[Heard, object]:
    await office.until("2026-11-18T16:00+08:00")
    preview = (await office.says("clerk", DIRECTIVE)).to("clerk")
    assert "〔1号〕" in preview.text and "全部41个单位" in preview.text and "11月19日（周四）18:00" in preview.text
    said = await office.says("clerk", "发")
    assert "已发出，41个单位" in said.to("clerk").text
    return said, said.to("members")


async def test_the_day(office: World) -> None:
    # 16:00 the office posts; both groups get it with a mention of everybody and a button
    said, notice = await _sent(office)
    county = said.to("counties")
    for posted in (notice, county):
        assert posted.mentions == ("@all",)
        assert posted.buttons == ({"key": "收 1", "text": "收到"},)

    # within half an hour the units answer, by every way people have
    assert "已签收〔1号〕" in (await office.says("u001", "收到", room="members")).to("u001").text
    assert "已签收" in (await office.presses("u002", notice, "收 1")).to("u002").text
    assert "已签收" in (await office.says("u003", "收到，马上落实", room="members", quote=notice)).to("u003").text
    assert "已签收" in (await office.says("u004", "收 1", room="members")).to("u004").text
    assert "已签收" in (await office.says("u005", "收到")).to("u005").text
    for person, text in (("u032", "寿县收到！！！"), ("u033", "己收到"), ("u034", "大通区已收到，马上落实")):
        assert "已签收" in (await office.says(person, text, room="counties")).to(person).text
    ledger = await office.ledger(1)
    ways = [ledger[u]["how"] for u in ("市纪委监委", "市委组织部", "市委宣传部", "市委政法委", "市法院")]
    assert ways == ["text", "button", "quote", "number", "private"]

    # the card's count has changed in place; the group was told nothing else
    posts = [m for m in await office.room("members") if m.author == "bot"]
    assert len(posts) == 1
    assert "已签收 8/41" in posts[0].text

    # what is no answer stays none, and small talk is not answered
    for text in ("收到没？", "没收到", "市水利局说收到了", "大家辛苦了", "是否收到"):
        (await office.says("u018", text, room="members")).nothing()
    assert (await office.ledger(1))["市水利局"]["state"] == "待签收"

    # staff asks, and gets names privately, in official order; a liaison sees its own unit only
    answer = (await office.says("clerk", "谁没收到", room="members")).to("clerk").text
    assert "签收 8/41" in answer and "没签收的33个：" in answer
    assert "| 市检察院 | 没签收 |\n| 市公安局 | 没签收 |" in answer
    assert "市水利局：待签收" in (await office.says("u018", "谁没收到")).to("u018").text
    assert "〔1号〕" in (await office.says("u018", "待办")).to("u018").text

    # figures and a photo come in
    said = await office.says("u032", "报 宣传单5000余份 短信50余万条", room="counties", pictures=(photo(),))
    told = said.to("u032").text
    assert "宣传单 至少5000份" in told and "短信 至少500000条" in told and "图片1张" in told
    [report] = await office.api("/api/reports")
    assert [(f["label"], f["value"], f["vagueness"]) for f in report["figures"]] == [
        ("宣传单", 5000, "余"),
        ("短信", 500000, "余"),
    ]
    assert len(report["photos"]) == 1

    # a lead is told in private: a number and nothing else
    said = await office.says("u035", "线索 田家庵区某村以王某为首暴力讨债")
    assert "L-0001" in said.to("u035").text
    for officer in ("lead1", "lead2"):
        told = said.to(officer).text
        assert "L-0001" in told and "王" not in told

    # 17:30 the day is summed up: totals to the groups, names to the office
    said = await office.until("2026-11-18T17:30+08:00")
    for room in ("members", "counties"):
        summary = said.to(room).text
        assert "签收 8/41" in summary and "市检察院" not in summary
    for person in ("clerk", "head"):
        assert "市检察院" in said.to(person).text

    # the evening and the night are quiet; the chase comes an hour before it is due, only to those who owe
    said = await office.until("2026-11-19T16:59+08:00")
    assert "末行校验值" in said.to("auditor").text  # the journal's head, kept outside the database
    said.nothing()
    said = await office.until("2026-11-19T17:00+08:00")
    chased = said.all_to()
    assert len(chased) == 33 and "u018" in chased and "u001" not in chased

    # nothing changed but the asking: no summary worth anybody's time
    (await office.until("2026-11-19T17:31+08:00")).nothing()

    # the next morning those still owing are reminded once more, then it is the office's turn
    assert "已签收〔1号〕" in (await office.says("u006", "收到")).to("u006").text
    said = await office.until("2026-11-20T08:00+08:00")
    chased = said.all_to()
    assert len(chased) == 32 and "u006" not in chased
    said = await office.until("2026-11-20T09:30+08:00")
    sheet = said.to("clerk").text
    assert "市水利局" in sheet and "32个单位" in sheet

    # a late ack is marked and not refused; the office answers for one that said so by telephone
    assert "（迟）" in (await office.says("u007", "收到")).to("u007").text
    assert "已代市水利局签收〔1号〕" in (await office.says("clerk", "代 市水利局 收到 电话确认")).to("clerk").text
    ledger = await office.ledger(1)
    assert ledger["市公安局"]["marks"] == ["迟"]
    assert ledger["市水利局"]["how"] == "proxy" and "代签" in ledger["市水利局"]["marks"]
    assert ledger["市水利局"]["acked_by"] == "clerk"

    # close: the others stay on the record as they are, and an answer after it still counts, late
    assert "已办结：41个单位，签收11" in (await office.says("clerk", "办结 1")).to("clerk").text
    assert "（迟）" in (await office.says("u008", "收 1")).to("u008").text
    [closed] = await office.api("/api/notices?state=closed")
    assert (closed["acked"], closed["total"]) == (12, 41)
    (await office.until("2026-11-20T17:29+08:00")).nothing()
    said = await office.until("2026-11-20T17:30+08:00")
    assert sorted(set(said.all_to()) - {"auditor"}) == ["clerk", "counties", "head", "members"]
    weekly = await office.until("2026-11-24T20:00+08:00")
    # a lead that nobody has looked at for three working days is brought to its officers' notice
    assert all("L-0001" in weekly.to(officer).text for officer in ("lead1", "lead2"))
    weekly.all_to("auditor")
    assert "上周小结" in weekly.to("clerk").text and "迟3" in weekly.to("head").text
    counts = await office.api("/api/leads/counts")
    assert counts == {"total": 1, "this_month": 1, "by_stage": {"登记": 1}}
