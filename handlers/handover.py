"""移交: a unit's liaison changes; the old one loses access at the moment the new one accepts, and both are recorded."""

from handlers.answer import asked
from handlers.leave import person_named
from handlers.registry import ANYONE, LIAISONS, PASS, Misunderstood, Where, command
from handlers.request import Button, Request
from models import questions
from models.people import Person, Position, Role
from models.questions import Ask
from models.roster import touch_roster


@command("移交", who=LIAISONS, where=Where.PRIVATE)
async def hand_over(request: Request, rest: str) -> None:
    """移交 接手人：把本单位联络员交给名单里的另一个人，对方“接受”后生效"""
    name = rest.removeprefix("给").strip()
    if not name:
        raise Misunderstood("handover_how")
    successor = person_named(request, name)
    if successor is None:
        raise Misunderstood("stand_in_unknown", name=name)
    if successor.unit is not None and successor.unit.id != request.unit.id:
        raise Misunderstood("successor_busy", person=successor.name, unit=successor.unit.name)
    question = await questions.ask(
        request.session, successor.id, Ask.HANDOVER, request.now, unit=request.unit.id, giver=request.me.id
    )
    request.tell(
        successor.id,
        "handover_asked",
        key=f"handover:{question.id}",
        office_hours=True,
        person=request.me.name,
        unit=request.unit.name,
        rows=await request.gathering.owed(request.unit.id),
        buttons=[Button(f"接受 {question.id}", "接受"), Button(f"不接受 {question.id}", "不接受")],
    )
    request.reply("handover_passed_on", person=successor.name)


@command("接受", who=ANYONE, hidden=True)
async def accept(request: Request, rest: str) -> str | None:
    """接受：接手联络员"""
    question = await asked(request, rest, Ask.HANDOVER)
    if question is None:
        return PASS
    question.answered_at = request.now
    unit = request.roster.units.get(question.subject["unit"])
    giver = await request.session.get(Person, question.subject["giver"])
    taker = await request.session.get(Person, request.me.id)
    if unit is None or giver is None or taker is None or giver.unit_id != unit.id:
        raise Misunderstood("settled_already")
    giver.unit_id, taker.unit_id, taker.position = None, unit.id, Position.LIAISON
    await touch_roster(request.session)
    await request.journal("liaison.handover", f"unit:{unit.name}", giver=giver.id, taker=taker.id)
    facts = {"unit": unit.name, "person": request.me.name}
    told = {giver.id, *(p.id for p in request.roster.with_role(Role.CLERK))}
    for person in sorted(told):
        request.tell(person, "handover_done", key=f"handed over:{question.id}:{person}", office_hours=True, **facts)
    request.reply("handover_done", **facts)
    return None


@command("不接受", who=ANYONE, hidden=True)
async def refuse(request: Request, rest: str) -> str | None:
    """不接受：不接手联络员"""
    question = await asked(request, rest, Ask.HANDOVER)
    if question is None:
        return PASS
    question.answered_at = request.now
    unit = request.roster.unit_of(question.subject["unit"])
    facts = {"unit": unit.name if unit is not None else "", "person": request.me.name}
    key = f"not handed over:{question.id}"
    request.tell(question.subject["giver"], "handover_refused", key=key, office_hours=True, **facts)
    request.reply("handover_refused", **facts)
    return None
