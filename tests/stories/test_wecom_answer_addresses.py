"""A 智能机器人 by callback address may answer each message once, within the hour: whoever asked is answered all the same
when the platform is busy, when the bot was restarted meanwhile, and when another replica does it."""

from sqlalchemy import select
from wecom_world import office, opens, userid

from models import alarms, answer_addresses, outbox
from models.answer_addresses import TABLE
from models.outbox import OutState

BUSY = 45009


async def kept(world):
    async with world.bot.store.read() as session:
        return (await session.execute(select(TABLE))).all()


class Busy:
    """The platform asks for patience, until it is over."""

    def __init__(self, world, monkeypatch):
        self.taken, self.over = world.fake.answer_to_url, False
        monkeypatch.setattr(world.fake, "answer_to_url", self._answered)

    def _answered(self, body, place):
        return self.taken(body, place) if self.over else BUSY


async def test_a_question_is_answered_after_a_restart_by_a_bot_that_never_heard_it(
    database, tmp_path, caplog, monkeypatch
):
    async with office(database, tmp_path, caplog, way="callback") as world:
        await opens(world, "clerk")
        platform = Busy(world, monkeypatch)
        (await world.says("u018", "待办")).nothing()
        await world.stop()
        await world.start()
        platform.over = True
        assert "没有" in (await world.passes(minutes=10)).to("u018").text
        assert not await kept(world)


async def test_an_address_is_used_once_and_the_newest_first(tmp_path, caplog, monkeypatch):
    """O-04."""
    async with office("", tmp_path, caplog, way="callback") as world:
        platform = Busy(world, monkeypatch)
        for name in ("one", "two"):
            (await world.says("u018", "你好", msgid=name)).nothing()
            world.move(seconds=1)
        platform.over = True
        assert len((await world.passes(minutes=10)).all_to("u018")) == 2
        assert world.used == {f"{name}~{userid('u018')}" for name in ("one", "two")} and not await kept(world)


async def test_what_is_kept_tells_neither_who_spoke_nor_where_to_answer(tmp_path, caplog, monkeypatch):
    async with office("", tmp_path, caplog, way="callback") as world:
        platform = Busy(world, monkeypatch)
        (await world.says("u018", "待办", msgid="one")).nothing()
        [row] = await kept(world)
        said = repr(tuple(row)).lower()
        assert "response_code" not in said and "u018" not in said and world.fake.base not in said
        platform.over = True
        (await world.passes(minutes=10)).all_to("u018")


async def test_after_an_hour_nothing_of_it_is_left_and_the_office_learns_who_went_unanswered(
    tmp_path, caplog, monkeypatch
):
    async with office("", tmp_path, caplog, way="callback") as world:
        Busy(world, monkeypatch)
        (await world.says("u018", "待办")).nothing()
        await world.passes(hours=2)
        async with world.bot.store.read() as session:
            failed = {row.kind for row in await outbox.in_state(session, OutState.FAILED)}
            told = {one.what for one in await alarms.latest(session)}
        assert "todo" in failed and "failed:wecom.bot:todo" in told
        assert not await kept(world)
        world.done_with()
        caplog.clear()


async def test_an_address_of_another_host_is_not_kept(tmp_path, caplog):
    """Whoever could make us post somewhere else would be told what was meant for one."""
    async with office("", tmp_path, caplog, way="callback") as world:
        base, world.fake.base = world.fake.base, "https://example.org"
        (await world.says("u018", "待办")).nothing()
        world.fake.base = base
        assert not await kept(world)
        await world.passes(hours=2)
        world.done_with()
        caplog.clear()


async def test_an_answer_that_arrived_stands_though_its_address_cannot_be_struck_off(tmp_path, caplog, monkeypatch):
    """The disk breaks between the post and the note of it: nothing is said twice, and no failure is told."""

    async def broken(_session, _messages):
        raise OSError("disk I/O error")

    async with office("", tmp_path, caplog, way="callback") as world:
        monkeypatch.setattr(answer_addresses, "forget", broken)
        assert "没有" in (await world.says("u018", "待办")).to("u018").text
        (await world.passes(minutes=10)).nothing()
        async with world.bot.store.read() as session:
            assert not await outbox.in_state(session, OutState.UNKNOWN) and not await alarms.latest(session)
        assert len(await kept(world)) == 1
        monkeypatch.undo()
        await world.passes(hours=2)
        assert not await kept(world)
        caplog.clear()
