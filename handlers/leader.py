"""请负责人: the last step of the ladder, which only the office takes: the heads of the units that still owe are told."""

from handlers.chase import press_on
from handlers.close import meant
from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Request
from models import receipts
from models.notices import NoticeState
from models.rules.names import split_audience


@command("请负责人", "找负责人", who=OFFICE)
async def ask_leaders(request: Request, rest: str) -> None:
    """请负责人 编号 [单位、单位]：过了时限还没办的，私下请其负责人过问（同样半天一次、一天两次为限）"""
    notice, words = await meant(request, rest)
    if notice.state != NoticeState.OPEN:
        raise Misunderstood("not_open", notice=notice)
    chosen = _chosen(request, words)
    rows = [
        r
        for r in await receipts.of_notice(request.session, notice.id)
        if r.done_at is None and r.unit_id in request.roster.units and (not chosen or r.unit_id in chosen)
    ]
    due = {r.unit_id for r in rows if (held := r.extended_to or notice.due) is None or held <= request.now}
    leaders = {u: leader for u in due if (leader := request.roster.leader(u)) is not None}
    ordered = [u for u in request.roster.units if u in leaders]
    told = await press_on(request, ordered, leaders, "chase_leader")
    units = request.roster.units
    await request.journal("chase.leaders", f"notice:{notice.number}", units=len(told["asked"]))
    request.reply(
        "leaders_asked",
        notice=notice,
        asked=told["asked"],
        capped=told["capped"],
        unlisted=[units[u] for u in units if u in due and u not in leaders],
        early=[units[r.unit_id].name for r in rows if r.unit_id not in due],
        opens=None if request.calendar.is_open(request.now) else request.calendar.next_opening(request.now),
        notice_id=notice.id,
    )


def _chosen(request: Request, words: str) -> set[int]:
    """The units named behind the number; none named means all."""
    if not words:
        return set()
    matched, unmatched, left = split_audience(f"{words}：x", request.roster.names)
    if unmatched or left != "x" or not matched:
        raise Misunderstood("unit_unclear", words="、".join(unmatched) or words, candidates=[])
    return {request.roster.by_name[name].id for name in matched}
