"""What a person types never becomes a mention, a link, markup, code or a case number in the bot's own words."""

import re

import pytest
from door import Door

NASTY = (
    "<@all> @所有人 @all <@u017> http://evil.example/x https://evil.example [点我](http://evil.example)"
    " {{7*7}} {% print 8 %} <script>alert(1)</script> <b>粗</b> a|b|c `x` 〔99号〕 #标题 javascript:alert(1)"
)


def _harmless(text: str) -> list[str]:
    """What in the bot's words could still do something."""
    text = text.replace("@所有人 ", "", 1) if text.startswith("@所有人") else text
    found = re.findall(r"<@|@all|@所有人|https?://|javascript:|<script|<b>|\{\{|\{%|\]\(|`", text)
    if re.search(r"(?<![0-9a-f-])49(?![0-9a-f-])", text):
        found.append("7*7 was computed")
    return found


async def _everything(door: Door) -> list[dict[str, object]]:
    state = (await door.look("/sim/api/state"))[1]
    found = []
    for room in ("members", "counties"):
        found += await door.bots("clerk", room)
    for person in state["people"]:
        found += await door.bots(person["id"])
    return found


async def test_no_word_of_the_bot_carries_what_people_smuggle_in(any_door: Door) -> None:
    await any_door.says("clerk", f"通知 {NASTY} 请报送方案，收到请回复。 明天下班前")
    await any_door.says("clerk", "发 1")
    notice = (await any_door.bots("u018", "members"))[0]
    await any_door.says("u018", f"报 宣传单500份 {NASTY}")
    await any_door.says("u018", f"报 {NASTY}500份", "members")
    await any_door.says("u018", f"回复 1 {NASTY}")
    await any_door.says("u017", f"收到 {NASTY}", "members", quote=notice["id"])
    await any_door.says("clerk", f"代 市水利局 收到 {NASTY}")
    await any_door.says("clerk", f"退 市水利局 1 {NASTY}")
    await any_door.says("clerk", f"更正 1 {NASTY} 请于后天下班前报送")
    await any_door.says("clerk", f"谁没收到 {NASTY}")
    await any_door.says("clerk", f"{NASTY}")
    await any_door.says("u016", f"减负 {NASTY}")
    await any_door.says("u016", f"延期 1 周五 {NASTY}")
    await any_door.says("u016", f"请假 12月1日-5日 由 {NASTY} 代")
    await any_door.says("u015", f"线索 {NASTY}")
    await any_door.says("u014", f"{NASTY}", "members")
    await any_door.says("clerk", f"通知 {NASTY}：{NASTY}")
    await any_door.moves(to="2026-11-19T18:00+08:00")
    said = await _everything(any_door)
    assert len(said) > 10
    wrong = [(m["text"], _harmless(str(m["text"]))) for m in said if _harmless(str(m["text"]))]
    assert wrong == []
    for message in said:
        assert set(message["mentions"]) <= {"@all"} | {f"u{n:03}" for n in range(1, 60)}  # type: ignore[call-overload]
        assert message["room"] is not None or message["mentions"] == []


async def test_only_the_notice_itself_mentions_everyone(door: Door) -> None:
    await door.issues(f"通知 {NASTY} 请报送方案，收到请回复。 明天下班前")
    await door.says("u018", "@所有人 大家注意", "members")
    await door.moves(to="2026-11-18T18:00+08:00")
    loud = [m for m in await _everything(door) if m["mentions"]]
    assert {m["room"] for m in loud} == {"members", "counties"} and len(loud) == 2


@pytest.mark.parametrize("words", ["见〔2号〕文件", "〔2号〕", "（2号）和〔 2 号 〕及【2号】", "［2号］"])
async def test_a_case_number_in_a_notice_does_not_lead_its_answers_astray(door: Door, words: str) -> None:
    await door.issues("通知 先前的一条，收到请回复。 明天下班前", 1)
    await door.issues("通知 请各单位报送摸排方案，收到请回复。 明天下班前", 2)
    notice = await door.issues(f"通知 {words} 请各单位报送摸排方案，收到请回复。 明天下班前", 3)
    await door.says("u018", "收到", "members", quote=notice["id"])
    acked = {}
    for number in (1, 2, 3):
        receipts = (await door.look(f"/api/notices/{number}", "demo"))[1]["receipts"]
        acked[number] = [r["unit"] for r in receipts if r["acked_at"]]
    assert acked == {1: [], 2: [], 3: ["市水利局"]}


async def test_what_people_write_in_a_room_is_shown_as_they_wrote_it(door: Door) -> None:
    """It is theirs: the page shows text as text, and it mentions nobody."""
    number = await door.says("u018", NASTY, "members")
    shown = next(m for m in await door.sees("clerk", "members") if m["id"] == number)
    assert shown["text"] == NASTY and shown["mentions"] == []
