"""Who is there: the roster as the simulator's door looks at it for every post."""

from bot.channels.simulator import BOT
from bot.clock import since_start
from bot.faults import Fault
from bot.surroundings import Around
from models.roster import Member, Roster
from models.store import Store

AGE = 1.0  # seconds


class Residents:
    """The roster held in memory, at most a second old: reading it for every post cost more than the post.

    Whoever is not found is looked for in the database, so that only somebody's going can be seen late; dispatch, which
    looks itself, then takes no word from them.
    """

    def __init__(self, store: Store, around: Around) -> None:
        self._store, self._around = store, around
        self._held: Roster | None = None
        self._looked = 0.0
        self._rooms: dict[str, frozenset[str]] = {}

    async def fresh(self) -> Roster:
        """The roster as it stands in the database."""
        self._looked = since_start()  # before the read: of many posts at once only one looks, the others take the held
        async with self._store.read() as session:
            roster = (await self._around.load(session)).roster
        if roster is not self._held:
            self._rooms = {room: frozenset(p.id for p in roster.people_of_room(room)) for room in roster.rooms}
        self._held = roster
        return roster

    async def member(self, person: object, room: object = None) -> Member:
        """Who this is, if they exist and are in the room. Raises Fault."""
        if not isinstance(person, str):
            raise Fault(400, "缺少人员编号（from 或 as，文字）")
        if person == BOT:
            raise Fault(403, "不能以机器人的身份发言")
        if room is not None and not isinstance(room, str):
            raise Fault(400, "room 应是群编号，或 null（私聊）")
        roster = self._held
        unknown = roster is None or person not in roster.people or (room is not None and room not in roster.rooms)
        if roster is None or unknown or since_start() - self._looked > AGE:
            self._looked = since_start()  # one looks; sixty-four at once held every post for a tenth of a second
            roster = await self.fresh()
        member = roster.people.get(person)
        if member is None:
            raise Fault(404, "没有这个人")
        if room is not None and room not in roster.rooms:
            raise Fault(404, "没有这个群")
        if room is not None and not self.in_room(person, room):
            raise Fault(403, "您不在这个群里")
        return member

    def in_room(self, person: str, room: str) -> bool:
        """As far as the held roster knows."""
        return person in self._rooms.get(room, ())
