"""演练: every quarter each officer opens a test lead made for that one key, and once a year the recovery key opens one.

A lost key would otherwise be found on the day it is needed. Inside stands a code; whoever tells it here has opened it.
Silence is an alarm, and comes to the other officers' and the auditor's ears.
"""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from handlers.lead_desk import OFFICERS
from handlers.registry import Misunderstood, Where, command, tick
from handlers.request import Desk, Request
from models import alarms, drills, leads, marks
from models.lead_codes import TRIES, fits, hashed
from models.leads import Lead, Stage
from models.people import Role
from models.sealing import RECOVERY, Recipients, associated, digest, seal_to

MARKS = OFFICERS_DUE, RECOVERY_DUE = "lead drill due", "recovery drill due"
WORKDAYS = 5
ALARM = "lead drill"


def _every(desk: Desk, mark: str) -> timedelta:
    return desk.office.recovery_every if mark == RECOVERY_DUE else desk.office.drill_every


async def schedule(desk: Desk) -> None:
    """Make sure that the next ones are written down, not later than the configuration asks for."""
    known = await marks.read_times(desk.session, MARKS)
    for mark in MARKS:
        latest = desk.now + _every(desk, mark)
        if known.get(mark, latest) >= latest:
            await marks.write_mark(desk.session, mark, latest.isoformat())


async def _due(session: Any, now: datetime, _: int) -> list[str]:
    times = await marks.read_times(session, MARKS)
    return [mark for mark in MARKS if mark in times and times[mark] <= now]


async def _next(session: Any) -> datetime | None:
    return min((await marks.read_times(session, MARKS)).values(), default=None)


@tick("lead drill", due=_due, next=_next)
async def drill(desk: Desk, mark: str) -> None:
    """A test lead for each officer, or for the recovery key; none while there is nobody to seal to."""
    await marks.write_mark(desk.session, mark, (desk.now + _every(desk, mark)).isoformat())
    known = desk.around.recipients
    if known is None:
        return
    for holder in [RECOVERY] if mark == RECOVERY_DUE else sorted(known.officers):
        await put_to_the_test(desk, known, holder)


async def put_to_the_test(desk: Desk, known: Recipients, holder: str) -> None:
    """Seal a code to one holder alone, and tell those who have that key which lead to open."""
    for old in await drills.open_for(desk.session, [holder]):
        await leads.erase(desk.session, old.lead_id)
        old.lead_id = 0
    lead = await _sealed(desk, known, holder)
    last = desk.calendar.add_workdays(desk.calendar.local(desk.now).date(), WORKDAYS)
    by = desk.calendar.closing(last)
    fresh = drills.Drill(lead_id=lead.id, holder=holder, asked_at=desk.now, answer_by=by)
    desk.session.add(fresh)
    await desk.session.flush()
    await desk.write_down("lead.drill.ask", f"lead:{lead.name}", "bot", holder=holder, digest=lead.digest)
    for person in desk.roster.with_role(Role.LEAD_OFFICER):
        if holder in (person.id, RECOVERY):
            key = f"lead drill:{fresh.id}:{person.id}"
            facts = {"lead": lead, "by": by, "recovery": holder == RECOVERY}
            desk.tell(person.id, "lead_drill", key=key, office_hours=True, **facts)


async def _sealed(desk: Desk, known: Recipients, holder: str) -> Lead:
    code = f"{secrets.randbelow(10**8):08d}"
    content = json.dumps({"text": desk.wording("lead_drill_inside", code=code), "pictures": []}, ensure_ascii=False)
    hour, token = desk.now.replace(minute=0, second=0, microsecond=0), secrets.token_hex(16)
    bound = associated(token, hour, known.fingerprint)
    envelope = seal_to(content.encode(), associated=bound, keys={holder: known.keys()[holder]})
    size, print_ = len(envelope.ciphertext), known.fingerprint
    lead = await leads.keep(
        desk.session, envelope, token=token, hour=hour, size=size, digest=digest(envelope), fingerprint=print_
    )
    lead.stage, lead.number, lead.code = Stage.DRILL, await marks.bump(desk.session, "lead number"), hashed(code)
    return lead


@command("演练", who=OFFICERS, where=Where.PRIVATE)
async def answer(request: Request, rest: str) -> None:
    """演练 12345678：打开演练线索后，把里面的演练码发给我，证明私钥能用"""
    waiting = await drills.open_for(request.session, [request.me.id, RECOVERY])
    if not waiting:
        raise Misunderstood("lead_drill_none")
    for one in waiting:
        lead = await leads.by_id(request.session, one.lead_id)
        if lead is None or lead.wrong_codes >= TRIES:
            continue
        if not fits(rest.strip(), lead.code):
            lead.wrong_codes += 1
            continue
        one.answered_at, one.answered_by = request.now, request.me.id
        await request.journal("lead.drill", f"lead:{lead.name}", holder=one.holder)
        await leads.erase(request.session, lead.id)
        await alarms.clear_alarm(request.session, request.now, f"{ALARM}:{one.holder}")
        request.reply("lead_drill_done", recovery=one.holder == RECOVERY)
        return
    request.reply("lead_drill_wrong")


@tick("lead drill silence", due=drills.SILENT.due, next=drills.SILENT.next)
async def silence(desk: Desk, number: int) -> None:
    """Nobody opened it in time: the key may be lost. The others can still rewrap every lead; nobody may wait for that."""
    one = await drills.by_id(desk.session, number)
    if one is None:
        return
    one.alarmed_at = desk.now
    person = desk.roster.people.get(one.holder)
    name = "恢复密钥" if one.holder == RECOVERY else person.name if person is not None else one.holder
    detail = f"{name}没有按期打开演练线索：私钥可能丢失或失效，请尽快核对，必要时换接收人名单"
    await alarms.raise_alarm(desk.session, desk.now, f"{ALARM}:{one.holder}", detail)
    await desk.write_down("lead.drill.silent", f"key:{one.holder}", "bot")
    for other in desk.roster.with_role(Role.LEAD_OFFICER, Role.AUDITOR):
        key = f"lead drill silent:{one.id}:{other.id}"
        desk.tell(other.id, "lead_drill_silent", key=key, office_hours=True, name=name)
