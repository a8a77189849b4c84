"""Weekly and monthly reports to the office, the monthly burden report to its head, and the daily look at the ledger."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from handlers.registry import tick
from handlers.request import Desk
from handlers.totals import over
from handlers.who import line
from models import chases, marks, notices, outbox, tallies
from models.notices import NoticeState
from models.people import Role
from models.rules.notice_words import PICTURES
from models.rules.periods import span

Run = Callable[[Desk, datetime], Awaitable[None]]
HEAVIEST = 5


async def weekly(desk: Desk, at: datetime) -> None:
    """Last week, on the first working day of this one."""
    await _report(desk, at, "last week", "上周")


async def monthly(desk: Desk, at: datetime) -> None:
    """Last month, on the first working day of this one."""
    since, _ = _bounds(desk, "last month", at)
    await _report(desk, at, "last month", f"{since.month}月")


async def _report(desk: Desk, at: datetime, period: str, said: str) -> None:
    """Done, late, returned, new, what needs a word, and the figures; silent when nothing happened."""
    since, until = _bounds(desk, period, at)
    touched = await notices.touched_between(desk.session, since, until)
    found = await notices.of_ids(desk.session, touched)
    shown = [n for n in found.values() if n.state in (NoticeState.OPEN, NoticeState.CLOSED)]
    counts = await tallies.counts(desk.session, [n.id for n in shown])
    marked = await tallies.marked(desk.session, [n.id for n in shown])
    totals = await over(desk, since, until, None)
    if not shown and not totals:
        return
    rows = [
        line(n, counts.get(n.id, (0, 0, 0))) | dict(zip(("late", "returned"), marked.get(n.id, (0, 0)), strict=True))
        for n in sorted(shown, key=lambda n: n.number)
    ]
    stuck = [f"〔{n.number}号〕" for n in shown if n.state == NoticeState.OPEN and n.due and n.due < desk.now]
    for person in desk.roster.with_role(Role.CLERK, Role.HEAD):
        desk.tell(
            person.id,
            "period_summary",
            key=f"{period}:{at.isoformat()}:{person.id}",
            office_hours=True,
            period=said,
            rows=rows,
            totals=totals,
            stuck=stuck,
        )


async def burden(desk: Desk, at: datetime) -> None:
    """What the office asked of its units last month, for its head to look at (R8, and the guidance behind it)."""
    since, until = _bounds(desk, "last month", at)
    issued = await notices.issued_between(desk.session, since, until)
    if not issued:
        return
    asks: dict[int, int] = {}
    for notice in issued:
        for unit in notice.audience:
            asks[unit] = asks.get(unit, 0) + 1
    heaviest = sorted(desk.roster.units.values(), key=lambda u: (-asks.get(u.id, 0), u.number))[:HEAVIEST]
    outside = sum(n.issued_at is not None and not desk.calendar.is_open(n.issued_at) for n in issued)
    for person in desk.roster.with_role(Role.HEAD):
        desk.tell(
            person.id,
            "burden_report",
            key=f"burden report:{since.date()}:{person.id}",
            office_hours=True,
            period=f"{since.year}年{since.month}月",
            issued=len(issued),
            asks=sum(asks.values()),
            mean=round(sum(asks.values()) / max(len(desk.roster.units), 1), 1),
            pictures=sum(bool(PICTURES.search(n.text)) for n in issued),
            outside=outside,
            chases=await chases.chases_between(desk.session, since, until),
            heaviest=[{"unit": u.name, "count": asks.get(u.id, 0)} for u in heaviest],
            complaints=await outbox.count_of_kind(desk.session, "burden", since, until),
        )


async def audit(desk: Desk, at: datetime) -> None:
    """I5: what is owed has a next step, or the office hears of it; so do units whom nobody answers for."""
    rows = [
        {"number": number, "unit": desk.roster.units[unit].name}
        for number, unit in await chases.without_future(desk.session)
        if unit in desk.roster.units
    ]
    day = at.astimezone(desk.office.zone).date()
    silent = [u.name for u in desk.roster.units.values() if desk.liaison(u.id) is None]
    for person in desk.roster.with_role(Role.CLERK):
        if rows:
            desk.tell(person.id, "unguarded", key=f"audit:{day}:{person.id}", office_hours=True, rows=rows)
        if silent:
            desk.tell(person.id, "no_liaison", key=f"silent:{day}:{person.id}", office_hours=True, units=silent)


def _bounds(desk: Desk, period: str, at: datetime) -> tuple[datetime, datetime]:
    first, after = span(period, at.astimezone(desk.office.zone).date())
    zone = desk.office.zone
    return datetime.combine(first, time(), tzinfo=zone), datetime.combine(after, time(), tzinfo=zone)


def _next(desk: Desk, name: str) -> datetime:
    """When a job comes next, after now."""
    local = desk.now.astimezone(desk.office.zone)
    for ahead in range(400):
        day = local.date() + timedelta(days=ahead)
        if not desk.calendar.is_workday(day) or not _is_day(desk, name, day):
            continue
        at = desk.calendar.opening(day) + timedelta(minutes=10)
        if at > desk.now:
            return at
    return desk.now + timedelta(days=1)


def _is_day(desk: Desk, name: str, day: date) -> bool:
    match name:
        case "week":
            return desk.calendar.previous_workday(day).isocalendar()[:2] != day.isocalendar()[:2]
        case "month" | "burden":
            return desk.calendar.previous_workday(day).month != day.month
    return True


JOBS: dict[str, Run] = {"week": weekly, "month": monthly, "burden": burden, "audit": audit}


MARKS = {f"{name} due": name for name in JOBS}


async def schedule(desk: Desk) -> None:
    """Make sure that each job's next time is written down, as at the first start."""
    known = await marks.read_times(desk.session, MARKS)
    for mark, name in MARKS.items():
        if mark not in known:
            await marks.write_mark(desk.session, mark, _next(desk, name).isoformat())


async def _times(session: Any) -> list[tuple[datetime, str]]:
    return sorted((at, MARKS[mark]) for mark, at in (await marks.read_times(session, MARKS)).items())


async def _due(session: Any, now: datetime, limit: int) -> list[tuple[datetime, str]]:
    return [one for one in await _times(session) if one[0] <= now][:limit]


async def _earliest(session: Any) -> datetime | None:
    times = await _times(session)
    return times[0][0] if times else None


@tick("periodic", due=_due, next=_earliest)
async def run(desk: Desk, item: tuple[datetime, str]) -> None:
    """One job's time has come. After an outage it runs once, for the period that its time lies in."""
    at, name = item
    await marks.write_mark(desk.session, f"{name} due", _next(desk, name).isoformat())
    await JOBS[name](desk, at)
