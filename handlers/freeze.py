"""冻结: everything that the bot would say by itself stops at once, whoever of those who look after it says so."""

from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Request
from models import alarms, freezing
from models.people import Role

CAREFUL = OFFICE | {Role.LEAD_OFFICER, Role.ADMIN, Role.AUDITOR}


@command("冻结", "全部冻结", "紧急冻结", who=CAREFUL)
async def freeze(request: Request, rest: str) -> None:
    """冻结 [缘由]：出了岔子时，马上停发一切群消息和主动消息（谁问照答，签收照收），直到解冻"""
    if await freezing.frozen_by(request.session) is not None:
        raise Misunderstood("frozen_already")
    await freezing.freeze(request.session, request.me.id)
    await request.journal("freeze", "outbox", why=rest)
    await alarms.raise_alarm(request.session, request.now, freezing.FROZEN, f"{request.me.name}冻结了全部发送")
    request.reply("frozen", waiting=await freezing.waiting(request.session, request.now))
    _tell_the_others(request, "frozen_told", why=rest)


@command("解冻", "解除冻结", who=OFFICE | {Role.ADMIN})
async def thaw(request: Request, rest: str) -> None:
    """解冻：冻结时攒下的消息重新判断，还该发的照发"""
    if await freezing.frozen_by(request.session) is None:
        raise Misunderstood("frozen_not")
    waiting = await freezing.waiting(request.session, request.now)
    await freezing.thaw(request.session, request.now)
    await request.journal("thaw", "outbox", why=rest)
    await alarms.clear_alarm(request.session, request.now, freezing.FROZEN)
    request.reply("thawed", waiting=waiting)
    _tell_the_others(request, "thawed_told", why=rest)


def _tell_the_others(request: Request, template: str, why: str) -> None:
    for person in request.roster.with_role(*CAREFUL):
        if person.id != request.me.id:
            key = f"{template}:{request.incoming.channel}:{request.incoming.external_id}:{person.id}"
            request.tell(person.id, template, key=key, name=request.me.name, why=why)
