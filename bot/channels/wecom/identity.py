"""Who is who: directory userids and chat ids on the platform's side, people and rooms on ours.

Userids are compared trimmed and without case, and sent as the platform wrote them. Somebody whom the roster does not
know is `wecom:<userid>`, a group that nobody has bound `chat:<chatid>`: names that no roster can hold, so that nothing
said under them counts for anybody.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from models import contacts
from models.roster import load_roster
from models.store import Store

log = logging.getLogger(__name__)
STRANGER, UNBOUND = "wecom:", "chat:"


def folded(userid: str) -> str:
    return userid.strip().casefold()


class Versioned(Protocol):
    """Whoever knows, without asking the database, which roster the last transaction saw."""

    @property
    def roster_version(self) -> int: ...


@dataclass
class _Known:
    """What was read last."""

    version: int = -2
    people: dict[str, str] = field(default_factory=dict)  # folded userid -> person
    userids: dict[str, str] = field(default_factory=dict)  # person -> userid as the roster has it
    chats: dict[str, str] = field(default_factory=dict)  # room -> chat id
    rooms: dict[str, str] = field(default_factory=dict)  # chat id -> room
    names: dict[str, str] = field(default_factory=dict)  # room -> name
    opened: dict[tuple[str, str], str] = field(default_factory=dict)  # leg, person -> userid as the platform wrote it


class Directory:
    """Looked up in memory; read again when the roster's version moves, and before anybody is called a stranger."""

    def __init__(self, store: Store, versioned: Versioned) -> None:
        self._store, self._versioned = store, versioned
        self._known = _Known()
        self._turn = asyncio.Lock()
        self._noting: dict[tuple[str, str], tuple[str, date]] = {}  # for the next transaction
        self._noted: asyncio.Task[None] | None = None  # which will be that transaction

    async def refresh(self) -> None:
        """Read everything anew."""

        async with self._store.read() as session:
            known = await _read(session)
        self._known = known

    @property
    def _stale(self) -> bool:
        return self._known.version != self._versioned.roster_version

    async def _fresh(self) -> _Known:
        if self._stale:
            await self.refresh()
        return self._known

    async def person(self, userid: str) -> str:
        """Our id of a userid, or that of a stranger."""
        known = self._known.people.get(folded(userid))
        if known is None or self._stale:
            await self.refresh()
            known = self._known.people.get(folded(userid))
        return known if known is not None else STRANGER + userid.strip()

    async def room(self, chat: str) -> str:
        """Our id of a group, or that of one that nobody has bound."""
        known = self._known.rooms.get(chat)
        if known is None or self._stale:
            await self.refresh()
            known = self._known.rooms.get(chat)
        return known if known is not None else UNBOUND + chat

    async def userid(self, person: str, leg: str = "") -> str:
        """Whom to write to on a leg, as the platform wrote it if it ever did; empty for nobody."""
        if person.startswith(STRANGER):
            return person.removeprefix(STRANGER)
        known = await self._fresh()
        return known.opened.get((leg, person)) or known.userids.get(person, "")

    async def chat(self, room: str) -> str:
        """The chat id of a room; empty while none is known."""
        return room.removeprefix(UNBOUND) if room.startswith(UNBOUND) else (await self._fresh()).chats.get(room, "")

    def people(self) -> Iterator[str]:
        """Everybody who can be written to, strangers who have spoken included; looked through only when asked."""
        return chain(self._known.userids, (person for _, person in self._known.opened))

    def accounts(self) -> int:
        """How many people of the roster have a directory account."""
        return len(self._known.userids)

    # What handlers ask in the middle of a transaction is answered from what was read last.

    def has_chat(self, room: str) -> bool:
        return room.startswith(UNBOUND) or bool(self._known.chats.get(room))

    def name_of(self, room: str) -> str:
        return self._known.names.get(room, room.removeprefix(UNBOUND))

    def has_opened(self, leg: str, person: str) -> bool:
        return (leg, person) in self._known.opened

    async def note(self, leg: str, person: str, userid: str, today: Callable[[], date]) -> None:
        """Somebody spoke in private: from now on they can be written to. Many at once are one transaction."""
        if self._known.opened.get((leg, person)) == userid:
            return
        self._noting[(leg, person)] = (userid, today())
        if self._noted is None:
            self._noted = asyncio.create_task(self._write_down())
        await asyncio.shield(self._noted)

    async def _write_down(self) -> None:
        async with self._turn:  # while one batch is being written the next one gathers
            notes, self._noting, self._noted = self._noting, {}, None
            await self._store.write(lambda session: contacts.note_all(session, notes))
            for name, (userid, _) in notes.items():
                self._known.opened[name] = userid


async def _read(session: AsyncSession) -> _Known:
    roster = await load_roster(session)
    known = _Known(version=roster.version)
    twice: set[str] = set()
    for person, userid in await contacts.accounts(session):
        known.userids[person] = userid.strip()
        if known.people.setdefault(folded(userid), person) != person:
            twice.add(folded(userid))
    for userid in twice:  # nobody may act for two
        log.warning("one userid stands for two people of the roster")
        del known.people[userid]
    for room in roster.rooms.values():
        known.names[room.id] = room.name
        if room.chat_id:
            known.chats[room.id] = room.chat_id
            known.rooms[room.chat_id] = room.id
    known.opened = {(contact.leg, contact.person): contact.userid for contact in await contacts.opened(session)}
    return known
