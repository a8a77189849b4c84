"""The shortest loop: a notice, an answer, who is missing."""

from world import World


async def test_a_notice_is_previewed_sent_and_acknowledged(office: World) -> None:
    said = await office.says("clerk", "通知 各部门要制定自己的线索摸排方案，收到请回复。 明天下班前")
    preview = said.to("clerk")
    assert "〔1号〕" in preview.text
    assert "11月19日（周四）18:00" in preview.text
    said = await office.presses("clerk", preview, "发 1")
    notice = said.to("members")
    assert "@所有人" in notice.text
    assert notice.mentions == ("@all",)
    said.to("counties")
    said.to("clerk")
    said = await office.says("u018", "收到", room="members")
    assert "〔1号〕" in said.to("u018").text
    said = await office.says("clerk", "谁没收到")
    answer = said.to("clerk").text
    assert "40个" in answer and "市水利局" not in answer
    ledger = await office.ledger(1)
    assert ledger["市水利局"]["how"] == "text"
    assert [e["what"] for e in ledger["市水利局"]["events"]] == ["delivered", "acked"]
