"""What goes to everybody goes out when a second person has agreed, where the office asks for that."""

from handlers.agree import both
from handlers.duty import start
from handlers.issue import as_it_stands, let_correction_out, let_out
from handlers.registry import Misunderstood, agreed
from handlers.request import Request
from models import duties, notices
from models.approvals import Approval
from models.duties import DutyState
from models.notices import NoticeState


@agreed("notice.send")
async def send(request: Request, asked: Approval) -> None:
    """Only what the second person has read."""
    notice = await notices.by_number(request.session, asked.subject["number"])
    if notice is None or notice.state not in (NoticeState.DRAFT, NoticeState.SCHEDULED):
        raise Misunderstood("approval_gone")
    if as_it_stands(notice) != asked.subject["stands"]:
        raise Misunderstood("notice_changed", notice=notice)
    await let_out(request, notice, asked.subject["urgent"], **both(request, asked))
    _tell_asker(request, asked)


@agreed("notice.correct")
async def correct(request: Request, asked: Approval) -> None:
    """Only the correction that the second person has read."""
    notice = await notices.by_number(request.session, asked.subject["number"])
    if notice is None or notice.state != NoticeState.OPEN:
        raise Misunderstood("approval_gone")
    if notice.correction != asked.subject["change"]:
        raise Misunderstood("notice_changed", notice=notice)
    await let_correction_out(request, notice, **both(request, asked))
    _tell_asker(request, asked)


@agreed("duty.start")
async def start_duty(request: Request, asked: Approval) -> None:
    """Each period's notice then goes out by itself: this is the moment to agree."""
    duty = await duties.by_number(request.session, asked.subject["duty"])
    if duty is None or duty.state == DutyState.OFF:
        raise Misunderstood("approval_gone")
    await start(request, duty, **both(request, asked))
    _tell_asker(request, asked)


def _tell_asker(request: Request, asked: Approval) -> None:
    request.tell(asked.asked_by, "second_done", key=f"approved:{asked.id}", name=request.me.name)
