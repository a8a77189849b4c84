"""Figures after they are filed: asked about where they fall or jump, confirmed with 对, corrected with 改, shown one by one."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from handlers.registry import ANYONE, PASS, Misunderstood, NotAllowed, command, listener
from handlers.request import Desk, Request
from handlers.totals import part
from models import notices, reports
from models.reports import Figure, Report, as_number
from models.rules.figures import MISTAKEN, correct, read_figures, worth_asking
from models.rules.figures import Figure as Reading
from models.rules.names import find_unit
from models.rules.periods import read_period, span
from models.rules.totals import prefix_of, standing

WRONG = re.compile(rf"{MISTAKEN}.*\d")  # 报错了，应该是宣传单300份
RIGHT = ("对", "对的", "没错", "正确", "无误", "确认无误", "数字没错", "数对")
LATEST = 8  # reports in which a correction looks for its figure
MOST_SHOWN = 40


async def enter(request: Request, filed: Report, figure: Reading, message: str = "") -> dict[str, Any]:
    """Keep one figure. A 累计 takes the place of what stood under its label, anything else is added to it."""
    units = request.roster.lineage(filed.unit_id)
    earlier = await reports.under_label(request.session, units, figure.label, figure.measure, before=filed.id)
    before = standing(part(request, *one) for one in earlier)
    total = as_number(sum(f.value for f in before))
    question = worth_asking(total, figure) if before else None
    request.session.add(
        Figure(
            report_id=filed.id,
            label=figure.label,
            value=float(figure.value),
            vagueness=figure.vagueness,
            measure=figure.measure,
            basis=figure.basis,
            words=figure.words,
            confirmed=False if question else None,
            message=message,
        )
    )
    held = [] if figure.basis == "累计" else before
    return {
        "figure": figure,
        "before": total,
        "total": float(figure.value) + sum(f.value for f in held),
        "prefix": prefix_of({f.vagueness for f in held} | {figure.vagueness}),
        "added": bool(before),
        "question": question,
    }


async def last_time(desk: Desk, unit_id: int, notice_ids: Sequence[int]) -> dict[int, list[Figure]]:
    """What a unit gave a duty the period before, by the notice that asks again: for a look at both."""
    asked = await notices.of_ids(desk.session, notice_ids)
    units, found = desk.roster.lineage(unit_id), {}
    for notice in asked.values():
        if notice.duty_id is not None:
            rows = await reports.last_period(desk.session, notice.duty_id, notice.id, units)
            found[notice.id] = [figure for figure, _, _ in rows]
    return found


async def confirm(request: Request, report_id: int) -> None:
    """The sender says that what was asked about is right."""
    asked = await reports.doubted(request.session, report_id)
    for figure in asked:
        figure.confirmed = True
    request.reply("figures_confirmed", figures=asked)


@listener(20)
async def right_or_not(request: Request) -> str | None:
    """对 and 改 宣传单 5200: the figures just reported are right, or one of them was read or typed wrongly."""
    if request.unit is None or request.me.is_staff or not request.addressed:
        return PASS if not request.text.startswith("改") or request.unit is None else await _correct(request)
    if request.text.rstrip("。.!！") in RIGHT:
        last = await reports.last_of(request.session, request.me.id)
        if last is None or not (await reports.figures_of(request.session, [last.id]))[last.id]:
            return PASS
        await confirm(request, last.id)
        return None
    wrong = request.text.startswith("改") or WRONG.match(request.text)
    return await _correct(request) if wrong else PASS


async def _correct(request: Request) -> str | None:
    """What stood before is kept; the newest report that has such a figure is meant."""
    if request.me.is_staff:
        return PASS
    latest = await reports.latest_of(request.session, request.me.id, LATEST)
    rows = await reports.figures_of(request.session, [r.id for r in latest])
    for report in latest:
        current = [f for f in rows[report.id] if not f.corrected]
        old = [_reading(f) for f in current]
        pairs = [(was, now) for was, now in zip(current, correct(old, request.text), strict=False)]
        changed = [(w, n) for w, n in pairs if (float(n.value), n.vagueness) != (w.value, w.vagueness)]
        if changed:
            await _replace(request, report, changed)
            return None
    known = [f for r in latest[:1] for f in rows[r.id] if not f.corrected]
    if known and read_figures(request.text.removeprefix("改"))[0]:
        raise Misunderstood("figures_which", figures=known)
    return PASS


async def _replace(request: Request, report: Report, changed: Sequence[tuple[Figure, Reading]]) -> None:
    for was, _ in changed:
        was.corrected = True
    await request.session.flush()
    told = [await enter(request, report, now, request.incoming.message) for _, now in changed]
    for one in told:
        one["was"] = next(w for w, n in changed if n is one["figure"])
    request.reply("corrected", changes=told)


def _reading(figure: Figure) -> Reading:
    words = (figure.basis, figure.words)
    return Reading(figure.label, as_number(figure.value), figure.vagueness, figure.measure, *words)


@command("明细", "数字明细", who=ANYONE)
async def details(request: Request, rest: str) -> None:
    """明细 [单位] [宣传单] [本月]：每个数字谁报的、原话、改过没有"""
    if request.unit is None and not request.me.is_staff:
        raise NotAllowed("not_allowed", word=request.word)
    today = request.now.astimezone(request.office.zone).date()
    word, first, after = read_period(rest, today) or ("本月", *span("month", today))
    asked = rest.replace(word, "").strip()
    unit = request.unit
    if request.me.is_staff and asked:
        match, left = find_unit(asked, request.roster.names)
        unit = request.roster.by_name[match.unit] if match.unit else None
        asked = left.strip() if match.unit else asked
    units = request.roster.lineage(unit.id) if unit is not None else None
    zone = request.office.zone
    since, until = (datetime.combine(day, time(), tzinfo=zone) for day in (first, after))
    found = await reports.between(request.session, since, until, units)
    figures = await reports.figures_of(request.session, [r.id for r in found])
    rows = [
        {"figure": f, "report": r, "unit": request.roster.unit_of(r.unit_id), "at": r.at.astimezone(zone)}
        for r in found
        for f in figures[r.id]
        if asked in f.label
    ]
    request.reply("details", period=word, label=asked, rows=rows[-MOST_SHOWN:], more=max(len(rows) - MOST_SHOWN, 0))
