"""The roster in memory: who belongs where, as one frozen value that is loaded again when its version moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.marks import bump, read_mark
from models.people import Person, Position, Role
from models.rooms import Room
from models.rules.names import UnitName
from models.units import Unit

STAFF = frozenset({Role.CLERK, Role.HEAD})


@dataclass(frozen=True)
class Member:
    """A person as the roster knows them now."""

    id: str
    name: str
    unit: Unit | None
    roles: frozenset[str]
    mobile: str = ""
    leave: tuple[date, date] | None = None
    stand_in: str = ""
    position: str = Position.LIAISON

    def is_away(self, day: date) -> bool:
        return self.leave is not None and self.leave[0] <= day <= self.leave[1]

    @property
    def is_staff(self) -> bool:
        return not STAFF.isdisjoint(self.roles)


@dataclass(frozen=True)
class Roster:
    """Units by id in official order, people and rooms by id. Never changed in place.

    `former` are the units that are asked nothing more: their names stand in what was."""

    version: int
    units: Mapping[int, Unit]
    people: Mapping[str, Member]
    rooms: Mapping[str, Room]
    former: Mapping[int, Unit] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[UnitName, ...]:
        return tuple(UnitName(name=u.name, full=u.full, aliases=tuple(u.aliases)) for u in self.units.values())

    @cached_property
    def spoken(self) -> frozenset[str]:
        """Every way a unit's name is written in the roster: what may stand beside a 收到."""
        return frozenset(n for u in self.units.values() for n in (u.name, u.full, *u.aliases) if n)

    @cached_property
    def by_name(self) -> Mapping[str, Unit]:
        return {u.name: u for u in self.units.values()}

    @cached_property
    def liaisons(self) -> Mapping[int, Member]:
        """The liaison of each unit: the first living person who belongs to it as such."""
        return {unit: held[0] for unit in self._staff if (held := self._holding(unit, Position.LIAISON))}

    @cached_property
    def _staff(self) -> Mapping[int, list[Member]]:
        """The living people of each unit."""
        found: dict[int, list[Member]] = {}
        for person in self.people.values():
            if person.unit is not None:
                found.setdefault(person.unit.id, []).append(person)
        return found

    def _holding(self, unit_id: int, position: Position) -> list[Member]:
        return [p for p in self._staff.get(unit_id, ()) if p.position == position]

    def lineage(self, unit_id: int, at: datetime | None = None) -> frozenset[int]:
        """A unit and those that have become part of it, before an instant if one is given."""
        found, looked = {unit_id}, 0
        while looked < len(found):
            looked = len(found)
            found |= {
                u.id
                for u in self.former.values()
                if u.merged_into in found and (at is None or (u.merged_at is not None and u.merged_at < at))
            }
        return frozenset(found)

    def today(self, unit_id: int) -> int:
        """The unit that this one has become part of, or itself."""
        while unit_id in self.former and self.former[unit_id].merged_into is not None:
            unit_id = self.former[unit_id].merged_into or 0
        return unit_id

    def unit_of(self, unit_id: int) -> Unit | None:
        """A unit of today or of the past."""
        return self.units.get(unit_id) or self.former.get(unit_id)

    def answering(self, unit_id: int, day: date) -> Member | None:
        """Who answers for a unit on a day: its first liaison who is not away, else whoever stands in, else the B角."""
        people = self._holding(unit_id, Position.LIAISON)
        for person in people:
            if not person.is_away(day):
                return person
        for person in people:
            if person.stand_in in self.people:
                return self.people[person.stand_in]
        return self.deputy(unit_id, day) or (people[0] if people else None)

    def deputy(self, unit_id: int, day: date) -> Member | None:
        """The B角 of a unit, if there is one who can be written to and is not away."""
        return next((p for p in self._holding(unit_id, Position.DEPUTY) if not p.is_away(day)), None)

    def leader(self, unit_id: int) -> Member | None:
        """The 负责人 of a unit, if there is one who can be written to."""
        return next(iter(self._holding(unit_id, Position.LEADER)), None)

    def as_of(self, person: str, day: date) -> Member | None:
        """A person as they are on a day: one without a unit who stands in for somebody answers for that unit."""
        member = self.people.get(person)
        if member is None or member.unit is not None:
            return member
        for other in self._with_stand_in:
            if other.stand_in == person and other.is_away(day) and other.unit is not None:
                return replace(member, unit=other.unit, roles=member.roles | {Role.LIAISON})
        return member

    @cached_property
    def _with_stand_in(self) -> tuple[Member, ...]:
        return tuple(p for p in self.people.values() if p.stand_in)

    def with_role(self, *roles: Role) -> list[Member]:
        return [p for p in self.people.values() if not p.roles.isdisjoint(roles)]

    @cached_property
    def _residents(self) -> Mapping[str, list[Unit]]:
        return {room: [u for u in self.units.values() if room in u.rooms] for room in self.rooms}

    def units_of_room(self, room: str) -> list[Unit]:
        return self._residents.get(room, [])

    def rooms_for(self, units: Iterable[Unit]) -> dict[str, list[Unit]]:
        """The fewest rooms that reach `units`, each unit named once, in the order of the rooms."""
        left = {u.id: u for u in units}
        reached: dict[str, list[Unit]] = {}
        for room in sorted(self.rooms, key=lambda r: -sum(r in u.rooms for u in left.values())):
            here = [u for u in left.values() if room in u.rooms]
            if here:
                reached[room] = here
                for unit in here:
                    del left[unit.id]
        return {room: reached[room] for room in self.rooms if room in reached}

    def people_of_room(self, room: str) -> list[Member]:
        ids = {u.id for u in self.units_of_room(room)}
        return [p for p in self.people.values() if p.is_staff or (p.unit is not None and p.unit.id in ids)]


async def roster_version(session: AsyncSession) -> int:
    return int(await read_mark(session, "roster") or 0)


async def touch_roster(session: AsyncSession) -> None:
    """Say that units, people or rooms have changed; every holder of a Roster loads it again."""
    await bump(session, "roster")


async def load_roster(session: AsyncSession) -> Roster:
    version = await roster_version(session)
    every = list(await session.scalars(select(Unit).order_by(Unit.number, Unit.id)))
    units, former = {u.id: u for u in every if u.active}, {u.id: u for u in every if not u.active}
    people = {}
    for person in await session.scalars(select(Person).where(Person.active).order_by(Person.id)):
        unit = units.get(person.unit_id) if person.unit_id is not None else None
        roles = frozenset(person.roles) | ({Role.LIAISON} if unit is not None else frozenset())
        leave = (person.leave_from, person.leave_to) if person.leave_from and person.leave_to else None
        people[person.id] = Member(
            id=person.id,
            name=person.name,
            unit=unit,
            roles=roles,
            mobile=person.mobile,
            leave=leave,
            stand_in=person.stand_in,
            position=person.position,
        )
    rooms = {r.id: r for r in await session.scalars(select(Room).order_by(Room.position, Room.id))}
    for thing in (*every, *rooms.values()):
        session.expunge(thing)
    return Roster(version=version, units=units, people=people, rooms=rooms, former=former)
