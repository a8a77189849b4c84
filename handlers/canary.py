"""The daily trial of a platform that may drop messages without a word: the office taps one card, or there is an alarm."""

from datetime import datetime, time, timedelta
from typing import Any

from handlers.registry import OFFICE, command, tick
from handlers.request import Button, Desk, Request
from models import alarms, marks
from models.people import Role

DUE, CHECK, WAITS = "canary due", "canary check", "canary of "
AT, WITHIN = time(8, 50), timedelta(minutes=30)  # not on the hour, when everybody sends
ALARM = "canary"


def upcoming(desk: Desk) -> datetime:
    """The next trial of a working day after now."""
    day = desk.now.astimezone(desk.office.zone).date()
    for ahead in range(370):
        at = datetime.combine(day + timedelta(days=ahead), AT, tzinfo=desk.office.zone)
        if at > desk.now and desk.calendar.is_workday(at.date()):
            return at
    return desk.now + timedelta(days=1)


async def _due(session: Any, now: datetime, _: int) -> list[datetime | None]:
    at = await _next(session)
    return [at] if at is None or at <= now else []


async def _next(session: Any) -> datetime | None:
    return await marks.read_time(session, DUE)


@tick("canary", due=_due, next=_next)
async def sing(desk: Desk, at: datetime | None) -> None:
    """One card to each of the office, on a door that has to be tried; nothing on a first look or long after its time."""
    await marks.write_mark(desk.session, DUE, upcoming(desk).isoformat())
    if at is None or desk.now - at > WITHIN:
        return
    date, asked_any = desk.now.astimezone(desk.office.zone).date(), False
    for person in desk.roster.with_role(Role.CLERK, Role.HEAD):
        if not desk.around.doors.can(desk.around.doors.for_person(person.id), "canary"):
            continue
        await marks.write_mark(desk.session, WAITS + person.id, date)
        desk.tell(
            person.id,
            "canary",
            key=f"canary:{date}:{person.id}",
            buttons=[Button("通道正常", "通道正常")],
            not_after=desk.now + WITHIN,
        )
        asked_any = True
    if asked_any:
        await marks.write_mark(desk.session, CHECK, (desk.now + WITHIN).isoformat())


async def _check_due(session: Any, now: datetime, _: int) -> list[datetime]:
    at = await _check_next(session)
    return [at] if at is not None and at <= now else []


async def _check_next(session: Any) -> datetime | None:
    return await marks.read_time(session, CHECK)


@tick("canary silence", due=_check_due, next=_check_next)
async def listen(desk: Desk, at: datetime) -> None:
    """Whoever did not tap in time may not have been reached: that is an alarm, and clears with the next tap."""
    await marks.write_mark(desk.session, CHECK, "")
    for person in desk.roster.with_role(Role.CLERK, Role.HEAD):
        if await marks.read_mark(desk.session, WAITS + person.id):
            await marks.write_mark(desk.session, WAITS + person.id, "")
            detail = f"{person.name}30分钟内没有点“通道正常”：可能没收到，请用别的办法联系并检查企业微信通道"
            await alarms.raise_alarm(desk.session, desk.now, f"{ALARM}:{person.id}", detail)


@command("通道正常", who=OFFICE, hidden=True)
async def heard(request: Request, rest: str) -> None:
    """通道正常：早上的通道测试收到了"""
    await marks.write_mark(request.session, WAITS + request.me.id, "")
    await alarms.clear_alarm(request.session, request.now, f"{ALARM}:{request.me.id}")
    request.reply("canary_heard")
