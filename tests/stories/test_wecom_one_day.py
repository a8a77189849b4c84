"""One day of an office, the same whatever door it stands behind: long connection or callback addresses, with cards or
without, and where a card cannot be changed."""

from dataclasses import dataclass, field

import pytest
from wecom_world import DIRECTIVE, office, opens, userid

from models import outbox
from models.outbox import OutState


@dataclass(frozen=True)
class Door:
    """`card`: the notice has one in its group; `answered`: it comes as the answer to whoever speaks there first.
    `changes`: a pressed card is brought up to date. `pushes`: people can be written to unasked, `all` of them also those
    who never spoke in private."""

    options: dict = field(default_factory=dict)
    card: bool = False
    answered: bool = False
    changes: bool = True
    pushes: bool = True
    all: bool = False
    buttons: bool = True


DOORS = {
    "long connection, cards pushed": Door({"way": "socket", "group_card": "push"}, card=True),
    "long connection, cards as answers": Door({"way": "socket", "group_card": "reply"}, card=True),
    "long connection, cards that do not change": Door({"way": "socket"}, card=True, changes=False),
    "long connection, no card in a group": Door({"way": "socket", "group_card": "none"}),
    "callback, the bot and the app": Door({"way": "both"}, answered=True, all=True),
    "callback, the bot, and an app that does not hear": Door(
        {"way": "both", "app_hears": False}, answered=True, all=True, buttons=False
    ),
    "callback, the bot alone": Door({"way": "callback"}, answered=True, pushes=False, buttons=False),
}


class Day:
    """The world and what its door can do: where an answer to somebody stands."""

    def __init__(self, world, door):
        self.world, self.door = world, door

    async def asks(self, person, text, room):
        """Said in a group; the answer is private where people can be written to, else one line in the group."""
        said = await self.world.says(person, text, room=room)
        answer = said.to(person if self.door.pushes else room).text
        said.nothing()
        return answer

    async def acks(self, person, text, **place):
        """An ack is answered in private or not at all; the group hears nothing of it."""
        said = await self.world.says(person, text, **place)
        if self.door.pushes or "room" not in place:
            assert "已签收〔1号〕" in said.to(person).text
        said.nothing()

    async def acks_first(self, person, text, room):
        """Whoever speaks first is answered with the card; gives it."""
        said = await self.world.says(person, text, room=room)
        card = said.to(room)
        assert card.by == "bot" and card.card["button_list"][0]["key"] == "收 1" and "〔1号〕" in card.text
        if self.door.pushes:
            assert "已签收〔1号〕" in said.to(person).text
        said.nothing()
        return card


@pytest.mark.parametrize("name", DOORS)
async def test_the_day(database, tmp_path, caplog, name):
    """I-14."""
    door = DOORS[name]
    async with office(database, tmp_path, caplog, **door.options) as world:
        world.fake.refuse_updates = not door.changes
        world.api.members = {userid(f"u{n:03}"): {} for n in range(1, 42)} | {userid("clerk"): {}, userid("head"): {}}
        day = Day(world, door)
        await opens(world, "clerk", "head", "u001", "u002", "u003", "u005", "u018", "u032")
        for room, called in (("members", "成员单位群"), ("counties", "县区群")):
            assert "本群是" in await day.asks("clerk", f"@收到助手 本群是 {called}", room)

        # 16:00 the office says it in private, sees it, and sends it
        await world.until("2026-11-18T16:00+08:00")
        said = await world.says("clerk", DIRECTIVE)
        preview = said.to("clerk")
        assert "11月19日（周四）18:00" in preview.text
        said.all_to("clerk")
        said = await world.says("clerk", "发")
        notice, county = said.to("members"), said.to("counties")
        assert notice.by == county.by == "hook" and notice.mentions == county.mentions == ("@all",)
        assert "〔1号〕" in notice.text and "@收到助手 收到" in notice.text
        assert ("点卡片" in notice.text) is (door.card or door.answered)
        assert "已发出" in said.to("clerk").text
        card = said.to("members") if door.card else None
        if card is not None:
            assert card.by == "bot" and card.card["button_list"][0]["key"] == "收 1"
            assert "〔1号〕" in card.text and said.to("counties").card is not None
        said.nothing()

        # every way of answering that this platform leaves people
        if door.answered:
            card = await day.acks_first("u001", "@收到助手 收到", "members")
        else:
            await day.acks("u001", "@收到助手 收到", room="members")
        if card is not None:
            said = await world.presses("u002", card, "收 1", room="members")
            if door.pushes:
                assert "已签收" in said.to("u002").text
            if door.changes:
                asked, body = world.fake.updates[-1]
                assert asked.task_id == card.card["task_id"] and "userids" not in body
                assert "已签收 2/41" in body["template_card"]["sub_title_text"]
                assert body["template_card"]["button_list"]
            else:
                assert not world.fake.updates
                (await world.listen()).all_to("clerk")  # the office hears of it, with this round or the next
                said.all_to("clerk")
        else:
            await day.acks("u002", "收 1")
        await day.acks("u003", "@收到助手\u2005收到", room="members", quote=notice.text)
        await day.acks("u005", "收到")
        if door.answered:
            await day.acks_first("u032", "收 1 @收到助手", "counties")
        else:
            await day.acks("u032", "收 1 @收到助手", room="counties")
        # one who never spoke in private: it counts, and the group hears nothing of it
        said = await world.says("u004", "@收到助手 收到", room="members")
        if door.all:
            assert "已签收" in said.to("u004").text
        said.nothing()
        # without a mention the platform tells us nothing
        (await world.says("u006", "收到", room="members")).nothing()
        ledger = await world.ledger(1)
        ways = [ledger[u].how for u in ("市纪委监委", "市委组织部", "市委宣传部", "市委政法委", "市法院")]
        assert ways == ["text", "button" if card is not None else "number", "quote", "text", "private"]
        assert ledger["市检察院"].acked_at is None

        # the same message twice has one effect, and one answer
        for _ in range(2):
            (await world.says("u018", "收到", msgid="77001")).all_to("u018")
        answers = [m for m in world.everything_to("u018") if "已签收〔1号〕" in m]
        assert len(answers) == 1 and (await world.ledger(1))["市水利局"].acked_at is not None

        # staff asks in the group: names are nobody's business there but where there is no other way to answer
        answer = await day.asks("clerk", "@收到助手 谁没收到", "members")
        assert "签收 7/41" in answer
        assert ("| 单位 | 情况 |" in answer) is name.startswith("long connection")  # the app shows text as it stands

        # 17:30 the totals go to the groups, names to the office
        said = await world.until("2026-11-18T17:30+08:00")
        assert "签收 7/41" in said.to("members").text and "签收 7/41" in said.to("counties").text
        if door.pushes:
            assert "市检察院" in said.to("clerk").text and "市检察院" in said.to("head").text
        said.nothing()

        # the morning's trial of the channel, tapped by the clerk
        said = await world.until("2026-11-19T08:50+08:00")
        if door.pushes:
            trial = said.to("clerk")
            assert "通道正常" in trial.text and (trial.card is not None) is door.buttons
            said.to("head")
            if door.buttons:
                tapped = await world.presses("clerk", trial, "通道正常")
            else:
                tapped = await world.says("clerk", "通道正常")
            assert "通道正常" in tapped.to("clerk").text
            tapped.all_to("clerk")
            assert "通道正常" in (await world.says("head", "通道正常")).to("head").text
        said.nothing()

        # an hour before it is due: a private line to those who can be written to, and the others are on the call sheet
        said = await world.until("2026-11-19T17:00+08:00")
        async with world.bot.store.read() as session:
            failed = [row.kind for row in await outbox.in_state(session, OutState.FAILED)]
        if door.all:
            chase = said.to("u006")
            assert "〔1号〕" in chase.text and (chase.card is not None) is door.buttons
            assert len(said.all_to()) == 33 and not failed
            if door.buttons:
                pressed = await world.presses("u006", chase, "收 1")
                assert world.answers and "已签收" in pressed.to("u006").text
                assert (await world.ledger(1))["市检察院"].how == "button"
        else:
            assert failed.count("chase") == 34
        said.nothing()
        said = await world.says("clerk", "进度 开通")
        text = said.to("clerk").text
        # whoever tapped a card has opened the chat by it
        assert f"已开通 {7 if door.all and door.buttons else 6}/41" in text and "市公安局" in text
        world.done_with()
