"""Short answers to what the bot has asked in private: 是, 不是, ①, ②, 看到了, 没看到."""

import re
from typing import Any

from handlers.ack import receive
from handlers.agree import both, propose, wanted
from handlers.figures import confirm
from handlers.lead_doubt import close
from handlers.lead_sealing import quiet, register
from handlers.registry import ANYONE, OFFICE, PASS, Misunderstood, agreed, command
from handlers.request import Request
from models import leads, outbox, questions, receipts, reports
from models.approvals import Approval
from models.leads import Lead
from models.outbox import OutState
from models.questions import Ask, Question
from models.receipts import How

YES, NO = ("是", "是的", "对", "对的"), ("不是", "不", "否", "不对", "不是线索")
AGAIN = "outbox.again"
# ① and ② fold to 1 and 2 when the words are read
PROGRESS, LEAD = ("是进展", "进展", "1"), ("是线索", "2")


async def asked(request: Request, rest: str, *kinds: Ask) -> Question | None:
    """The question answered: the one that a button names, else this person's newest, if it is of these kinds."""
    number = re.fullmatch(r"\d+", rest)
    if not request.incoming.private or (rest and (not number or request.word.isdigit())):
        return None
    wanted = int(number[0]) if number else None
    # What may be a lead was asked under a pseudonym.
    names = (request.me.id, request.around.names.of(request.me.id))
    found = [await questions.open_question(request.session, name, wanted) for name in names]
    newest = max((q for q in found if q is not None), key=lambda q: q.id, default=None)
    return newest if newest is not None and newest.ask in kinds else None


@command(*YES, who=ANYONE, hidden=True)
async def yes(request: Request, rest: str) -> str | None:
    """是：回答助手刚才的问题"""
    question = await asked(request, rest, Ask.IS_LEAD, Ask.IS_ACK, Ask.FIGURES)
    if question is None:
        return PASS
    question.answered_at = request.now
    if question.ask == Ask.FIGURES:
        await confirm(request, question.subject["report"])
        return None
    if question.ask == Ask.IS_ACK:
        row = await request.gathering.numbered(question.subject["number"], request.unit.id) if request.unit else None
        if row is not None:
            await receive(request, row, How.PRIVATE)
        return None
    await _confirm_lead(request, question)
    return None


@command(*LEAD, who=ANYONE, hidden=True)
async def is_lead(request: Request, rest: str) -> str | None:
    """②：刚才的图片是线索"""
    question = await asked(request, rest, Ask.PICTURE, Ask.IS_LEAD)
    if question is None:
        return PASS
    question.answered_at = request.now
    await _confirm_lead(request, question)
    return None


async def _confirm_lead(request: Request, question: Question) -> None:
    lead = await _take_envelope(request, question)
    if lead is not None:
        await register(request, lead)
        request.reply("lead_taken", veiled=True, lead=lead, nameless=False)
    else:
        request.reply("lead_gone", veiled=True)


async def _take_envelope(request: Request, question: Question) -> Lead | None:
    """The envelope that was asked about; the question forgets whose it was, and so does the inbox."""
    quiet(request)
    lead = await leads.by_id(request.session, question.subject["lead"])
    close(question, request)
    return lead


@command(*NO, who=ANYONE, hidden=True)
async def no(request: Request, rest: str) -> str | None:
    """不是：回答助手刚才的问题"""
    question = await asked(request, rest, Ask.IS_LEAD, Ask.IS_ACK, Ask.FIGURES)
    if question is None:
        return PASS
    question.answered_at = request.now
    if question.ask == Ask.FIGURES:
        request.reply("figures_wrong", figures=await reports.doubted(request.session, question.subject["report"]))
    elif question.ask == Ask.IS_LEAD:
        lead = await _take_envelope(request, question)
        if lead is not None:
            await leads.erase(request.session, lead.id)
        request.reply("untraced", veiled=True)
    else:
        request.reply("not_acked", number=question.subject["number"])
    return None


@command(*PROGRESS, who=ANYONE, hidden=True)
async def is_progress(request: Request, rest: str) -> str | None:
    """①：刚才的图片是工作进展"""
    question = await asked(request, rest, Ask.PICTURE)
    if question is None:
        return PASS
    question.answered_at = request.now
    lead = await _take_envelope(request, question)
    if lead is not None:
        await leads.erase(request.session, lead.id)
    request.reply("send_with_words", veiled=True)
    return None


@command("看到了", "看到", who=OFFICE, hidden=True)
async def seen(request: Request, rest: str) -> str | None:
    """看到了：群里确有这条通知"""
    return await _settle(request, rest, again=False)


@command("没看到", "没看到,重发", "没看到，重发", "重发", who=OFFICE, hidden=True)
async def not_seen(request: Request, rest: str) -> str | None:
    """没看到：群里没有这条通知，重发一次"""
    return await _settle(request, rest, again=True)


async def _settle(request: Request, rest: str, *, again: bool) -> str | None:
    """A person decides what the bot may not: whether a post to everybody stands there, or is sent once more (I3)."""
    question = await asked(request, rest, Ask.SEEN)
    if question is None:
        return PASS
    row = await outbox.by_key(request.session, question.subject["key"])
    if again and row is not None and row.state == OutState.UNKNOWN and wanted(request, AGAIN) and _to_everybody(row):
        subject, template = {"key": row.key}, "second_outbox_again"
        await propose(request, AGAIN, f"outbox:{row.id}", template, subject=subject, words=row.body)
        return None
    await questions.close_about(request.session, Ask.SEEN, "key", question.subject["key"], request.now)
    if row is None or row.state != OutState.UNKNOWN:
        request.reply("settled_already")
        return None
    await request.journal("outbox.settle", f"outbox:{row.id}", again=again)
    if again:
        row.state, row.due_at, row.reason = OutState.PENDING, request.now, "没看到，重发"
    else:
        row.state, row.sent_at, row.reason = OutState.SENT, request.now, "有人看到了"
        if row.kind == "notice" and row.notice_id is not None and row.room is not None:
            await receipts.delivered(request.session, row.notice_id, row.room, request.now)
    request.reply("settled", again=again)
    return None


def _to_everybody(row: Any) -> bool:
    return "@all" in row.mentions


@agreed(AGAIN)
async def sent_again_by_two(request: Request, asked: Approval) -> None:
    """Unless somebody has seen it meanwhile."""
    row = await outbox.by_key(request.session, asked.subject["key"])
    if row is None or row.state != OutState.UNKNOWN:
        raise Misunderstood("settled_already")
    await questions.close_about(request.session, Ask.SEEN, "key", row.key, request.now)
    await request.journal("outbox.settle", asked.object, again=True, **both(request, asked))
    row.state, row.due_at, row.reason = OutState.PENDING, request.now, "没看到，重发"
    request.reply("settled", again=True)
    request.tell(asked.asked_by, "second_done", key=f"approved:{asked.id}", name=request.me.name)
