"""减负: an anonymous word to the head of the office about what weighs too much (R14)."""

import secrets

from handlers.registry import ANYONE, Misunderstood, Where, command
from handlers.request import Request
from models.people import Role

LONGEST = 500


@command("减负", who=ANYONE, where=Where.PRIVATE)
async def complain(request: Request, rest: str) -> None:
    """减负 …：匿名告诉办公室主任哪些事太重（私聊说；不记是谁说的）

    Neither the inbox nor the message to the head keeps who it was; the message leaves at the next full hour, so that
    its minute tells nothing either.
    """
    words = request.exact(rest)
    if not words:
        raise Misunderstood("burden_empty")
    if len(words) > LONGEST:
        raise Misunderstood("too_long", limit=LONGEST, length=len(words))
    request.anonymous = True
    hour = request.now.replace(minute=0, second=0, microsecond=0)
    for person in request.roster.with_role(Role.HEAD):
        key = f"burden:{secrets.token_hex(8)}:{person.id}"
        request.tell(person.id, "burden", key=key, office_hours=True, words=words, hour=hour)
    request.reply("untraced")
