"""报 and 回复: words, figures and photos are filed for the speaker's unit, and the bot says what it understood."""

from collections.abc import Sequence
from typing import Any

from handlers import attach
from handlers.figures import enter, last_time
from handlers.lead import doubtful, firewall
from handlers.registry import LIAISONS, PASS, Misunderstood, command, listener
from handlers.request import Request
from models import pieces, questions
from models.acking import answer
from models.notices import Kind, NoticeState
from models.questions import Ask
from models.receipts import How
from models.reports import Report
from models.rules.case_numbers import leading_number
from models.rules.demands import Demand, named, read_demands, say
from models.rules.figures import Figure as Reading
from models.rules.figures import looks_like_figures, read_figures
from models.rules.lead_words import lead_like

LONGEST = 4000
ZERO = ("零报告", "无新增", "零上报")
NOTHING = ("0", "零", "无", "没有", "0报告", "无情况", "没有新增", "暂无")


@command("报", "上报", "报送", who=LIAISONS, glued=looks_like_figures)
async def report(request: Request, rest: str) -> str | None:
    """报 宣传单5000余份 短信50余万条：报数字或进展，可带照片；报 12 …：指明是答复第12号"""
    number, words = leading_number(request.exact(rest))
    if number is not None and await request.gathering.numbered(number, request.unit.id) is None:
        number, words = None, request.exact(rest)  # a figure that stands first, not a case number
    nothing = words.rstrip("。.!！ ") in NOTHING
    return await file(request, ZERO[0] if nothing else words, number, none_new=nothing)


@command(*ZERO, who=LIAISONS)
async def zero(request: Request, rest: str) -> str | None:
    """零报告：本期没有新增，一个词就够"""
    number, words = leading_number(rest)
    return await file(request, f"{request.word} {words}".strip(), number, none_new=True)


@command("回复", who=LIAISONS)
async def reply(request: Request, rest: str) -> str | None:
    """回复 编号 …：用文字答复一条通知"""
    number, words = leading_number(request.exact(rest))
    if number is None and request.case is None and not request.incoming.private:
        owed = await request.gathering.owed(request.unit.id)
        if not any(r.kind == Kind.REPLY for r in owed):
            return PASS
    return await file(request, words, number, reply_only=True)


@listener(30)
async def picture_with_words(request: Request) -> str | None:
    """A photo with words, from a liaison: in a room it is progress; in private only if it reads like it."""
    if not request.incoming.pictures or request.unit is None or not request.text:
        return PASS
    progress = not request.incoming.private or looks_like_figures(request.text) or await _names_a_piece(request)
    if not progress:
        return PASS
    return await file(request, request.incoming.words.reveal(), None)


async def _names_a_piece(request: Request) -> bool:
    """Whether the words are of something that this unit still has to send: then it is no lead."""
    asked = [r for r in await request.gathering.owed(request.unit.id) if r.kind == Kind.FILE]
    return any(named(read_demands(row.notice_text), request.text) for row in asked)


async def file(
    request: Request, words: str, number: int | None, *, reply_only: bool = False, none_new: bool = False
) -> str | None:
    """File a report, tie it to the notice it answers, and say back what was understood."""
    if lead_like(words):
        return await (doubtful(request) if request.incoming.private else firewall(request))
    if not words and not request.incoming.pictures and not request.incoming.files:
        raise Misunderstood("report_empty")
    if len(words) > LONGEST:
        raise Misunderstood("too_long", limit=LONGEST, length=len(words))
    row = await _answered(request, number, reply_only=reply_only)
    await request.gathering.flush()
    filed = Report(
        unit_id=request.unit.id,
        by=request.me.id,
        at=request.now,
        text=words,
        notice_id=row.notice_id if row is not None else None,
        source_message=request.incoming.message,
        photos=[await request.around.photos.keep(p) for p in request.incoming.pictures],
    )
    request.session.add(filed)
    await request.session.flush()
    if request.incoming.files:
        await attach.keep(request, filed)
    figures, unread = ([], []) if reply_only else read_figures(words)
    told = [await enter(request, filed, figure) for figure in figures]
    if any(one["question"] for one in told):
        await questions.ask(request.session, request.me.id, Ask.FIGURES, request.now, report=filed.id)
    left = await _pieces_left(request, row)
    lacking = _settle(request, row, figures, left) if row is not None else ""
    before = await last_time(request, request.unit.id, [row.notice_id]) if row is not None else {}
    request.reply(
        "reported",
        figures=told,
        unread=unread,
        photos=len(filed.photos),
        row=row,
        lacking=lacking,
        pieces=say(left),
        last=before.get(row.notice_id, []) if row is not None else [],
        photos_left=any(d.photo for d in left),
        reply_only=reply_only,
        none_new=none_new,
        notice_id=filed.notice_id,
    )
    return None


async def _answered(request: Request, number: int | None, *, reply_only: bool) -> Any | None:
    """The receipt this answers: by number or quote, else the newest owed one of a kind that a report can answer."""
    number = number or request.case
    if number is not None:
        row = await request.gathering.numbered(number, request.unit.id)
        if row is None:
            raise Misunderstood("ack_unknown", number=number)
        if row.notice_state == NoticeState.RECALLED:
            raise Misunderstood("ack_recalled", number=number)
        return row
    fitting = (Kind.REPLY,) if reply_only else (Kind.FIGURES, Kind.FILE)
    owed = [r for r in await request.gathering.owed(request.unit.id) if r.kind in fitting]
    if reply_only and not owed:
        raise Misunderstood("which_number", word="回复")
    return owed[0] if owed else None


def _wants_pieces(row: Any) -> bool:
    return row.kind == Kind.FILE and bool(read_demands(row.notice_text))


async def _pieces_left(request: Request, row: Any | None) -> list[Demand]:
    """What the notice's named pieces still lack after this report, written down for whoever asks."""
    if row is None or not _wants_pieces(row):
        return []
    left = await pieces.left(request.session, row.notice_id, row.unit_id, row.notice_text)
    await pieces.keep_lacking(request.session, row.notice_id, row.unit_id, say(left))
    return left


def _settle(request: Request, row: Any, figures: Sequence[Reading], left: Sequence[Demand]) -> str:
    """Tie the report to its receipt; gives what is still missing, by the kind that was asked for."""
    lacking = ""
    if left:
        lacking = "pieces"
    elif _wants_pieces(row):
        pass
    elif row.kind == Kind.FIGURES and not figures:
        lacking = "figures"
    elif row.kind == Kind.FILE and not request.incoming.pictures and not request.incoming.files:
        lacking = "file"
    spoken = How.PRIVATE if request.incoming.private else How.TEXT
    how = How.QUOTE if request.case == row.number else spoken
    answer(
        request.gathering,
        row,
        at=request.now,
        by=request.me.id,
        how=how,
        message=request.incoming.message,
        complete=not lacking,
        note=f"缺：{say(left)}" if left else "",
    )
    return lacking
