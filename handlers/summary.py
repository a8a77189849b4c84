"""The daily summary: totals into each room concerned, names to the office; nothing on a day when nothing changed."""

from datetime import datetime, timedelta
from typing import Any

from handlers.registry import tick
from handlers.request import Desk
from handlers.totals import over
from handlers.who import line
from models import leads, marks, notices, reports, tallies
from models.notices import Notice, NoticeState
from models.outbox import SendClass
from models.people import Role

DUE, DONE = "summary due", "summary done"


def upcoming(desk: Desk) -> datetime:
    """The next summary time of a working day after now."""
    day = desk.now.astimezone(desk.office.zone).date()
    for ahead in range(370):
        at = datetime.combine(day + timedelta(days=ahead), desk.office.summary, tzinfo=desk.office.zone)
        if at > desk.now and desk.calendar.is_workday(at.date()):
            return at
    return desk.now + timedelta(days=1)


async def schedule(desk: Desk) -> None:
    """Make sure that the next one is written down, as at the first start."""
    if await marks.read_mark(desk.session, DUE) is None:
        await marks.write_mark(desk.session, DUE, upcoming(desk).isoformat())
        await marks.write_mark(desk.session, DONE, desk.now.isoformat())


async def _next(session: Any) -> datetime | None:
    return await marks.read_time(session, DUE)


async def _due(session: Any, now: datetime, _: int) -> list[datetime]:
    at = await _next(session)
    return [at] if at is not None and at <= now else []


@tick("summary", due=_due, next=_next)
async def sum_up(desk: Desk, at: datetime) -> None:
    """What changed since the last one. After an outage over several days there is one, not several."""
    since = await marks.read_time(desk.session, DONE) or at - timedelta(days=1)
    await marks.write_mark(desk.session, DUE, upcoming(desk).isoformat())
    await marks.write_mark(desk.session, DONE, desk.now.isoformat())
    facts = await _facts(desk, since)
    if not facts["changed"]:
        return
    date = at.astimezone(desk.office.zone).date()
    for room in desk.roster.rooms.values():
        here = {u.id for u in desk.roster.units_of_room(room.id)}
        rows = [r for r in facts["rows"] if room.id in r["notice"].rooms]
        sent = sum(count for unit, count in facts["reports"].items() if unit in here)
        if rows or sent:
            desk.post(
                room.id,
                "summary",
                key=f"summary:{room.id}:{date}",
                send=SendClass.LATEST_WINS,
                office_hours=True,
                date=date,
                rows=[r | {"names": []} for r in rows],
                reports=sent,
                leads=None,
                totals=[],
                stuck=[],
            )
    for person in desk.roster.with_role(Role.CLERK, Role.HEAD):
        desk.tell(
            person.id,
            "summary",
            key=f"summary:{person.id}:{date}",
            send=SendClass.LATEST_WINS,
            office_hours=True,
            date=date,
            rows=facts["rows"],
            reports=sum(facts["reports"].values()),
            leads=facts["leads"],
            totals=facts["totals"],
            stuck=facts["stuck"],
        )


async def _facts(desk: Desk, since: datetime) -> dict[str, Any]:
    acked = await tallies.acked_between(desk.session, since, desk.now)
    issued = await notices.touched_since(desk.session, since)
    sent = await reports.count_between(desk.session, since, desk.now)
    total, _, _ = await leads.counts(desk.session, since.replace(minute=0, second=0, microsecond=0))
    returned = await tallies.returned_between(desk.session, since, desk.now)
    shown = await notices.of_ids(desk.session, sorted({*acked, *issued, *returned}))
    late = await tallies.late_between(desk.session, sorted(shown), since, desk.now)
    counts = await tallies.counts(desk.session, sorted(shown))
    missing = await tallies.missing_of(desk.session, sorted(shown))
    order = {unit: (place, each.name) for place, (unit, each) in enumerate(desk.roster.units.items())}
    rows = []
    for notice in sorted(shown.values(), key=lambda n: n.number):
        if notice.state not in (NoticeState.OPEN, NoticeState.CLOSED):
            continue
        names = [name for _, name in sorted(order[unit] for unit in missing[notice.id] if unit in order)]
        today = {"new": acked.get(notice.id, 0), "late": late.get(notice.id, 0), "returned": returned.get(notice.id, 0)}
        rows.append(line(notice, counts.get(notice.id, (0, 0, 0))) | today | {"names": names})
    return {
        "rows": rows,
        "reports": sent,
        "leads": total,
        "totals": await over(desk, since, desk.now, None) if sent else [],
        "stuck": [r["notice"] for r in rows if _is_stuck(r["notice"], desk.now)],
        "changed": bool(rows or sent),
    }


def _is_stuck(notice: Notice, now: datetime) -> bool:
    """Past its due time and still open: somebody has to say a word."""
    return notice.state == NoticeState.OPEN and notice.due is not None and notice.due < now
