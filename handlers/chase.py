"""The chase: one private, merged message to a unit that owes, inside lawful hours; then it is the office's turn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from handlers.close import meant
from handlers.registry import OFFICE, Misunderstood, command, tick
from handlers.request import Button, Desk, Request
from models import notices, outbox, receipts
from models.notices import NoticeState
from models.people import Role
from models.receipts import What
from models.rules.chasing import AFTER, BEFORE, capped_until, next_step

MOST_BUTTONS = 6
SHEET_EVERY = 3  # working days between two call sheets of a notice


@tick("chase", due=receipts.due_for_chase, next=receipts.next_chase)
async def remind(desk: Desk, unit_id: int) -> None:
    """One unit's step has come: one message about all it owes, or the caps put it off."""
    rows = (await receipts.owed_by_units(desk.session, [unit_id], upto=30))[unit_id]
    due = [r for r in rows if r.chase_at is not None and r.chase_at <= desk.now]
    await _forget_closed(desk, unit_id, {r.notice_id for r in rows})
    if not due:
        return
    until = await _put_off(desk, unit_id)
    found = await notices.of_ids(desk.session, [r.notice_id for r in due])
    if until is not None:
        for row in due:
            await receipts.set_chase(desk.session, row.notice_id, unit_id, until, _step(row, until))
        return
    for row in due:
        notice = found[row.notice_id]
        after = desk.calendar.next_half_day(row.extended_to) if row.extended_to else notice.chase_after
        later, step = next_step(row.chase_step, notice.chase_before, after, desk.now)
        await receipts.set_chase(desk.session, row.notice_id, unit_id, later, step)
    chase(desk, unit_id, rows, by=None)


async def _put_off(desk: Desk, unit_id: int) -> datetime | None:
    """When a unit may next be chased, if not now: working hours, its own 「今天别催」, and the caps."""
    opens = desk.calendar.next_opening(desk.now)
    if opens > desk.now:
        return opens
    quiet = desk.roster.units[unit_id].quiet_until if unit_id in desk.roster.units else None
    if quiet is not None and quiet > desk.now:
        return desk.calendar.next_opening(quiet)
    return await capped(desk, unit_id)


def _step(row: Any, until: Any) -> int:
    """A reminder put off past the due time is the one after it."""
    due = row.extended_to or row.done_due or row.ack_due
    return AFTER if row.chase_step == BEFORE and due is not None and until > due else int(row.chase_step)


async def _forget_closed(desk: Desk, unit_id: int, open_ones: set[int]) -> None:
    """A step of a notice that is no longer open would otherwise come up for ever."""
    await receipts.forget_steps(desk.session, unit_id, desk.now, open_ones)


async def capped(desk: Desk, unit_id: int) -> Any | None:
    chased = await receipts.chased_since(desk.session, unit_id, desk.now - timedelta(days=2))
    return capped_until(desk.now, chased, desk.calendar)


def chase(desk: Desk, unit_id: int, rows: Sequence[Any], by: str | None) -> bool:
    """Write one message about all that `rows` say is owed, to the unit's liaison; False where there is nobody."""
    liaison = desk.liaison(unit_id)
    if liaison is None:
        return False
    desk.tell(
        liaison.id,
        "chase",
        key=f"chase:{unit_id}:{desk.now.isoformat()}",
        office_hours=True,
        wants=[[r.notice_id, unit_id] for r in rows],
        notice_id=rows[0].notice_id if len(rows) == 1 else None,
        buttons=_buttons(rows),
        **_facts(desk, rows),
    )
    for row in rows:
        event = {"notice_id": row.notice_id, "unit_id": unit_id, "at": desk.now, "what": What.CHASED}
        desk.gathering.events.append({**event, "by": by})
    return True


def _facts(desk: Desk, rows: Sequence[Any]) -> dict[str, Any]:
    return {"rows": rows, "at": desk.calendar.next_opening(desk.now)}


def _buttons(rows: Sequence[Any]) -> list[Button]:
    fresh = [r for r in rows if r.acked_at is None]
    several = len(fresh) > 1
    return [Button(f"收 {r.number}", f"收到〔{r.number}号〕" if several else "收到") for r in fresh[:MOST_BUTTONS]]


async def rewritten(desk: Desk, row: Any, left: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """A chase about several matters, of which some were done while it waited: only the rest is said."""
    unit_id, notice_ids = left[0][1], {n for n, _ in left}
    rows = [
        r
        for r in (await receipts.owed_by_units(desk.session, [unit_id], upto=30))[unit_id]
        if r.notice_id in notice_ids
    ]
    buttons = [{"key": b.key, "text": b.text} for b in _buttons(rows)] if row.buttons else []
    body = desk.wording("chase", can_press=bool(buttons), **_facts(desk, rows))
    await outbox.reword(desk.session, row.id, body, buttons, left)
    return {"body": body, "buttons": buttons}


@command("催", "催办", who=OFFICE)
async def urge(request: Request, rest: str) -> None:
    """催 编号：私下催还没办的单位（每单位半天至多一次、一天至多两次，超了就不再催）"""
    notice, _ = await meant(request, rest)
    if notice.state != NoticeState.OPEN:
        raise Misunderstood("not_open", notice=notice)
    asked: list[str] = []
    capped_ones: list[str] = []
    nobody: list[str] = []
    for receipt in await receipts.of_notice(request.session, notice.id):
        unit = request.roster.units.get(receipt.unit_id)
        if receipt.done_at is not None or unit is None:
            continue
        quiet = unit.quiet_until is not None and unit.quiet_until > request.now
        if quiet or await capped(request, unit.id) is not None:
            capped_ones.append(unit.name)
            continue
        rows = (await receipts.owed_by_units(request.session, [unit.id], upto=30))[unit.id]
        (asked if chase(request, unit.id, rows, by=request.me.id) else nobody).append(unit.name)
    await request.journal("chase", f"notice:{notice.number}", units=len(asked))
    request.reply(
        "urged",
        notice=notice,
        asked=asked,
        capped=capped_ones,
        nobody=nobody,
        opens=None if request.calendar.is_open(request.now) else request.calendar.next_opening(request.now),
        notice_id=notice.id,
    )


@tick("sheet", due=notices.sheets_due, next=notices.next_sheet)
async def call_sheet(desk: Desk, number: int) -> None:
    """The bot has asked twice; now the office gets a list of whom to telephone."""
    notice = await notices.by_number(desk.session, number)
    if notice is None:
        return
    # Until it is closed the office's turn comes round again, so that nothing that is owed is without a future (I5).
    today = desk.now.astimezone(desk.office.zone).date()
    notice.sheet_at = desk.calendar.opening(desk.calendar.add_workdays(today, SHEET_EVERY))
    receipts_left = {
        r.unit_id: r
        for r in await receipts.of_notice(desk.session, notice.id)
        if r.done_at is None and (r.extended_to is None or r.extended_to < desk.now)
    }
    rows = [
        {"unit": u.name, "who": desk.liaison(u.id), "acked": receipts_left[u.id].acked_at is not None}
        for u in desk.roster.units.values()
        if u.id in receipts_left
    ]
    if not rows:
        return
    for person in desk.roster.with_role(Role.CLERK):
        key = f"sheet:{notice.id}:v{notice.version}:{person.id}:{today}"
        desk.tell(person.id, "call_sheet", key=key, office_hours=True, notice=notice, rows=rows, notice_id=notice.id)
