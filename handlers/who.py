"""谁没收到 and 进度: who has not answered, told to the office and to each unit itself, never posted (R5)."""

from typing import Any

from handlers.figures import last_time
from handlers.registry import ANYONE, Misunderstood, NotAllowed, command
from handlers.request import Request
from models import chases, notices, receipts, tallies
from models.notices import Kind, Notice, NoticeState
from models.people import Role
from models.receipts import ReceiptState
from models.rules.case_numbers import leading_number
from models.rules.notice_words import title

MOST_LISTED = 30


@command(
    "谁没收到",
    "谁没收",
    "谁没有收到",
    "谁还没收到",
    "谁没签收",
    "谁没回",
    "谁还没回",
    "谁没有回",
    "谁没回复",
    "没收到的",
    "还有谁没收到",
    "还有谁没回",
    "哪些单位没收到",
    "哪些单位没回",
    "未签收",
    "谁没报",
    "谁没有报",
    "谁还没报",
    "谁没报数",
    "谁没交",
    "谁没办",
    "还差谁",
    "还有谁没报",
    "哪些单位没报",
    "哪些单位没交",
    who=ANYONE,
)
async def who(request: Request, rest: str) -> None:
    """谁没收到 [编号]：最新一条（或这一条）还有哪些单位没签收、没办完；谁没回 12 同"""
    number, _ = leading_number(rest)
    notice = await _meant(request, number or request.case)
    if request.me.is_staff:
        rows = {r.unit_id: r for r in await receipts.of_notice(request.session, notice.id)}
        ordered = [(u, rows[u.id]) for u in request.roster.units.values() if u.id in rows]
        asked = number is not None or request.case is not None
        others = [] if asked else await notices.open_numbers(request.session)
        owing = [
            {
                "unit": u.name,
                "acked": r.acked_at is not None,
                "lacking": r.lacking,
                "returned": r.state == ReceiptState.RETURNED,
            }
            for u, r in ordered
            if (r.acked_at is None and not r.exempt) or (r.acked_at is not None and r.done_at is None)
        ]
        request.reply(
            "who",
            table=request.shows_table(len(owing)),
            notice=notice,
            owing=owing,
            late=[u.name for u, r in ordered if r.late],
            total=len(rows),
            acked=sum(r.acked_at is not None for r in rows.values()),
            others=[n for n in others if n != notice.number],
            notice_id=notice.id,
        )
    elif request.unit is not None:
        row = await request.gathering.numbered(notice.number, request.unit.id)
        last = await last_time(request, request.unit.id, [notice.id])
        request.reply("own_receipt", notice=notice, row=row, unit=request.unit.name, last=last.get(notice.id, []))
    elif Role.AUDITOR in request.me.roles:
        total, acked, done = (await tallies.counts(request.session, [notice.id])).get(notice.id, (0, 0, 0))
        request.reply("counts", rows=[line(notice, (total, acked, done))], table=request.shows_table(1))
    else:
        raise NotAllowed("not_allowed", word=request.word)


async def _meant(request: Request, number: int | None) -> Notice:
    if number is not None:
        notice = await notices.by_number(request.session, number)
        unseen = notice is None or notice.state in (NoticeState.DRAFT, NoticeState.SCHEDULED)
        if notice is None or (unseen and not request.me.is_staff):
            raise Misunderstood("no_notice", number=number)
        return notice
    own = request.unit.id if request.unit is not None and not request.me.is_staff else None
    newest = await notices.newest_open(request.session, own)
    if newest is None:
        raise Misunderstood("none_open")
    return newest


async def own_matters(request: Request) -> None:
    """All that the speaker's unit owes: every one is counted, the newest are listed."""
    rows = (await chases.owed(request.session, [request.unit.id]))[request.unit.id]
    shown = rows[:MOST_LISTED]
    request.reply(
        "todo",
        rows=shown,
        total=len(rows),
        unit=request.unit.name,
        table=request.shows_table(len(shown)),
        before=await last_time(request, request.unit.id, [r.notice_id for r in shown if r.kind == Kind.FIGURES]),
    )


def line(notice: Notice, counts: tuple[int, int, int]) -> dict[str, Any]:
    """A notice as one row of a table."""
    total, acked, done = counts
    return {"notice": notice, "title": title(notice.text), "total": total, "acked": acked, "done": done}


@command("进度", "进展情况", "签收情况", "完成情况", "进展如何", "进度如何", "进展怎么样", "什么进度", who=ANYONE)
async def progress(request: Request, rest: str) -> None:
    """进度 [编号]：未结通知各签收多少、办完多少"""
    number, _ = leading_number(rest)
    if number is not None or request.case is not None:
        await who(request, rest)
        return
    if request.unit is not None and not request.me.is_staff:
        await own_matters(request)
        return
    if request.me.roles.isdisjoint({Role.CLERK, Role.HEAD, Role.AUDITOR}):
        raise NotAllowed("not_allowed", word=request.word)
    found = await notices.in_state(request.session, NoticeState.OPEN)
    counts = await tallies.counts(request.session, [n.id for n in found])
    waiting = await notices.in_state(request.session, NoticeState.SCHEDULED)
    rows = [line(n, counts.get(n.id, (0, 0, 0))) for n in found]
    request.reply("counts", rows=rows, waiting=waiting, table=request.shows_table(len(rows)))
