"""定期: a duty is said once as a sentence, approved by its dates, and raises its notice each period."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from handlers.agree import propose, wanted
from handlers.issue import go_out
from handlers.notice import audience_of
from handlers.registry import OFFICE, PASS, Misunderstood, command, tick
from handlers.request import Button, Desk, Request
from handlers.totals import part
from models import duties, notices, reports
from models.duties import Duty, DutyState
from models.notices import Kind, Notice
from models.rules.case_numbers import leading_number
from models.rules.duties import DutyRule, dates, ending
from models.rules.duty_words import Unread, read_duty
from models.rules.lead_totals import FEWEST
from models.rules.notice_words import sets_lead_target
from models.rules.totals import Total, add_up

SHOWN = 12


@command("定期", "定期任务", who=OFFICE, glued=lambda rest: "每" in rest)
async def plan(request: Request, rest: str) -> None:
    """定期 每月25日前报线索数，遇节假日提前，无则零报告：列出今后12次日期，回“启用”才生效（定期：看现有的）"""
    words = request.exact(rest)
    if not words:
        request.reply("duties", duties=await duties.running(request.session))
        return
    units, sentence = audience_of(request, words)
    rule = read_duty(sentence, request.now, request.calendar)
    if isinstance(rule, Unread):
        raise Misunderstood("duty_how", why=rule)
    rule = replace(rule, until=ending(rule, request.now, request.calendar))
    if rule.every == "day" and rule.until is None:
        raise Misunderstood("duty_end")
    upcoming = dates(rule, request.now, request.calendar, SHOWN)
    if not upcoming:
        raise Misunderstood("duty_over")
    duty = Duty(
        sentence=sentence,
        issuer=request.me.id,
        created_at=request.now,
        audience=[u.id for u in units],
        ends_on=rule.until,
    )
    request.session.add(duty)
    await request.session.flush()
    years = sorted(request.calendar.uncovered(*(at.date() for at in upcoming)))
    request.reply(
        "duty_preview",
        duty=duty,
        rule=rule,
        dates=upcoming,
        units=len(units),
        uncovered=years,
        days_off=[at for at in upcoming if not request.calendar.is_workday(at.date())] if rule.every != "day" else [],
        target=sets_lead_target(duty.sentence),
        buttons=[Button(f"启用 {duty.id}", "启用"), Button(f"停用 {duty.id}", "不要")],
    )


@command("启用", who=OFFICE)
async def approve(request: Request, rest: str) -> str | None:
    """启用 [编号]：让刚才预览的定期任务生效"""
    duty = await _meant(request, rest)
    if duty is None:
        return PASS
    if wanted(request, "duty.start") and _calls_everybody(request, duty):
        template, subject = "second_duty_start", {"duty": duty.id}
        await propose(request, "duty.start", f"duty:{duty.id}", template, subject=subject, duty=duty)
    else:
        await start(request, duty)
    return None


async def start(request: Request, duty: Duty, **second: Any) -> None:
    """Its first period is written down. `second`: who asked and who agreed, where it took two."""
    duty.state = DutyState.ON
    _schedule(request, duty, request.now)
    await request.journal("duty.start", f"duty:{duty.id}", sentence=duty.sentence, **second)
    request.reply("duty_on", duty=duty)


def _calls_everybody(desk: Desk, duty: Duty) -> bool:
    asked = set(duty.audience)
    rooms = desk.roster.rooms_for([desk.roster.units[u] for u in duty.audience if u in desk.roster.units])
    return any(asked >= {unit.id for unit in desk.roster.units_of_room(room)} for room in rooms)


@command("停用", who=OFFICE)
async def stop(request: Request, rest: str) -> str | None:
    """停用 编号：不再按期发这项定期任务"""
    duty = await _meant(request, rest)
    if duty is None:
        return PASS
    duty.state, duty.raise_at = DutyState.OFF, None
    await request.journal("duty.stop", f"duty:{duty.id}")
    request.reply("duty_off", duty=duty)
    return None


async def _meant(request: Request, rest: str) -> Duty | None:
    number, words = leading_number(rest)
    if words:
        return None
    if number is not None:
        duty = await duties.by_number(request.session, number)
        if duty is None or duty.state == DutyState.OFF:
            raise Misunderstood("duty_unknown", number=number)
        return duty
    return await duties.last_draft(request.session, request.me.id)


def _rule(desk: Desk, duty: Duty) -> DutyRule | None:
    """The sentence read as on the day when it was said: 「到12月31日」 means that year's, however long ago it was."""
    rule = read_duty(duty.sentence, duty.created_at, desk.calendar)
    return None if isinstance(rule, Unread) else replace(rule, until=duty.ends_on)


def _schedule(desk: Desk, duty: Duty, after: datetime) -> DutyRule | None:
    """Set the next period: its notice goes out some working days before it is due, at the opening."""
    rule = _rule(desk, duty)
    upcoming = dates(rule, after, desk.calendar, 1) if rule is not None else []
    if rule is None or not upcoming:
        duty.state, duty.raise_at, duty.due_at = DutyState.OFF, None, None
        return rule
    day = upcoming[0].astimezone(desk.office.zone).date()
    start = desk.calendar.add_workdays(day, -rule.lead) if rule.lead else day
    if not desk.calendar.is_workday(start):
        start = desk.calendar.previous_workday(start)
    duty.due_at = upcoming[0]
    duty.raise_at = max(desk.calendar.next_opening(desk.now), desk.calendar.opening(start))
    return rule


@tick("duty", due=duties.RAISED.due, next=duties.RAISED.next)
async def raise_notice(desk: Desk, number: int) -> None:
    """A period's notice goes out. After an outage only the period that is still ahead is asked for, and that is said."""
    duty = await duties.by_number(desk.session, number)
    if duty is None or duty.due_at is None:
        return
    due = duty.due_at
    rule = _rule(desk, duty)
    if due <= desk.now or rule is None:
        desk.tell(duty.issuer, "duty_missed", key=f"duty missed:{duty.id}:{due.isoformat()}", duty=duty, due=due)
    else:
        kind = Kind.FIGURES if rule.zero or "数" in duty.sentence else Kind.REPLY
        units = [desk.roster.units[u] for u in duty.audience if u in desk.roster.units]
        notice = Notice(
            number=await notices.next_number(desk.session),
            kind=kind,
            text=duty.sentence,
            issuer=duty.issuer,
            created_at=desk.now,
            audience=[u.id for u in units],
            rooms=list(desk.roster.rooms_for(units)),
            done_due=due,
            duty_id=duty.id,
        )
        desk.session.add(notice)
        await desk.session.flush()
        notice.text = desk.wording("duty_notice", duty=duty, rule=rule, last=await _last_totals(desk, notice))
        await go_out(desk, notice)
    _schedule(desk, duty, max(due, desk.now))


async def _last_totals(desk: Desk, notice: Notice) -> list[Total]:
    """What all units together gave the period before; not what so few gave that it would be told of one of them."""
    rows = await reports.last_period(desk.session, notice.duty_id or 0, notice.id)
    found = add_up(part(desk, *row) for row in rows)
    return [total for total in found if total.units >= FEWEST and total.value >= FEWEST]
