"""A 智能机器人 by callback address may only answer: its cards go out with answers, and wait for one where need be."""

from datetime import timedelta

from wecom_world import DIRECTIVE, WecomWorld, office, opens

import handlers.card
from models import alarms, outbox
from models.outbox import OutState


async def sent_notice(world, number):
    (await world.says("clerk", DIRECTIVE)).all_to("clerk")
    said = await world.says("clerk", "发")
    assert f"〔{number}号〕" in said.to("members").text
    said.all_to("counties", "clerk")
    said.nothing()


async def test_each_card_waits_for_somebody_to_answer_over_a_restart_too(database, tmp_path, caplog):
    async with office(database, tmp_path, caplog, way="callback") as world:
        await opens(world, "clerk")
        await sent_notice(world, 1)
        await sent_notice(world, 2)
        await world.stop()
        await world.start()
        first = (await world.says("u001", "@收到助手 收 1", room="members")).to("members").card
        second = (await world.says("u002", "@收到助手 收 1", room="members")).to("members").card
        keys = {card["button_list"][0]["key"] for card in (first, second)}
        assert keys == {"收 1", "收 2"} and first["task_id"] != second["task_id"]
        (await world.says("u003", "@收到助手 收 1", room="members")).nothing()


async def test_a_card_whose_answer_came_too_late_waits_for_the_next_who_speaks(tmp_path, caplog):
    async with office("", tmp_path, caplog, way="callback") as world:
        await opens(world, "clerk")
        await sent_notice(world, 1)
        [callback] = world.legs.callbacks
        heard, late = callback.listener, []

        async def slow(said):  # answered by us, when the platform had given up
            late.append((said, await heard(said)))

        callback.listener = slow
        (await world.says("u001", "@收到助手 收到", room="members")).nothing()
        callback.listener = heard
        [(said, answer)] = late
        await callback.late(said, answer)
        await world.listen()
        assert (await world.says("u002", "@收到助手 收到", room="members")).to("members").card == answer.card


async def test_a_card_that_nobody_fetches_lapses_and_is_no_fault(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(handlers.card, "CARD_LIVES", timedelta(minutes=70))  # a day, of which each hour takes its time
    async with office("", tmp_path, caplog, way="callback") as world:
        await opens(world, "clerk")
        await sent_notice(world, 1)
        await world.until("2026-11-18T16:30+08:00")
        world.done_with()
        async with world.bot.store.read() as session:
            assert not await alarms.named(session, "")
            cards = [row for row in await outbox.in_state(session, None) if row.kind == "notice_card"]
        assert {card.state for card in cards} == {OutState.FAILED} and "等：" in cards[0].reason
        (await world.says("u001", "@收到助手 收到", room="members")).nothing()


async def test_in_private_a_question_has_its_buttons_and_a_press_is_answered(tmp_path, caplog):
    async with office("", tmp_path, caplog, way="callback") as world:
        await opens(world, "clerk")
        await sent_notice(world, 1)
        asked = (await world.says("u001", "收到，但不知道行不行？")).to("u001")
        assert asked.by == "answer" and [button["text"] for button in asked.card["button_list"]] == ["是", "不是"]
        yes = asked.card["button_list"][0]["key"]
        await world.presses("u001", asked, yes)
        assert world.fake.updates[-1][1]["template_card"]["replace_text"] == "已收到您的选择"
        assert (await world.ledger(1))["市纪委监委"].acked_at is not None
        world.done_with()


async def test_a_bot_of_another_name_is_called_by_it(tmp_path):
    world = WecomWorld(tmp_path / "data", "", "callback", "reply", True, True)
    world.fake.name = "小收"
    await world.open()
    try:
        await opens(world, "clerk")
        (await world.says("clerk", DIRECTIVE)).all_to("clerk")
        said = await world.says("clerk", "发")
        assert "@小收 收到" in said.to("members").text
        said = await world.says("u001", "@小收 收到", room="members")
        assert said.to("members").card is not None
        assert (await world.ledger(1))["市纪委监委"].how == "text"
    finally:
        await world.close()


async def test_where_the_platform_takes_no_card_the_words_say_what_to_type(tmp_path, caplog):
    async with office("", tmp_path, caplog, way="callback") as world:
        world.fake.refuse_cards = True
        await opens(world, "clerk")
        await sent_notice(world, 1)
        asked = (await world.says("u001", "收到，但不知道行不行？")).to("u001")
        assert asked.card is None and "看不到按钮就回“是 1”或“不是 1”" in asked.text
        world.done_with()
