"""这个月报了多少: what came in over a period, with its vagueness; a unit sees its own, the office all."""

import re
from datetime import date, datetime, time

from handlers.registry import ANYONE, PASS, Misunderstood, NotAllowed, command, listener
from handlers.request import Desk, Request
from models import reports
from models.reports import Figure
from models.rules.names import find_unit
from models.rules.periods import read_period, span
from models.rules.totals import Part, Total, add_up

ASKED = re.compile(r"(.{2,20}?)(?:都|一共|总共)?报了多少[?？。]?")


@command("汇总", "报了多少", "统计一下", "上报汇总", "这个月报了多少", "本月报了多少", "本周报了多少", "今天报了多少", "上个月报了多少",
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
        for piece in (word, "报了多少", "统计一下", "汇总", "？", "?"):
            asked = asked.replace(piece, "")
        match, _ = find_unit(asked, request.roster.names) if asked.strip() else (None, "")
        if match is not None and match.unit is None:
            raise Misunderstood("unit_unclear", words=asked.strip(), candidates=match.candidates)
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


@listener(61)
async def of_a_unit(request: Request) -> str | None:
    """市水利局报了多少: the unit said first."""
    match = ASKED.fullmatch(request.text) if request.addressed and request.me.is_staff else None
    return PASS if match is None else await totals(request, match[1])


async def over(desk: Desk, since: datetime, until: datetime, unit_id: int | None) -> list[Total]:
    """Totals of the figures reported in a period."""
    found = await reports.between(desk.session, since, until, None if unit_id is None else desk.roster.lineage(unit_id))
    figures = await reports.figures_of(desk.session, [r.id for r in found])
    totals = add_up(part(desk, f, r.unit_id, r.at) for r in found for f in figures[r.id] if not f.corrected)
    return [total for total in totals if total.label or total.value]  # a 零报告 counts nothing


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
