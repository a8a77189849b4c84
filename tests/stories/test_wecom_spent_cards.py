"""A card whose matter is done another way: greyed where the platform lets us, else a press says how things stand."""

from fake_wecom_app import Fault
from sqlalchemy import func, select
from wecom_world import office, opens, userid

from models import outbox
from models.live_cards import LiveCard
from models.outbox import OutState

UPDATE = "/cgi-bin/message/update_template_card"


async def chased(world, *matters):
    """市水利局 is asked for each of these, and an hour before they are due is reminded by one card."""
    for matter in matters:
        (await world.says("clerk", f"通知 市水利局：请{matter} 今天下班前")).all_to("clerk")
        (await world.says("clerk", "发")).all_to("clerk", "members")
    await world.until("2026-11-18T16:59+08:00")
    world.done_with()
    chase = (await world.until("2026-11-18T17:00+08:00")).to("u018")
    assert chase.card is not None
    return chase


async def live(world):
    async with world.bot.store.read() as session:
        return (await session.execute(select(func.count()).select_from(LiveCard))).scalar_one()


def members(world, *people):
    world.api.members = {userid(person): {} for person in ("clerk", "head", *people)}


async def test_an_ack_in_words_takes_the_button_of_the_apps_card_away(database, tmp_path, caplog):
    async with office(database, tmp_path, caplog, way="app") as world:
        members(world, "u018")
        await chased(world, "报送方案")
        assert await live(world) == 1 and not world.api.updates
        said = await world.says("u018", "收到")
        assert "已签收" in said.to("u018").text
        said.all_to("clerk")
        [update] = world.api.updates
        assert update["userids"] == [userid("u018")] and update["button"] == {"replace_name": "不用再点了"}
        assert await live(world) == 0
        (await world.passes(minutes=5)).nothing()
        assert len(world.api.updates) == 1


async def test_an_ack_by_the_office_for_a_unit_and_a_recall_take_it_away_too(tmp_path, caplog):
    async with office("", tmp_path, caplog, way="app") as world:
        members(world, "u018")
        await chased(world, "报送方案", "参加会议")
        (await world.says("clerk", "代 市水利局 收到 1 电话里说的")).all_to()
        assert not world.api.updates  # the other matter's button is still wanted, and a card can be changed once only
        (await world.says("clerk", "撤回 2")).all_to()
        assert len(world.api.updates) == 1 and await live(world) == 0


async def test_a_press_of_what_was_done_in_words_meanwhile_is_answered_and_leaves_only_the_rest(tmp_path, caplog):
    async with office("", tmp_path, caplog, way="app") as world:
        members(world, "u018")
        chase = await chased(world, "报方案", "来开会")
        (await world.says("u018", "收 1")).all_to("u018", "clerk")
        said = await world.presses("u018", chase, "收 1")
        assert "〔1号〕" in (again := said.to("u018").text) and "签收过" in again, again
        assert world.answers[-1]["TemplateCard"]["ButtonList"]["Key"] == "收 2"
        (await world.presses("u018", chase, "收 2")).all_to("u018", "clerk")
        assert world.answers[-1]["Button"]["ReplaceName"] == "已收到您的选择"
        assert not world.api.updates and await live(world) == 0  # the press has changed it


async def test_where_the_platform_refuses_a_press_says_how_things_stand(tmp_path, caplog):
    async with office("", tmp_path, caplog, way="app") as world:
        members(world, "u018")
        world.api.plan(UPDATE, Fault("errcode", 40058))
        chase = await chased(world, "报送方案")
        (await world.says("u018", "收到")).all_to("u018", "clerk")
        assert not world.api.updates and await live(world) == 0
        assert "〔1号〕" in (await world.presses("u018", chase, "收 1")).to("u018").text
        assert world.answers[-1]["Button"]["ReplaceName"] == "已收到您的选择"
        (await world.passes(minutes=5)).nothing()  # nobody is alarmed over it


async def test_after_three_days_no_code_is_used_any_more(tmp_path, caplog):
    async with office("", tmp_path, caplog, way="app") as world:
        members(world, "u018")
        await chased(world, "报送方案")
        await world.passes(days=5)
        world.done_with()
        (await world.says("u018", "收到")).all_to("u018", "clerk")
        assert world.api.count(UPDATE) == 0 and await live(world) == 0


async def test_a_card_of_the_long_connection_is_answered_and_changes_under_the_finger(tmp_path, caplog):
    """It may change within five seconds of a press and at no other time: nothing is tried before one."""
    async with office("", tmp_path, caplog) as world:
        await opens(world, "clerk", "u018")
        (await world.says("clerk", "@收到助手 帮助", room="members")).all_to("clerk")
        chase = await chased(world, "报送方案")
        (await world.says("u018", "收到")).all_to("u018", "clerk")
        assert not world.fake.updates and await live(world) == 0
        assert "〔1号〕" in (await world.presses("u018", chase, "收 1")).to("u018").text
        assert world.fake.updates[-1][1]["template_card"]["replace_text"] == "已收到您的选择"


async def test_a_press_is_answered_after_one_transaction(tmp_path, caplog, monkeypatch):
    """It has five seconds, and no second try; how the answer went is written down with the next round."""
    async with office("", tmp_path, caplog, way="app") as world:
        members(world, "u018")
        chase = await chased(world, "报送方案")
        begun, write = [], world.bot.store.write

        async def counted(unit):
            begun.append(unit)
            return await write(unit)

        async def later():
            return False

        await world.says("u018", "帮助")  # it has opened the chat
        world.done_with()
        monkeypatch.setattr(world.bot.sender, "_round", later)  # its rounds are not the press's
        monkeypatch.setattr(world.bot.store, "write", counted)
        await world.post_press("u018", chase.card["task_id"], "收 1", "rc")
        assert len(begun) == 1
        assert world.answers[-1]["Button"]["ReplaceName"] == "已收到您的选择"
        monkeypatch.undo()
        (await world.listen()).all_to("u018", "clerk")
        async with world.bot.store.read() as session:
            [press] = [row for row in await outbox.in_state(session, OutState.SENT) if row.kind == "press"]
        assert press.due_at is None and press.attempts == 1


async def test_what_a_crash_kept_from_being_answered_lapses(tmp_path, caplog, monkeypatch):
    async with office("", tmp_path, caplog, way="app") as world:
        members(world, "u018")
        chase = await chased(world, "报送方案")

        async def nothing(message):
            return

        with monkeypatch.context() as patch:
            patch.setattr(world.legs.callbacks[0].listener.__self__, "at_once", nothing)
            await world.post_press("u018", chase.card["task_id"], "收 1", "rc")
        assert not world.answers and (await world.ledger(1))["市水利局"].how == "button"
        await world.passes(seconds=10)
        await world.passes(seconds=1)
        world.done_with()
        async with world.bot.store.read() as session:
            assert [row.kind for row in await outbox.in_state(session, OutState.CANCELLED)] == ["press"]
