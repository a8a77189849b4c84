"""A bad line on the push leg: nobody is mentioned twice, and nothing ends in a state that no person sees."""

import random
from datetime import timedelta

import pytest
from wecom_world import MEMBERS, wecom

from bot.channels.wecom import net
from models import outbox
from models.outbox import OutState

NOTICES, FAULTS = 200, 100


async def unasked(world, seconds):
    """Posts whose fate nobody knows, and of which nobody was asked for so long."""
    before = world.clock.now() - timedelta(seconds=seconds)
    async with world.bot.store.read() as session:
        rows = await outbox.in_state(session, OutState.UNKNOWN)
    return [row for row in rows if row.due_at is not None and row.due_at < before]  # due since its fate was lost


HOWS = ("hang", "hang_after", "reset", "reset_after", "502", "html", -1, 45009, 45033)


@pytest.mark.timeout(300)
async def test_a_hundred_faults_over_two_hundred_notices_mention_nobody_twice(tmp_path, monkeypatch):
    """O-01, O-14."""
    monkeypatch.setattr(net, "TOTAL", 0.2)
    luck = random.Random(20261121)
    async with wecom(tmp_path / "data", "", group_card="none") as world:
        await world.says("clerk", "你好")
        faulty = set(luck.sample(range(NOTICES), FAULTS))
        for number in range(NOTICES):
            if number in faulty:
                world.fake.fault("hook", luck.choice(HOWS))
            await world.hears("clerk", f"通知 市水利局：第{number}件事请办理 后天下班前")
            await world.hears("clerk", "发")
            await (world.bot.settle() if number % 2 else world.bot.sender.drain())
            world.move(seconds=8)
            assert not await unasked(world, 20), "nobody was asked in time"
        await world.passes(minutes=5)
        for heard in world.heard:
            heard.all_to()
        posted = [post.text for post in world.fake.to(MEMBERS) if post.mentions]
        numbers = [text.partition("〔")[2].partition("号〕")[0] for text in posted]
        assert len(numbers) == len(set(numbers)), "posted twice"
        async with world.bot.store.read() as session:
            rows = [row for row in await outbox.in_state(session, None, 5000) if row.kind == "notice"]
        states = {row.state for row in rows}
        assert len(rows) == NOTICES and states == {OutState.SENT, OutState.UNKNOWN}
        unknown = [row for row in rows if row.state == OutState.UNKNOWN]
        assert 0 < len(unknown) <= FAULTS
        # what is not known is asked, each with its number, within the same minute
        asked = " ".join(post.text for post in world.fake.to("CLERK"))
        for row in unknown:
            number = row.body.partition("〔")[2].partition("号〕")[0]
            assert f"〔{number}号〕" in asked and row.due_at is None
        # everything that the bot counts as sent stands there
        for row in rows:
            if row.state == OutState.SENT:
                assert row.body.partition("〔")[2].partition("号〕")[0] in numbers
        # the next ack settles it, and nobody is asked any more
        for one in unknown:
            await world.hears("u018", f"收 {one.body.partition('〔')[2].partition('号〕')[0]}")
        await world.listen()
        async with world.bot.store.read() as session:
            assert not await outbox.in_state(session, OutState.UNKNOWN)
            assert {(await outbox.by_key(session, one.key)).state for one in unknown} == {OutState.SENT}
        for heard in world.heard:
            heard.all_to()
