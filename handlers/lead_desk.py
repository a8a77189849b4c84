"""The officers' verbs: 研判, 移送, 核查, 反馈, 办结, each by a lead's number and without a word of its content."""

from handlers.lead_sealing import about_lead, numbered, on_lead
from handlers.registry import Misunderstood, Where, command
from handlers.request import Desk, Request
from models import leads, marks
from models.lead_steps import LeadStep
from models.leads import Lead
from models.people import Role
from models.rules.lead_retention import upcoming
from models.rules.lead_stages import OVER, Stage, due, move, read_receiver

OFFICERS = frozenset({Role.LEAD_OFFICER})
TOLD = (Stage.SENT, Stage.CLOSED)


@command(*on_lead("研判"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def weigh(request: Request, rest: str) -> None:
    """研判 L-0012：开始研判（只写编号，聊天里不写内容）"""
    lead, _ = await about_lead(request, rest)
    await _go(request, lead, Stage.WEIGHED, "")


@command(*on_lead("移送"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def send(request: Request, rest: str) -> None:
    """移送 L-0012 公安：移送公安或纪检，生成移送单，由对方签收"""
    lead, words = await about_lead(request, rest)
    receiver = read_receiver(words)
    if receiver is None:
        raise Misunderstood("lead_send_where")
    kind, signs = receiver
    names = request.around.names
    fitting = [u for u in request.roster.units.values() if any(s in n for n in (u.name, u.full) for s in signs)]
    unit = next((u for u in fitting if u.name in words), None) or next(iter(fitting), None)
    if unit is not None and names.unit(lead.token, unit.id) in lead.shunned:
        raise Misunderstood("lead_shunned", lead=lead)
    _check(lead, Stage.SENT, words)
    lead.sent_to, lead.receiver = kind, unit.id if unit is not None else None
    sheet = await marks.bump(request.session, "transfer sheet")
    step = await take(request, lead, Stage.SENT, by=request.me.id, to=unit.name if unit else kind, sheet=sheet)
    liaison = request.roster.liaisons.get(unit.id) if unit is not None else None
    if liaison is not None:
        key = f"lead sent:{lead.id}:{sheet}"
        request.tell(liaison.id, "lead_sent", key=key, office_hours=True, lead=lead, step=step)
    request.reply("lead_moved", lead=lead, step=step, told=liaison is not None)


@command(*on_lead("核查", "开始核查"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def check(request: Request, rest: str) -> None:
    """核查 L-0012：对方已签收，正在核查"""
    lead, _ = await about_lead(request, rest)
    await _go(request, lead, Stage.CHECKING, "")


@command(*on_lead("反馈"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def report(request: Request, rest: str) -> None:
    """反馈 L-0012 查实（查否、立案、查处）：记下核查结果"""
    lead, words = await about_lead(request, rest)
    await _go(request, lead, Stage.REPORTED, words)


@command(*on_lead("办结"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def close(request: Request, rest: str) -> None:
    """办结 L-0012 [研判不属于]：办完，告诉报线索的人"""
    lead, words = await about_lead(request, rest)
    await _go(request, lead, Stage.CLOSED, words)


@command(*on_lead("并案"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def join(request: Request, rest: str) -> None:
    """并案 L-0015 L-0012：重复的并到先报的，两边来源都保留"""
    lead, words = await about_lead(request, rest)
    main, _ = await about_lead(request, words.removeprefix("到").removeprefix("入").strip())
    if main.id == lead.id or lead.stage in OVER or main.stage == Stage.JOINED:
        raise Misunderstood("lead_join_not", lead=lead, main=main)
    await leads.move_joined(request.session, lead.id, main.id)
    lead.joined_to, lead.closed_at = main.id, request.now
    step = await take(request, lead, Stage.JOINED, by=request.me.id, to=main.name)
    request.reply("lead_moved", lead=lead, step=step, told=False)


@command(*on_lead("回避"), who=OFFICERS, where=Where.PRIVATE, glued=numbered)
async def shun(request: Request, rest: str) -> None:
    """回避 L-0012 市公安局：线索涉及这个单位，不得移送给它"""
    lead, words = await about_lead(request, rest)
    unit = next((u for u in request.roster.units.values() if words in (u.name, u.full, *u.aliases)), None)
    if unit is None:
        raise Misunderstood("unit_unknown", name=words)
    if lead.receiver == unit.id:
        raise Misunderstood("lead_shun_late", lead=lead)
    lead.shunned = sorted({*lead.shunned, request.around.names.unit(lead.token, unit.id)})
    await request.journal("lead.shun", f"lead:{lead.name}")
    request.reply("lead_shun_noted", lead=lead)


async def _go(request: Request, lead: Lead, to: Stage, words: str) -> None:
    outcome = _check(lead, to, words)
    step = await take(request, lead, to, by=request.me.id, outcome=outcome)
    request.reply("lead_moved", lead=lead, step=step, told=False)


def _check(lead: Lead, to: Stage, words: str) -> str:
    """The outcome with which the lead may take this step; raises Misunderstood."""
    if lead.erased_at is not None:
        raise Misunderstood("lead_over", lead=lead)
    step = move(Stage(lead.stage), to, words, lead.outcome)
    if step.why_not:
        raise Misunderstood("lead_not_yet", lead=lead, to=to, why=step.why_not)
    return step.outcome


async def take(
    desk: Desk, lead: Lead, stage: Stage, *, by: str, outcome: str = "", to: str = "", sheet: int | None = None
) -> LeadStep:
    """Write a step down: the stage and its clock, the journal, and a line to the author where it matters to them."""
    lead.stage, lead.due_at = stage, due(stage, desk.now, desk.calendar)
    lead.outcome = outcome or lead.outcome
    if stage is Stage.CLOSED:
        lead.closed_at = desk.now
    lead.forget_at = upcoming(lead.age, desk.office.keep)
    step = LeadStep(lead_id=lead.id, at=desk.now, stage=stage, by=by, outcome=outcome, to=to, sheet=sheet)
    desk.session.add(step)
    await desk.write_down("lead.step", f"lead:{lead.name}", by, stage=str(stage), outcome=outcome, to=to, sheet=sheet)
    if stage in TOLD:
        for one in (lead, *await leads.joined_with(desk.session, lead.id)):
            _tell_author(desk, one, lead)
    return step


def _tell_author(desk: Desk, lead: Lead, main: Lead) -> None:
    """Whoever told it is found in memory, and answered under a pseudonym; nobody may be found any more."""
    if not lead.author:
        return
    person = desk.around.names.find_author(lead.token, lead.author, desk.roster.people)
    if person is not None:
        key = f"lead told:{lead.id}:{main.stage}:{desk.now.isoformat()}"
        desk.tell(person, "lead_stage", key=key, veiled=True, office_hours=True, lead=lead, shown=main)
