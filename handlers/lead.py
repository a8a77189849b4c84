"""线索: sealed before the first byte reaches the database; the chat gives a number back and nothing else."""

import base64
import json
import secrets

from handlers.registry import ANYONE, PASS, command, listener
from handlers.request import Button, Desk, Request
from models import leads, questions
from models.leads import Lead
from models.people import Role
from models.questions import Ask
from models.rules.lead_words import lead_like, only_figures
from models.sealing import associated, digest, seal


@command("线索", "举报", who=ANYONE, glued=lambda rest: not only_figures(rest))
async def report(request: Request, rest: str) -> str | None:
    """线索 …：私聊报线索，只回一个编号；内容当场加密，只有指定的线索专员能看"""
    if not request.incoming.private:
        return await firewall(request)
    if rest and only_figures(rest) and not request.text.removeprefix(request.word).startswith((" ", ":")):
        return PASS
    if not rest and not request.incoming.pictures:
        request.reply("lead_how")
        return None
    lead = await sealed(request, request.exact(rest))
    if lead is not None:
        await register(request, lead)
        request.reply("lead_taken", lead=lead)
    return None


@listener(15, hot=True)
async def firewall(request: Request) -> str | None:
    """A lead typed in a room is sealed and counted, not echoed; only its author is told, in private."""
    if request.incoming.private or not request.incoming.words.reveal():
        return PASS
    explicit = request.word in ("线索", "举报") and bool(request.text.removeprefix(request.word).strip(" :,。"))
    if request.me.is_staff and not explicit:
        return PASS
    if not explicit and not lead_like(request.text):
        return PASS
    await request.gathering.flush()
    request.keep_text = False
    lead = await sealed(request, request.incoming.words.reveal())
    if lead is not None:
        await register(request, lead)
        request.reply("lead_in_room", lead=lead)
    return None


@listener(90)
async def doubtful(request: Request) -> str | None:
    """Private words that are no command: sealed first, then asked about. A picture without words likewise."""
    if not request.incoming.private:
        return PASS
    if not request.incoming.pictures and not request.text:
        return PASS
    lead = await sealed(request, request.incoming.words.reveal())
    if lead is None:
        return None
    if request.incoming.pictures and request.unit is not None:
        question = await questions.ask(request.session, request.me.id, Ask.PICTURE, request.now, lead=lead.id)
        number = question.id
        request.reply("picture_asked", buttons=[Button(f"是进展 {number}", "①进展"), Button(f"是线索 {number}", "②线索")])
    else:
        question = await questions.ask(request.session, request.me.id, Ask.IS_LEAD, request.now, lead=lead.id)
        number = question.id
        request.reply("lead_asked", buttons=[Button(f"是 {number}", "是"), Button(f"不是 {number}", "不是")])
    return None


async def sealed(request: Request, words: str) -> Lead | None:
    """Put words and pictures in an envelope; None, and a line to the author, when there is nobody to seal them to."""
    recipients = request.around.recipients
    if recipients is None:
        request.reply("lead_closed")
        return None
    incoming = request.incoming
    hour = request.now.replace(minute=0, second=0, microsecond=0)
    token = secrets.token_hex(16)
    content = json.dumps(
        {
            "text": words,
            "from": request.me.id,
            "unit": request.unit.name if request.unit is not None else None,
            "room": incoming.room,
            "at": incoming.at.isoformat(),
            "pictures": [base64.b64encode(p.data).decode() for p in incoming.pictures],
        },
        ensure_ascii=False,
    ).encode()
    envelope = seal(content, associated=associated(token, hour, recipients.fingerprint), recipients=recipients)
    return await leads.keep(
        request.session,
        envelope,
        token=token,
        hour=hour,
        size=len(envelope.ciphertext),
        digest=digest(envelope),
        fingerprint=recipients.fingerprint,
    )


async def register(desk: Desk, lead: Lead) -> None:
    """Give the number, write the envelope's hash into the journal, and tell the officers that there is one."""
    await leads.register(desk.session, lead)
    await desk.write_down("lead.register", f"lead:{lead.name}", "bot", digest=lead.digest)
    for person in desk.roster.with_role(Role.LEAD_OFFICER):
        desk.tell(person.id, "lead_new", key=f"lead:{lead.id}:{person.id}", office_hours=True, lead=lead)
