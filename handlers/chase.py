"""The chase: one private, merged message to a unit that owes, inside lawful hours; then it is the office's turn.

The ladder is 联络员 before the due time, B角 after it where the unit has one, and 负责人 only when the office says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from handlers.close import meant
from handlers.registry import OFFICE, Misunderstood, command, tick
from handlers.request import Button, Desk, Request
from models import chases, notices, outbox, receipts
from models.chases import Owed, Step
from models.notices import NoticeState
from models.people import Role
from models.receipts import What
from models.roster import Member
from models.rules.chasing import AFTER, BEFORE, capped_until, next_step
from models.rules.neutral import Neutral

MOST_BUTTONS = 6
MOST_LINES = 30  # matters in one message; the rest is counted
SHEET_EVERY = 3  # working days between two call sheets of a notice


@tick("chase", due=chases.due_for_chase, next=chases.next_chase, together=True)
async def remind(desk: Desk, unit_ids: Sequence[int]) -> None:
    """The step of these units has come: each gets one message about all it owes, or the caps put it off."""
    await chases.forget_steps(desk.session, unit_ids, desk.now)
    owed = await chases.owed(desk.session, unit_ids)
    due = {u: [r for r in owed[u] if r.chase_at is not None and r.chase_at <= desk.now] for u in unit_ids}
    chased = await _chased(desk, unit_ids)
    steps: list[Step] = []
    lines = Lines(desk)
    for unit_id in unit_ids:
        if not due[unit_id]:
            continue
        until = _put_off(desk, unit_id, chased[unit_id])
        if until is not None:
            steps += [Step(r.notice_id, unit_id, until, _step(r, until)) for r in due[unit_id]]
            continue
        steps += [_following(desk, r) for r in due[unit_id]]
        past = any(r.chase_step == AFTER for r in due[unit_id])
        chase(desk, unit_id, owed[unit_id], lines, by=None, to=_deputy(desk, unit_id) if past else None)
    await chases.set_steps(desk.session, steps)


def _following(desk: Desk, row: Owed) -> Step:
    after = desk.calendar.next_half_day(row.extended_to) if row.extended_to else row.chase_after
    later, step = next_step(row.chase_step, None, after, desk.now)
    return Step(row.notice_id, row.unit_id, later, step)


def _deputy(desk: Desk, unit_id: int) -> Member | None:
    return desk.roster.deputy(unit_id, desk.now.astimezone(desk.office.zone).date())


def _put_off(desk: Desk, unit_id: int, chased: Iterable[datetime]) -> datetime | None:
    """When a unit may next be chased, if not now: working hours, its own 「今天别催」, and the caps."""
    opens = desk.calendar.next_opening(desk.now)
    if opens > desk.now:
        return opens
    quiet = desk.roster.units[unit_id].quiet_until if unit_id in desk.roster.units else None
    if quiet is not None and quiet > desk.now:
        return desk.calendar.next_opening(quiet)
    return capped_until(desk.now, chased, desk.calendar)


def _step(row: Owed, until: datetime) -> int:
    """A reminder put off past the due time is the one after it."""
    due = row.extended_to or row.done_due or row.ack_due
    return AFTER if row.chase_step == BEFORE and due is not None and until > due else int(row.chase_step)


async def _chased(desk: Desk, unit_ids: Iterable[int]) -> Mapping[int, list[datetime]]:
    """When each unit was asked of late; what was gathered and not yet written counts too.

    What was asked since the last working day's opening may leave, or have left, on the working day that counts now:
    an evening before a festival is nine days back."""
    await desk.gathering.flush()
    here = desk.calendar.next_opening(desk.now).date()
    return await chases.chased_since(
        desk.session, unit_ids, desk.calendar.opening(desk.calendar.previous_workday(here))
    )


class Lines:
    """What is owed, a line a matter. The same matter reads alike for most units, so that it is worded once for many."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._at = desk, desk.calendar.next_opening(desk.now)
        self._known: dict[tuple[int, bool, datetime | None, str], str] = {}

    def of(self, row: Owed) -> str:
        key = (row.notice_id, row.acked_at is None, row.extended_to, row.lacking)
        if key not in self._known:
            self._known[key] = self._desk.wording("owed_line", row=row, at=self._at)
        return self._known[key]

    def facts(self, rows: Sequence[Owed]) -> dict[str, Any]:
        shown = rows[:MOST_LINES]
        lines = Neutral("\n".join(self.of(row) for row in shown))
        first = next((row for row in rows if row.acked_at is None), rows[0])
        facts = {"lines": lines, "total": len(rows), "left": len(rows) - len(shown), "number": first.number}
        return facts | {"wanted": "" if first.acked_at is None else first.kind}


def chase(
    desk: Desk,
    unit_id: int,
    rows: Sequence[Owed],
    lines: Lines,
    *,
    by: str | None,
    to: Member | None = None,
    words: str = "chase",
) -> bool:
    """Write one message about all that `rows` say is owed, to the unit's liaison or whom else; False for nobody."""
    person = to or desk.liaison(unit_id)
    if person is None:
        return False
    desk.tell(
        person.id,
        words,
        key=f"chase:{unit_id}:{desk.now.isoformat()}",
        office_hours=True,
        wants=[[r.notice_id, unit_id] for r in rows],
        notice_id=rows[0].notice_id if len(rows) == 1 else None,
        buttons=_buttons(rows),
        **lines.facts(rows),
    )
    note = person.position if to is not None else ""
    for row in rows:
        event = {"notice_id": row.notice_id, "unit_id": unit_id, "at": desk.now, "what": What.CHASED}
        desk.gathering.events.append({**event, "by": by, "note": note})
    return True


def _buttons(rows: Sequence[Owed]) -> list[Button]:
    fresh = [r for r in rows if r.acked_at is None]
    several = len(fresh) > 1
    return [Button(f"收 {r.number}", f"收到〔{r.number}号〕" if several else "收到") for r in fresh[:MOST_BUTTONS]]


async def rewritten(desk: Desk, row: Any, left: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """A chase about several matters, of which some were done while it waited: only the rest is said."""
    unit_id, notice_ids = left[0][1], {n for n, _ in left}
    rows = [r for r in (await chases.owed(desk.session, [unit_id]))[unit_id] if r.notice_id in notice_ids]
    buttons = [{"key": b.key, "text": b.text} for b in _buttons(rows)] if row.buttons else []
    body = desk.wording(row.kind, can_press=bool(buttons), **Lines(desk).facts(rows))
    await outbox.reword(desk.session, row.id, body, buttons, left)
    return {"body": body, "buttons": buttons}


@command("催", "催办", "催一下", "帮我催", "帮我催一下", who=OFFICE)
async def urge(request: Request, rest: str) -> None:
    """催 编号：私下催还没办的单位（每单位半天至多一次、一天至多两次，超了就不再催）"""
    notice, _ = await meant(request, rest)
    if notice.state != NoticeState.OPEN:
        raise Misunderstood("not_open", notice=notice)
    left = [r.unit_id for r in await receipts.of_notice(request.session, notice.id) if r.done_at is None]
    told = await press_on(request, [u for u in left if u in request.roster.units], {})
    await request.journal("chase", f"notice:{notice.number}", units=len(told["asked"]))
    request.reply("urged", notice=notice, opens=_opens(request), notice_id=notice.id, **told)


async def press_on(
    request: Request, unit_ids: Sequence[int], to: Mapping[int, Member], words: str = "chase"
) -> dict[str, list[str]]:
    """Ask units now, the liaison or whom `to` names; gives the names of those asked, capped, and with nobody to ask."""
    owed = await chases.owed(request.session, unit_ids)
    chased = await _chased(request, unit_ids)
    lines = Lines(request)
    told: dict[str, list[str]] = {"asked": [], "capped": [], "nobody": []}
    for unit_id in unit_ids:
        unit = request.roster.units[unit_id]
        quiet = unit.quiet_until is not None and unit.quiet_until > request.now
        if quiet or capped_until(request.now, chased[unit_id], request.calendar) is not None:
            told["capped"].append(unit.name)
            continue
        done = chase(request, unit_id, owed[unit_id], lines, by=request.me.id, to=to.get(unit_id), words=words)
        told["asked" if done else "nobody"].append(unit.name)
    return told


def _opens(request: Request) -> datetime | None:
    return None if request.calendar.is_open(request.now) else request.calendar.next_opening(request.now)


@tick("sheet", due=notices.SHEETS.due, next=notices.SHEETS.next)
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
        {"unit": u.name, "who": desk.liaison(u.id), "deputy": u.deputy, "leader": u.leader}
        | {"acked": receipts_left[u.id].acked_at is not None}
        for u in desk.roster.units.values()
        if u.id in receipts_left
    ]
    if not rows:
        return
    reachable = any(desk.roster.leader(unit_id) is not None for unit_id in receipts_left)
    for person in desk.roster.with_role(Role.CLERK):
        desk.tell(
            person.id,
            "call_sheet",
            key=f"sheet:{notice.id}:v{notice.version}:{person.id}:{today}",
            office_hours=True,
            notice=notice,
            rows=rows,
            leaders=reachable,
            buttons=[Button(f"请负责人 {notice.number}", "请负责人过问")] if reachable else [],
            notice_id=notice.id,
        )
