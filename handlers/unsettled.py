"""Messages whose fate nobody knows: a staff member is asked, and only a person may have them sent again (I3)."""

from typing import Any

from handlers.registry import tick
from handlers.request import Button, Desk
from models import outbox, questions
from models.people import Role
from models.questions import Ask


@tick("unsettled", due=outbox.UNASKED.due, next=outbox.UNASKED.next)
async def ask(desk: Desk, key: str) -> None:
    """Ask every clerk once: 群里看到这条通知了吗？"""
    row: Any = await outbox.by_key(desk.session, key)
    if row is None:
        return
    row.due_at = None
    for person in desk.roster.with_role(Role.CLERK):
        question = await questions.ask(desk.session, person.id, Ask.SEEN, desk.now, key=key, notice=row.notice_id)
        desk.tell(
            person.id,
            "seen",
            key=f"seen:{row.id}:{row.attempts}:{person.id}",
            room=desk.roster.rooms[row.room].name if row.room in desk.roster.rooms else "",
            words=row.body,
            notice_id=row.notice_id,
            buttons=[Button(f"看到了 {question.id}", "看到了"), Button(f"重发 {question.id}", "没看到，重发")],
        )
