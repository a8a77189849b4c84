"""Who holds which office: as the configuration has it, less what still waits for a second person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import approvals, journal
from models.approvals import CONFIGURATION, Approval
from models.people import Person
from models.roster import touch_roster
from models.rules.role_changes import Change, Post, changes

ASSIGN, FIRST = "roles.assign", "roles.first"


async def fill(session: AsyncSession, wanted: Mapping[str, tuple[str, Post]], now: datetime) -> None:
    """Put the configuration's own people (name and post by id) in place. What it no longer names is no longer anybody.

    The first list is taken as it is, and stands in the journal whole; afterwards each change is one row there, and what
    makes somebody more powerful becomes a question to the second person.
    """
    known = {person.id: person for person in await session.scalars(select(Person))}
    standing = {p.id: Post(frozenset(p.roles), p.wecom) for p in known.values() if p.active and p.roles}
    found = {change.person: change for change in changes(standing, {name: post for name, (_, post) in wanted.items()})}
    for name, (called, post) in wanted.items():
        holds = found[name].now if name in found else post
        fresh = Person(id=name, name=called, roles=sorted(holds.roles), wecom=holds.account)
        await session.merge(fresh)
    for person in known.values():
        if person.unit_id is None and person.id not in wanted:
            person.active = person.id in found and found[person.id].later is not None
    if not standing and found:
        given = {change.person: sorted(change.now.roles) for change in found.values()}
        await journal.record(session, at=now, actor=CONFIGURATION, act=FIRST, object="office", detail=given)
    for change in found.values() if standing else ():
        await _write_down(session, change, wanted, now)
    await _forget(session, {f"person:{c.person}" for c in found.values() if c.later is not None}, now)


async def _write_down(
    session: AsyncSession, change: Change, wanted: Mapping[str, tuple[str, Post]], now: datetime
) -> None:
    about, before = f"person:{change.person}", sorted(change.before.roles)
    detail: dict[str, Any]
    if change.now != change.before and change.now.roles != change.before.roles:
        detail = {"before": before, "roles": sorted(change.now.roles)}
        await journal.record(session, at=now, actor=CONFIGURATION, act=ASSIGN, object=about, detail=detail)
    if change.later is None:
        return
    name = wanted[change.person][0] if change.person in wanted else change.person
    subject: dict[str, Any] = {
        "roles": sorted(change.later.roles),
        "account": change.later.account,
        "name": name,
        "before": before,
    }
    fresh = Approval(
        act=ASSIGN,
        object=about,
        asked_by=CONFIGURATION,
        asked_at=now,
        who=list(change.who),
        about=change.person,
        subject=subject,
    )
    asked = await approvals.ask(session, fresh)
    if asked is fresh:
        detail = {"approval": asked.id, "before": before, "roles": subject["roles"]}
        await journal.record(session, at=now, actor=CONFIGURATION, act=f"{ASSIGN}.ask", object=about, detail=detail)


async def _forget(session: AsyncSession, still: set[str], now: datetime) -> None:
    for asked in await approvals.waiting(session, now):
        if asked.act == ASSIGN and asked.object not in still:
            asked.end("superseded", now)


async def assign(session: AsyncSession, asked: Approval) -> None:
    """Give somebody the post that was agreed to."""
    person = await session.get(Person, asked.about)
    if person is None:
        return
    person.roles, person.wecom = list(asked.subject["roles"]), asked.subject["account"]
    person.active = bool(person.roles)
    await touch_roster(session)
