"""我是: somebody whom the roster does not know says which unit they answer for, and the office confirms with one word."""

import re

from handlers.answer import asked
from handlers.proxy import unit_meant
from handlers.registry import ANYONE, OFFICE, PASS, STRANGER, Where, command
from handlers.request import Button, Request
from models import questions
from models.people import Person, Role
from models.questions import Ask
from models.roster import touch_roster

UNLISTED = ":"  # in the id of somebody whom a door knows by its own account only
CLAIM = re.compile(
    r"(?P<unit>.{2,40}?)的?(?:新?联络员|联系人)[,.:;。、 ]{0,3}(?P<name>[\u4e00-\u9fff·]{0,8})[!.。~]{0,3}"
)


@command("我是", "我叫", who=ANYONE | {STRANGER}, where=Where.PRIVATE, hidden=True, glued=lambda rest: "联络员" in rest)
async def introduce(request: Request, rest: str) -> str | None:
    """我是 单位联络员：名单里没有您时，报上单位，办公室确认后即可使用"""
    claim = CLAIM.fullmatch(rest)
    if STRANGER not in request.me.roles:
        if claim is None:
            return PASS
        unit_name = request.unit.name if request.unit is not None else ""
        request.reply("introduce_known", name=request.me.name, unit=unit_name)
        return None
    if claim is None:
        await meet(request)
        return None
    unit, _ = unit_meant(request, claim["unit"].strip())
    account = _account(request)
    current = request.roster.liaisons.get(unit.id)
    subject = {"who": request.me.id, "unit": unit.id, "name": claim["name"]}
    for person in request.roster.with_role(Role.CLERK):
        question = await questions.ask(request.session, person.id, Ask.INTRODUCE, request.now, **subject)
        request.tell(
            person.id,
            "introduce_asked",
            key=f"introduce:{question.id}",
            account=account,
            unit=unit.name,
            name=claim["name"],
            current=current,
            buttons=[Button(f"确认 {question.id}", "确认"), Button(f"不确认 {question.id}", "不是")],
        )
    request.reply("introduce_passed_on", unit=unit.name)
    return None


async def meet(request: Request) -> None:
    """Tell a stranger how to become known; in a room tell the office, once for each."""
    if request.incoming.private:
        request.reply("introduce_how")
        return
    room = request.roster.rooms.get(request.incoming.room or "")
    for person in request.roster.with_role(Role.CLERK):
        request.tell(
            person.id,
            "stranger",
            key=f"stranger:{request.me.id}:{person.id}",
            account=_account(request),
            room=room.name if room is not None else "",
        )


def _account(request: Request) -> str:
    """The account of a stranger, with the name that the platform has for it where it tells."""
    account, called = request.me.id.partition(UNLISTED)[2], request.incoming.called
    return f"{account}（{called}）" if called else account


@command("确认", who=OFFICE, hidden=True)
async def confirm(request: Request, rest: str) -> str | None:
    """确认：对方确是这个单位的联络员"""
    question = await asked(request, rest, Ask.INTRODUCE)
    if question is None:
        return PASS
    stranger, unit = question.subject["who"], request.roster.units.get(question.subject["unit"])
    await questions.close_about(request.session, Ask.INTRODUCE, "who", stranger, request.now)
    if unit is None:
        request.reply("settled_already")
        return None
    account = stranger.partition(UNLISTED)[2]
    current = request.roster.liaisons.get(unit.id)
    person = await request.session.get(Person, current.id) if current is not None else None
    if person is None:
        person = Person(id=account, name=f"{unit.name}联络员", unit_id=unit.id)
        request.session.add(person)
    person.wecom = account
    person.name = question.subject["name"] or person.name
    await touch_roster(request.session)
    await request.journal("liaison.introduce", f"unit:{unit.name}", account=account, person=person.id)
    request.tell(stranger, "introduce_welcome", key=f"introduced:{question.id}", unit=unit.name)
    request.reply("introduce_done", unit=unit.name, name=person.name, account=account)
    return None


@command("不确认", who=OFFICE, hidden=True)
async def refuse(request: Request, rest: str) -> str | None:
    """不确认：对方不是这个单位的联络员"""
    question = await asked(request, rest, Ask.INTRODUCE)
    if question is None:
        return PASS
    stranger = question.subject["who"]
    await questions.close_about(request.session, Ask.INTRODUCE, "who", stranger, request.now)
    unit = request.roster.units.get(question.subject["unit"])
    await request.journal("liaison.refuse", f"unit:{unit.name if unit else ''}", account=stranger)
    request.tell(stranger, "introduce_refused", key=f"not introduced:{question.id}", unit=unit.name if unit else "")
    request.reply("introduce_left")
    return None
