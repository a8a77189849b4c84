"""What `shoudao check` asks about 企业微信, with what the database knows; in the service itself while that runs."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from bot.channels.wecom.checks import Found, Known, findings
from bot.channels.wecom.group_cards import MARK, Way
from bot.channels.wecom.keeper import SENTENCES, State
from bot.channels.wecom.settings import WeComSection
from models import contacts
from models.marks import read_mark
from models.people import Person
from models.roster import load_roster
from models.store import Store

REMEMBERED = {
    Way.REPLY: "不能主动发卡片（已试过），改为回复群里下一条@我的话",
    Way.NONE: "发不了卡片（已试过）：成员用引用或“收 编号”回复；要重试请在 [wecom.bot] 改 group_card 后重启",
}


async def look(
    store: Store, section: WeComSection, staff: Mapping[str, str], now: datetime, *, state: State | None = None
) -> list[Found]:
    """`staff`: names and userids of the office's people; `state`: that of the connection, in the running service."""
    known, cards = await _known(store, section)
    found = await findings(section, known, staff, now, running=state is not None, sole=store.is_sqlite)
    if state is not None:
        found.append(Found(SENTENCES[state], wrong=state not in (State.READY, State.WAITING)))
    elif section.bot is not None and not store.is_sqlite:
        found.append(Found("数据库可能由几个进程共用：智能机器人长连接请在运行中的服务旁检查"))
    return found + cards


async def _known(store: Store, section: WeComSection) -> tuple[Known, list[Found]]:
    async with store.read() as session:
        roster = await load_roster(session)
        userids = dict(await contacts.accounts(session))
        opened = {contact.person for contact in await contacts.opened(session)}
        chats = {room.id: room.chat_id for room in roster.rooms.values()}
        cards = []
        for room in section.room if section.bot is not None else ():
            way = (await read_mark(session, MARK + room.id) or "").partition(" ")[2]
            if way in REMEMBERED:
                cards.append(Found(f"群「{room.name}」{REMEMBERED[Way(way)]}"))
    liaisons = {roster.units[unit].name: userids.get(person.id, "") for unit, person in roster.liaisons.items()}
    known = Known(
        chats={room.id: room.chat_id or chats.get(room.id, "") for room in section.room},
        liaisons=liaisons,
        opened=sum(person.id in opened for person in roster.liaisons.values()),
    )
    return known, cards


async def staff_of(store: Store) -> dict[str, str]:
    """The office's own people, as the configuration has put them into the database."""
    async with store.read() as session:
        query = select(Person.name, Person.wecom).where(Person.unit_id.is_(None), Person.active)
        return {name: wecom or "" for name, wecom in await session.execute(query)}
