"""帮助: five lines, for this person's role and this room; and one suggestion for a near miss."""

from handlers.registry import ANYONE, PASS, REGISTRY, command, listener
from handlers.request import Request
from models.people import Role
from models.rules.near_miss import nearest

GREETINGS = frozenset(
    [
        "你好",
        "您好",
        "在吗",
        "在么",
        "谢谢",
        "谢谢了",
        "多谢",
        "好的",
        "好",
        "嗯",
        "嗯嗯",
        "行",
        "可以",
        "辛苦了",
        "辛苦",
        "早上好",
        "下午好",
        "晚上好",
        "再见",
        "hi",
        "hello",
        "ok",
    ]
)


@command("帮助", "help", "?", "怎么用", "使用说明", who=ANYONE)
async def show_help(request: Request, rest: str) -> None:
    """帮助：五行用法，按您的身份"""
    request.reply("help", role=role_of(request), private=request.incoming.private)


def role_of(request: Request) -> str:
    """The one hat that the help is written for."""
    if request.me.is_staff:
        return "staff"
    if Role.LEAD_OFFICER in request.me.roles:
        return "lead_officer"
    if Role.AUDITOR in request.me.roles:
        return "auditor"
    return "liaison"


@listener(60)
async def greet(request: Request) -> str | None:
    """Courtesies said to the bot get the one-line help; they are nobody's lead."""
    if not request.addressed or request.incoming.pictures:
        return PASS
    if request.text.rstrip("!！。.~，, ").lower() not in GREETINGS and request.text:
        return PASS
    request.reply("help_line", role=role_of(request))
    return None


@listener(70)
async def suggest(request: Request) -> str | None:
    """A near miss of a command gets one suggestion; in a room only when the bot was spoken to."""
    if not request.addressed:
        return PASS
    mine = [
        word
        for command_ in REGISTRY.commands
        if not command_.hidden and not command_.who.isdisjoint(request.me.roles)
        for word in command_.words
    ]
    word, rest = nearest(request.text, mine)
    if word is None:
        return PASS
    request.reply("suggest", word=word, rest=rest if rest in mine else "")
    return None


@listener(95)
async def stay_quiet(request: Request) -> str | None:
    """Small talk in a room is not answered; a question put to the bot there gets the one-line help."""
    if request.incoming.room is None or not request.addressed:
        return PASS
    request.reply("help_line", role=role_of(request))
    return None
