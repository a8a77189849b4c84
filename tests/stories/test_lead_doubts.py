"""Words that may be a lead, said again as one; and buttons that have done what they say."""

import pytest
from pictures import photo
from sqlalchemy import text
from world import World

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DOUBTFUL = "昨晚看见张三在桥下收钱"


async def open_questions(office: World) -> int:
    async with office.demo.bot.store.read() as session:
        count = await session.execute(text("SELECT count(*) FROM questions WHERE answered_at IS NULL"))
        return int(count.scalar_one())


async def envelopes(office: World) -> int:
    async with office.demo.bot.store.read() as session:
        return int((await session.execute(text("SELECT count(*) FROM leads"))).scalar_one())


AGAIN = (
    "线索 {}",
    "线索：{}。",
    "举报{}",
    "匿名线索 暗号 蓝色风筝88 {}",
)


async def test_doubtful_words_resent_as_a_lead_leave_no_open_question(office: World) -> None:
    for number, (person, again) in enumerate(zip(("u018", "u019", "u020", "u021"), AGAIN, strict=True), 1):
        assert "这是线索吗" in (await office.says(person, DOUBTFUL)).to(person).text
        said = await office.says(person, again.format(DOUBTFUL))
        assert f"L-000{number}" in said.to(person).text
        said.all_to("lead1", "lead2")
        assert (await open_questions(office), await envelopes(office)) == (0, number), again
    said = await office.says("u018", "是")
    assert "L-0005" not in str(said)
    said.all_to()


@ON_SQLITE
async def test_said_twice_they_are_asked_about_once(office: World) -> None:
    for _ in range(2):
        (await office.says("u018", DOUBTFUL)).all_to("u018")
    assert (await open_questions(office), await envelopes(office)) == (1, 1)
    said = await office.says("u018", "是")
    assert "L-0001" in said.to("u018").text
    said.all_to("lead1", "lead2")
    assert (await open_questions(office), await envelopes(office)) == (0, 1)


@ON_SQLITE
async def test_other_words_and_another_persons_stay_in_doubt(office: World) -> None:
    (await office.says("u018", DOUBTFUL)).all_to("u018")
    (await office.says("u019", f"线索 {DOUBTFUL}")).all_to()
    (await office.says("u018", "线索 某地有人开赌场")).all_to()
    assert (await open_questions(office), await envelopes(office)) == (1, 3)


@ON_SQLITE
async def test_a_picture_that_is_sent_again_with_the_word_is_asked_about_no_more(office: World) -> None:
    (await office.says("u018", "", pictures=(photo(),))).all_to("u018")
    (await office.says("u018", "线索 就是这个人", pictures=(photo(),))).all_to()
    assert (await open_questions(office), await envelopes(office)) == (0, 1)


@ON_SQLITE
async def test_a_button_that_has_been_used_is_gone_and_pressing_it_again_does_nothing(office: World) -> None:
    preview = (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).to("clerk")

    async def buttons(person: str, number: int) -> list[str]:
        listed = await office.demo.simulator.listing(person, None, 0)
        return [button["key"] for message in listed if message.id == number for button in message.buttons]

    assert await buttons("clerk", preview.id) == ["发 1", "取消 1"]
    (await office.presses("clerk", preview, "发 1")).all_to("clerk", "members")
    assert await buttons("clerk", preview.id) == []
    for key, answer in (("发 1", "已"), ("取消 1", "没有编号1的待发通知")):
        assert answer in (await office.presses("clerk", preview, key)).to("clerk").text
    assert (await office.api("/api/notices/1"))["state"] == "open"
    said = await office.until("2026-11-19T08:05+08:00")
    chase = said.to("u018")
    said.all_to()
    assert await buttons("u018", chase.id) == ["收 1"]
    (await office.presses("u018", chase, "收 1")).all_to("u018")
    assert await buttons("u018", chase.id) == []
    (await office.presses("u018", chase, "收 1")).all_to("u018")
    events = (await office.ledger(1))["市水利局"]["events"]
    assert [event["what"] for event in events].count("acked") == 1


@ON_SQLITE
async def test_what_was_decided_in_words_takes_the_buttons_away_too(office: World) -> None:
    for number, words in ((1, "发"), (2, "取消")):
        preview = (await office.says("clerk", "通知 成员单位：明天上午9点开会，请签收")).to("clerk")
        (await office.says("clerk", words)).all_to()
        listed = await office.demo.simulator.listing("clerk", None, 0)
        assert [m.buttons for m in listed if m.id == preview.id] == [()], number


async def test_the_question_about_a_lead_loses_its_buttons_when_it_is_answered(office: World) -> None:
    asked = (await office.says("u018", DOUBTFUL)).to("u018")
    said = await office.presses("u018", asked, asked.buttons[1]["key"])
    said.all_to("u018")
    listed = await office.demo.simulator.listing("u018", None, 0)
    assert [m.buttons for m in listed if m.id == asked.id] == [()]
    async with office.demo.bot.store.read() as session:
        rows = await session.execute(text("SELECT person FROM outbox WHERE person LIKE '%u018%'"))
        assert rows.all() == []
