"""A file sent by itself: it belongs to what its sender has just reported, for no door lets words stand beside a file.

Without such a report it is not kept at all: it might be a lead, and only whoever sent it knows.
"""

from datetime import timedelta

from handlers.registry import LIAISONS, PASS, command, listener
from handlers.request import Request
from models import attachments, notices, pieces, questions, reports
from models.acking import answer
from models.attachments import ReportFile
from models.notices import Kind
from models.questions import Ask
from models.receipts import How
from models.reports import Report
from models.rules.demands import say

BELONGS = timedelta(minutes=30)  # how long after a report a file still belongs to it
MOST = 20
TELLING = (Ask.ADDING, Ask.IS_LEAD, Ask.PICTURE)


@listener(19)
async def file_sent(request: Request) -> str | None:
    """Files go to the report of the last half hour."""
    if not request.incoming.files:
        return PASS
    report = await _report(request)
    if report is None or request.incoming.room is not None:
        request.reply("file_alone", mine=request.unit is not None)
        return None
    await keep(request, report)
    number, lacking = await _complete(request, report)
    files = request.incoming.files
    request.reply("file_added", files=files, number=number, lacking=lacking, notice_id=report.notice_id)
    return None


@command("不是附件", who=LIAISONS, hidden=True)
async def not_a_file(request: Request, rest: str) -> str | None:
    """不是附件：刚才的文件发错了，不要了"""
    file = await attachments.last_of(request.session, request.me.id)
    if rest or file is None or request.now - file.at > BELONGS:
        return PASS
    await request.session.delete(file)
    await request.session.flush()
    if not await attachments.is_kept(request.session, file.name):
        await request.around.photos.forget(file.name)
    request.reply("file_forgotten", title=file.title)
    return None


async def keep(request: Request, report: Report) -> None:
    """The files of this message, as part of that report."""
    there = len((await attachments.of_reports(request.session, [report.id]))[report.id])
    for file in request.incoming.files[: max(MOST - there, 0)]:
        name = await request.around.photos.keep_file(file)
        request.session.add(
            ReportFile(
                report_id=report.id,
                name=name,
                title=file.title,
                size=len(file.data),
                at=request.now,
                source_message=request.incoming.message,
            )
        )
    await request.session.flush()


async def _report(request: Request) -> Report | None:
    """The report that a file belongs to; none when its sender has begun to tell a lead since."""
    report = await reports.last_of(request.session, request.me.id) if request.unit is not None else None
    if report is None or request.now - report.at > BELONGS:
        return None
    question = await questions.open_question(request.session, request.around.names.of(request.me.id))
    if question is not None and question.ask in TELLING and question.asked_at >= report.at:
        return None
    return report


async def _complete(request: Request, report: Report) -> tuple[int | None, str]:
    """The number of the notice that this report answers, and what its named pieces still lack; one that asked for a
    file and named none has it now."""
    if report.notice_id is None:
        return None, ""
    number: int = (await notices.of_ids(request.session, [report.notice_id]))[report.notice_id].number
    row = await request.gathering.numbered(number, request.unit.id)
    if row is not None and row.kind == Kind.FILE and row.done_at is None:
        left = await pieces.left(request.session, row.notice_id, row.unit_id, row.notice_text)
        await pieces.keep_lacking(request.session, row.notice_id, row.unit_id, say(left))
        answer(
            request.gathering,
            row,
            at=request.now,
            by=request.me.id,
            how=How.PRIVATE,
            message=request.incoming.message,
            complete=not left,
            note=f"缺：{say(left)}" if left else "",
        )
        return number, say(left)
    return number, ""
