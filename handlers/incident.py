"""突发: straight to the duty officer at any hour; only what is missing is asked for."""

from handlers.registry import LIAISONS, Misunderstood, command
from handlers.request import Request
from models import incidents
from models.incidents import Incident
from models.marks import bump
from models.people import Role
from models.reports import Report
from models.rules.case_numbers import leading_number
from models.rules.incident_words import lacking


@command("突发", "突发事件", who=LIAISONS)
async def first(request: Request, rest: str) -> None:
    """突发 时间地点什么事：马上报值班人员，不分时候（续报 …，终报 …）"""
    words = request.exact(rest)
    if not words:
        raise Misunderstood("incident_how")
    incident = Incident(
        number=await bump(request.session, "incident number"), unit_id=request.unit.id, opened_at=request.now
    )
    request.session.add(incident)
    await _file(request, words)
    _pass_on(request, "incident_new", incident, words, final=False)
    missing = lacking(words)
    request.reply("incident_taken", number=incident.number, count=0, final=False, lacking=missing)


@command("续报", who=LIAISONS)
async def update(request: Request, rest: str) -> None:
    """续报 [编号] …：补充进行中的突发"""
    await _more(request, rest, final=False)


@command("终报", who=LIAISONS)
async def final(request: Request, rest: str) -> None:
    """终报 [编号] …：突发处置完了"""
    await _more(request, rest, final=True)


async def _more(request: Request, rest: str, *, final: bool) -> None:
    number, words = leading_number(request.exact(rest).removeprefix("突"))
    incident = await incidents.open_of(request.session, request.unit.id, number)
    if incident is None:
        raise Misunderstood("incident_unknown", number=number)
    if not words:
        raise Misunderstood("incident_how")
    if final:
        incident.closed_at = request.now
    else:
        incident.updates += 1
    await _file(request, words)
    _pass_on(request, "incident_more", incident, words, final=final)
    request.reply("incident_taken", number=incident.number, count=incident.updates, final=final, lacking=[])


async def _file(request: Request, words: str) -> None:
    photos = [await request.around.photos.keep(p) for p in request.incoming.pictures]
    request.session.add(
        Report(
            unit_id=request.unit.id,
            by=request.me.id,
            at=request.now,
            text=words,
            source_message=request.incoming.message,
            photos=photos,
        )
    )
    await request.session.flush()


def _pass_on(request: Request, template: str, incident: Incident, words: str, *, final: bool) -> None:
    """To the office at any hour: this is what 紧急 is for."""
    for person in request.roster.with_role(Role.CLERK, Role.HEAD):
        request.tell(
            person.id,
            template,
            key=f"incident:{request.incoming.channel}:{request.incoming.external_id}:{person.id}",
            number=incident.number,
            unit=request.unit.name,
            words=words,
            count=incident.updates,
            final=final,
        )
