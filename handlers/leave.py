"""请假, 今天别催 and 提醒我: a liaison says when not to be asked, and who stands in."""

import re
from datetime import datetime

from handlers.chase import Lines
from handlers.registry import LIAISONS, PASS, Misunderstood, command, listener
from handlers.request import Request
from models import chases
from models.people import Person, Role
from models.roster import Member, touch_roster
from models.rules.deadlines import DueState, read_due
from models.rules.spans import read_span
from models.units import Unit

PLAINLY = re.compile(
    r"(?:我|本人)?(?P<days>.{2,16}?)(?:我|本人)?(?:要|想|需要?)?请(?:个|[事病年公]|一下)?假(?:了|一下)?(?P<by>[,，\s]*由.{2,24}|)[。.!！]?"
)
REMIND = re.compile(r"^(.{1,16}?)\s*(?:再)?(?:提醒我?|叫我|催我)(?:一下|一次)?[。.!]?$")


@command("请假", who=LIAISONS, glued=lambda rest: bool(re.search(r"\d|天|周|月", rest)))
async def leave(request: Request, rest: str) -> None:
    """请假 12月1日-5日 由 张三 代：期间提醒发给代的人（销假 提前结束）"""
    words = rest
    by = re.search(r"\s*[,，]?\s*由\s*(\S{1,20}?)\s*(?:代|接|顶)\S{0,2}[。.]?$", words)
    stand_in = person_named(request, by[1]) if by else None
    span = read_span(words[: by.start()] if by else words, request.now, request.calendar)
    if span is None:
        raise Misunderstood("leave_how")
    if by and stand_in is None:
        raise Misunderstood("stand_in_unknown", name=by[1])
    first, last = span
    me = await request.session.get(Person, request.me.id)
    if me is not None:
        me.leave_from, me.leave_to, me.stand_in = first, last, stand_in.id if stand_in else ""
        await touch_roster(request.session)
    name = stand_in.name if stand_in else ""
    facts = {"person": request.me.name, "first": first, "last": last, "stand_in": name, "unit": request.unit.name}
    facts["answers"] = stand_in is not None and stand_in.unit is None
    for clerk in request.roster.with_role(Role.CLERK):
        key = f"leave:{request.incoming.external_id}:{clerk.id}"
        request.tell(clerk.id, "leave_told", key=key, office_hours=True, **facts)
    if stand_in is not None:
        key = f"leave:{request.incoming.external_id}:{stand_in.id}"
        request.tell(stand_in.id, "leave_stand_in", key=key, office_hours=True, **facts)
    request.reply("leave_set", **facts)


def person_named(request: Request, name: str) -> Member | None:
    """A person of the roster by account or by a name that only one bears."""
    found = [p for p in request.roster.people.values() if name in (p.id, p.name) and p.id != request.me.id]
    return found[0] if len(found) == 1 else None


@listener(22)
async def said_plainly(request: Request) -> str | None:
    """我明天请假, 周三到周五我请假: the same, in private, as people say it."""
    if request.unit is None or request.me.is_staff or not request.incoming.private:
        return PASS
    match = PLAINLY.fullmatch(request.text)
    if match is None or read_span(match["days"], request.now, request.calendar) is None:
        return PASS
    return await leave(request, match["days"] + match["by"])


@command("销假", who=LIAISONS)
async def back(request: Request, rest: str) -> None:
    """销假：提前回来了"""
    me = await request.session.get(Person, request.me.id)
    if me is not None:
        me.leave_from = me.leave_to = None
        me.stand_in = ""
        await touch_roster(request.session)
    request.reply("leave_ended")


@command("今天别催", "今天别催了", "别催了", "今天不要催", "今天不要催了", who=LIAISONS)
async def quiet(request: Request, rest: str) -> None:
    """今天别催：今天不再自动提醒本单位"""
    request.reply("quiet", until=await keep_quiet(request, request.unit.id))


async def keep_quiet(request: Request, unit_id: int) -> datetime:
    """Let nobody remind a unit any more today; gives until when."""
    unit = await request.session.get(Unit, unit_id)
    until = request.calendar.closing(request.now.astimezone(request.office.zone).date())
    if unit is not None:
        unit.quiet_until = until
        await touch_roster(request.session)
    return until


@listener(8, hot=True)
async def remind_me(request: Request) -> str | None:
    """下午3点提醒我: one private reminder of what is still owed then; asked for, so it counts towards no cap."""
    match = REMIND.match(request.text) if request.unit is not None and request.addressed else None
    if match is None:
        return PASS
    await request.gathering.flush()
    due = read_due(match[1], request.now, request.calendar, request.around.holidays)
    if due.state is not DueState.FOUND or due.at is None:
        raise Misunderstood("remind_how")
    rows = (await chases.owed(request.session, [request.unit.id]))[request.unit.id]
    if rows:
        request.tell(
            request.me.id,
            "reminder",
            key=f"remind:{request.incoming.channel}:{request.incoming.external_id}",
            after=due.at,
            wants=[[r.notice_id, request.unit.id] for r in rows],
            **Lines(request).facts(rows),
        )
    request.reply("remind_set" if rows else "ack_nothing", at=due.at)
    return None
