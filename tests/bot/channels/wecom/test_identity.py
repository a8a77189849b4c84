"""Who is who: userids of the platform against people of the roster."""

from datetime import date

import pytest

from bot.channels.wecom.identity import Directory
from models.people import Person
from models.rooms import Room
from models.roster import load_roster, touch_roster
from models.store import Store

DAY = date(2026, 11, 18)


class Version:
    roster_version = -1


@pytest.fixture
async def directory(database):
    store = Store(database)
    await store.open()
    version = Version()

    async def fill(session):
        session.add(Person(id="u001", name="甲"))
        session.add(Person(id="clerk", name="经办", wecom="ZhangSan"))
        session.add(Person(id="gone", name="走了", active=False))
        session.add(Room(id="members", name="成员单位群", chat_id="wrMembers"))
        await touch_roster(session)

    await store.write(fill)
    made = Directory(store, version)
    made.store, made.version = store, version
    yield made
    await store.close()


@pytest.mark.parametrize("userid", ["ZhangSan", "zhangsan", " ZHANGSAN ", "ZhangSan\n"])
async def test_userids_are_compared_trimmed_and_without_case(directory, userid):
    assert await directory.person(userid) == "clerk"


async def test_an_account_of_the_roster_is_its_own_userid_unless_another_is_given(directory):
    assert await directory.person("U001") == "u001"
    assert await directory.person("clerk") == "wecom:clerk"


@pytest.mark.parametrize("userid", ["nobody", "gone", "wecom:clerk", "u001 u002", ""])
async def test_somebody_unknown_is_a_stranger_whom_no_roster_holds(directory, userid):
    assert (await directory.person(userid)) == f"wecom:{userid}"


async def test_a_userid_that_stands_for_two_stands_for_nobody(directory):
    async def add(session):
        session.add(Person(id="u002", name="乙", wecom="zhangsan"))
        await touch_roster(session)

    await directory.store.write(add)
    assert await directory.person("ZhangSan") == "wecom:ZhangSan"


async def test_what_the_platform_wrote_is_what_it_is_sent(directory):
    await directory.note("wecom.bot", "u001", "U001", lambda: DAY)
    assert await directory.userid("u001", "wecom.bot") == "U001"
    assert await directory.userid("u001", "wecom.app") == "u001"
    assert await directory.userid("wecom:WangWu", "wecom.bot") == "WangWu"
    again = Directory(directory.store, directory.version)
    await again.refresh()
    assert again.has_opened("wecom.bot", "u001") and not again.has_opened("wecom.app", "u001")
    assert await again.userid("u001", "wecom.bot") == "U001"


async def test_a_change_of_the_roster_is_seen_at_once(directory):
    assert await directory.person("u001") == "u001"

    async def leave(session):
        (await session.get(Person, "u001")).active = False
        await touch_roster(session)

    await directory.store.write(leave)
    async with directory.store.read() as session:
        directory.version.roster_version = (await load_roster(session)).version
    assert await directory.person("u001") == "wecom:u001"


async def test_chats_are_rooms_by_their_exact_id(directory):
    assert await directory.room("wrMembers") == "members"
    assert await directory.room("wrmembers") == "chat:wrmembers"
    assert await directory.chat("members") == "wrMembers"
    assert await directory.chat("chat:wrX") == "wrX"
    assert await directory.chat("nowhere") == ""
