"""这个月报了多少: what came in over a period, with its vagueness; a unit sees its own, the office all."""

from datetime import date, datetime, time

from handlers.registry import ANYONE, PASS, NotAllowed, command
from handlers.request import Desk, Request
from models import reports
from models.reports import Figure
from models.rules.names import find_unit
from models.rules.periods import read_period, span
from models.rules.totals import Part, Total, add_up


@command("汇总", "报了多少", "上报汇总", "这个月报了多少", "本月报了多少", "本周报了多少", "今天报了多少", "上个月报了多少",
         "这周报了多少", "上周报了多少", "今年报了多少", who=ANYONE, glued=lambda rest: True)  # fmt: skip
async def totals(request: Request, rest: str) -> str | None:
    """这个月报了多少 [单位]：按期汇总上报的数字（本周、上周、本月、上个月、今年）"""
    if request.unit is None and not request.me.is_staff:
        raise NotAllowed("not_allowed", word=request.word)
    today = request.now.astimezone(request.office.zone).date()
    word, first, after = read_period(request.text, today) or ("本月", *span("month", today))
    unit = request.unit
    if request.me.is_staff:
        asked = rest
        for piece in (word, "报了多少", "汇总", "？", "?"):
            asked = asked.replace(piece, "")
        match, left = find_unit(asked, request.roster.names) if asked.strip() else (None, "")
        if match is not None and match.unit is None:
            return PASS if left == asked else None
        unit = request.roster.by_name[match.unit] if match is not None and match.unit else None
    since, until = _instant(request, first), _instant(request, after)
    counts = await reports.count_between(request.session, since, until)
    rows = [
        {"unit": u.name, "count": count}
        for u in request.roster.units.values()
        if (count := sum(counts.get(one, 0) for one in request.roster.lineage(u.id)))
    ]
    found = await over(request, since, until, unit.id if unit is not None else None)
    request.reply(
        "totals",
        period=word,
        unit=unit.name if unit is not None else "",
        totals=found,
        table=request.shows_table(len(found)),
        rows=rows if unit is None else [],
    )
    return None


async def over(desk: Desk, since: datetime, until: datetime, unit_id: int | None) -> list[Total]:
    """Totals of the figures reported in a period."""
    found = await reports.between(desk.session, since, until, None if unit_id is None else desk.roster.lineage(unit_id))
    figures = await reports.figures_of(desk.session, [r.id for r in found])
    return add_up(part(desk, f, r.unit_id, r.at) for r in found for f in figures[r.id] if not f.corrected)


def part(desk: Desk, figure: Figure, unit_id: int, at: datetime) -> Part:
    """A figure as it counts towards a total."""
    return Part(
        unit_id,
        figure.label,
        figure.value,
        figure.vagueness,
        figure.measure,
        figure.basis,
        covers=desk.roster.lineage(unit_id, at),
        today=desk.roster.today(unit_id),
    )


def _instant(desk: Desk, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=desk.office.zone)
