"""线索: sealed before the first byte reaches the database; the chat gives a number back and nothing else."""

from handlers import lead_doubt
from handlers.lead_sealing import quiet, register, sealed
from handlers.registry import ANYONE, PASS, Misunderstood, command, listener
from handlers.request import Button, Request
from models import questions
from models.lead_codes import SHORTEST, hashed, read_code, weak
from models.people import Role
from models.questions import Ask
from models.rules.lead_words import lead_like, only_figures


@command("线索", "举报", who=ANYONE, glued=lambda rest: not only_figures(rest))
async def report(request: Request, rest: str) -> str | None:
    """线索 …：私聊报线索，只回一个编号；内容当场加密，只有指定的线索专员能看"""
    if not request.incoming.private:
        return await firewall(request)
    if rest and only_figures(rest) and not request.text.removeprefix(request.word).startswith((" ", ":")):
        return PASS
    if not rest and not request.incoming.pictures:
        quiet(request)
        await questions.ask(request.session, request.around.names.of(request.me.id), Ask.ADDING, request.now)
        request.reply("lead_how", veiled=True)
        return None
    await lead_doubt.settle(request, request.exact(rest))
    lead = await sealed(request, request.exact(rest))
    if lead is not None:
        await register(request, lead)
        request.reply("lead_taken", veiled=True, lead=lead, nameless=False)
    return None


@command("匿名线索", "匿名举报", who=ANYONE, glued=lambda rest: True)
async def nameless(request: Request, rest: str) -> str | None:
    """匿名线索 暗号 六位以上 …：不留姓名的线索，凭自定暗号查进展（私聊说）"""
    if not request.incoming.private:
        return await firewall(request)
    code, words = read_code(request.exact(rest))
    quiet(request)
    if code is None or weak(code) or not (words or request.incoming.pictures):
        raise Misunderstood("lead_code_how", shortest=SHORTEST, veiled=True)
    await lead_doubt.settle(request, words)
    lead = await sealed(request, words, nameless=True)
    if lead is not None:
        lead.code = hashed(code)
        await register(request, lead)
        request.reply("lead_taken", veiled=True, lead=lead, nameless=True)
    return None


@listener(15, hot=True)
async def firewall(request: Request) -> str | None:
    """A lead typed in a room is sealed and counted, not echoed; only its author is told, in private."""
    if request.incoming.private or not request.incoming.words.reveal():
        return PASS
    telling = request.word in ("线索", "举报", "匿名线索", "匿名举报")
    explicit = telling and bool(request.text.removeprefix(request.word).strip(" :,。"))
    if request.me.is_staff and not explicit:
        return PASS
    if not explicit and not lead_like(request.text):
        return PASS
    await request.gathering.flush()
    request.keep_text = False
    lead = await sealed(request, request.incoming.words.reveal())
    if lead is not None:
        await register(request, lead)
    # Not `reply`: on a door that cannot push, that would answer in the room, and quote what must not stand there.
    key = f"lead room:{request.incoming.channel}:{request.incoming.external_id}"
    request.tell(request.me.id, "lead_in_room", key=key, veiled=True, lead=lead)
    room = request.roster.rooms.get(request.incoming.room or "")
    for person in request.roster.with_role(Role.CLERK):
        request.tell(person.id, "lead_recall", key=f"{key}:{person.id}", room=room.name if room else "", at=request.now)
    return None


@listener(90)
async def doubtful(request: Request) -> str | None:
    """Private words that are no command: sealed first, then asked about. A picture without words likewise."""
    if not request.incoming.private:
        return PASS
    if not request.incoming.pictures and not request.text:
        return PASS
    await lead_doubt.settle(request, request.incoming.words.reveal())
    lead = await sealed(request, request.incoming.words.reveal())
    if lead is None:
        return None
    picture = bool(request.incoming.pictures) and request.unit is not None
    number = (await lead_doubt.ask_about(request, lead, Ask.PICTURE if picture else Ask.IS_LEAD)).id
    if picture:
        buttons = [Button(f"是进展 {number}", "①进展"), Button(f"是线索 {number}", "②线索")]
        request.reply("picture_asked", veiled=True, buttons=buttons)
    else:
        buttons = [Button(f"是 {number}", "是"), Button(f"不是 {number}", "不是")]
        request.reply("lead_asked", veiled=True, buttons=buttons)
    return None
