"""全文: what was too long for the group is read in private."""

from handlers.close import meant
from handlers.registry import ANYONE, Misunderstood, command
from handlers.request import Request
from models.notices import NoticeState


@command("全文", "看全文", who=ANYONE)
async def full_text(request: Request, rest: str) -> None:
    """全文 编号：一条通知的完整内容"""
    notice, _ = await meant(request, rest)
    asked = request.unit is not None and request.unit.id in notice.audience
    unseen = notice.state in (NoticeState.DRAFT, NoticeState.SCHEDULED)
    if not request.me.is_staff and (unseen or not asked):
        raise Misunderstood("no_notice", number=notice.number)
    request.reply("full_text", notice=notice, notice_id=notice.id)
