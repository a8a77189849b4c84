"""Bringing a roster in: read, checked as a whole, and put in place in one transaction, or not at all."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.roster_file import RosterError, read_rows
from models.people import Person, Position
from models.rooms import Room
from models.roster import touch_roster
from models.rules.contact_cells import read_contact
from models.rules.rosters import RosterRow, check_rows
from models.units import Unit

ROOMS = {"members": ("成员单位群", "成员单位"), "counties": ("县区群", "县区")}


def read_roster(path: Path, rooms: Sequence[Room]) -> list[RosterRow]:
    """The rows of a file that is right in every cell. Raises RosterError with one line a fault."""
    known = {kind: room.name for room in rooms for kind in room.audience}
    rows, faults = check_rows(read_rows(path), rooms=known)
    if faults:
        raise RosterError(faults)
    return rows


async def put_in_place(session: AsyncSession, rows: Sequence[RosterRow]) -> tuple[int, int, int]:
    """Make units and liaisons be as the roster says; gives how many were new, kept, and are no longer in it.

    Units that have gone are kept with their history, but are asked nothing more.
    """
    rooms = {room.name: room.id for room in await session.scalars(select(Room))}
    units = {unit.name: unit for unit in await session.scalars(select(Unit))}
    people = {person.id: person for person in await session.scalars(select(Person))}
    # A roster that still has a name of before means the unit that was renamed, not a new one.
    listed = {row.unit for row in rows}
    renamed = {a: u for u in units.values() if u.active and u.name not in listed for a in u.aliases}
    for unit in units.values():
        unit.active = False
    for person in people.values():
        if person.unit_id is not None and not person.roles:
            person.active = False
    new = 0
    for row in rows:
        new += row.unit not in units
        unit = units.get(row.unit) or renamed.get(row.unit) or Unit(number=row.number, name=row.unit)
        unit.name, unit.merged_into, unit.merged_at = row.unit, None, None
        units[row.unit] = unit
        session.add(unit)
        unit.number, unit.full, unit.kind, unit.active = row.number, row.full, row.kind, True
        unit.aliases, unit.rooms, unit.note = (
            list(row.aliases),
            [rooms[row.room]] if row.room in rooms else [],
            row.note,
        )
        unit.deputy, unit.leader = row.stand_in, row.leader
        await session.flush()
        person = people.setdefault(row.account, Person(id=row.account, name=row.liaison))
        person.name, person.unit_id, person.mobile, person.active = row.liaison, unit.id, row.mobile, True
        person.position = Position.LIAISON
        session.add(person)
    liaisons = {row.account for row in rows}
    for row in rows:
        _others(session, row, units[row.unit], liaisons, people)
    await touch_roster(session)
    await session.flush()
    gone = sum(not unit.active for unit in units.values())
    return new, len(rows) - new, gone


def _others(session: AsyncSession, row: RosterRow, unit: Unit, liaisons: set[str], people: dict[str, Person]) -> None:
    """B角 and 负责人 whom the row gives an account can be written to; whoever is a liaison already stays that."""
    for cell, position in ((row.stand_in, Position.DEPUTY), (row.leader, Position.LEADER)):
        contact = read_contact(cell)
        if not contact.account or contact.account in liaisons:
            continue
        person = people.setdefault(contact.account, Person(id=contact.account, name=contact.name))
        if person.roles:
            continue
        person.name, person.mobile, person.active = contact.name, contact.mobile or person.mobile, True
        person.unit_id, person.position = unit.id, position
        session.add(person)
        liaisons.add(contact.account)
