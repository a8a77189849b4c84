"""补充 and 完: several messages and pictures to one lead, each in an envelope of its own."""

import re
from datetime import timedelta

from handlers import lead_doubt
from handlers.lead_follow import proven
from handlers.lead_sealing import about_lead, added, numbered, on_lead, quiet, register, sealed
from handlers.registry import ANYONE, PASS, Where, command, listener
from handlers.request import Request
from models import leads, questions, reports
from models.leads import Lead
from models.questions import Ask, Question
from models.rules.lead_stages import OVER

OPEN_FOR = timedelta(hours=2)


@command(*on_lead("补充", "补充线索", "续报"), who=ANYONE, where=Where.PRIVATE, glued=numbered)
async def add(request: Request, rest: str) -> None:
    """补充 L-0012 …：给自己报的线索补充内容、图片、文件；只写编号则接着一条条发，说“完”结束"""
    quiet(request)
    lead, _ = await about_lead(request, rest)
    words = re.sub(r"^\s*[-—–_－]*\s*\d+号?[\s:：,，。、;；]*", "", request.exact(rest))
    allowed = await proven(request, lead, words)
    if allowed is None:
        request.reply("lead_unknown", veiled=True)
        return
    words, nameless = allowed
    if lead.stage in OVER or lead.erased_at is not None:
        request.reply("lead_over", veiled=True, lead=lead)
        return
    if not words and not request.incoming.pictures:
        name = request.around.names.of(request.me.id)
        await questions.ask(request.session, name, Ask.ADDING, request.now, lead=lead.id, nameless=nameless)
        request.reply("lead_adding", veiled=True, lead=lead)
        return
    await lead_doubt.settle(request, words)
    if await added(request, lead, words, nameless=nameless) is not None:
        request.reply("lead_added", veiled=True, lead=lead)


@command("完", "完了", "说完了", "报完了", who=ANYONE, hidden=True)
async def finish(request: Request, rest: str) -> str | None:
    """完：线索补充完了"""
    if not request.incoming.private or rest:
        return PASS
    session = await _session(request)
    if session is None:
        return PASS
    quiet(request)
    session.answered_at = request.now
    lead = await _lead(request, session)
    session.subject = {}
    if lead is None:
        request.reply("lead_nothing", veiled=True)
        return None
    parts = len(await leads.parts_of(request.session, lead.id))
    request.reply("lead_finished", veiled=True, lead=lead, parts=parts + 1)
    return None


@listener(18)
async def go_on(request: Request) -> str | None:
    """While a lead is being told, what is no command belongs to it; a file too, unless something was reported since."""
    said = request.incoming
    if not said.private or not (request.text or said.pictures or said.files):
        return PASS
    session = await _session(request)
    if session is None or (said.files and await _reported_since(request, session)):
        return PASS
    quiet(request)
    lead, words = await _lead(request, session), request.incoming.words.reveal()
    if lead is not None:
        if await added(request, lead, words, nameless=bool(session.subject.get("nameless"))) is not None:
            request.reply("lead_added", veiled=True, lead=lead)
        return None
    lead = await sealed(request, words)
    if lead is not None:
        await register(request, lead)
        session.subject = {"lead": lead.id}
        request.reply("lead_taken", veiled=True, lead=lead, nameless=False)
    return None


async def _session(request: Request) -> Question | None:
    """The lead that this person is telling, if they began within the last two hours."""
    question = await questions.open_question(request.session, request.around.names.of(request.me.id))
    if question is None or question.ask != Ask.ADDING or request.now - question.asked_at > OPEN_FOR:
        return None
    return question


async def _reported_since(request: Request, session: Question) -> bool:
    report = await reports.last_of(request.session, request.me.id) if request.unit is not None else None
    return report is not None and report.at > session.asked_at


async def _lead(request: Request, session: Question) -> Lead | None:
    number = session.subject.get("lead")
    return await leads.by_id(request.session, number) if number is not None else None
