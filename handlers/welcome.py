"""The first step into the private chat with the bot, and who has not taken it yet: the bot may not speak first there."""

from handlers.help import role_of
from handlers.press import AT_ONCE
from handlers.registry import ANYONE, OFFICE, STRANGER, Where, command
from handlers.request import Request
from models import contacts
from models.outbox import SendClass

ENTERED = "进入会话"


@command(ENTERED, who=ANYONE | {STRANGER}, where=Where.PRIVATE, hidden=True)
async def welcome(request: Request, rest: str) -> None:
    """进入会话：打开私聊时的一句用法"""
    known = STRANGER not in request.me.roles
    request.reply(
        "welcome",
        role=role_of(request) if known else STRANGER,
        unit=request.unit.name if request.unit is not None else "",
        quote=request.incoming.message,
        send=SendClass.PROMPT,
        after=AT_ONCE,
        not_after=request.now + AT_ONCE,
    )


@command("进度 开通", "进度开通", "开通进度", "谁没开通", "谁还没开通", who=OFFICE)
async def opening(request: Request, rest: str) -> None:
    """进度 开通：哪些单位的联络员还没打开过与我的私聊（没打开就收不到私下提醒）"""
    known = {contact.person for contact in await contacts.opened(request.session)}
    waiting = []
    for unit in request.roster.units.values():
        liaison = request.roster.liaisons.get(unit.id)
        if liaison is None or liaison.id not in known:
            waiting.append(unit.name)
    request.reply("opening", waiting=waiting, total=len(request.roster.units))
