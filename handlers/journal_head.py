"""The journal's last hash goes to the auditor at the end of each day on which something was written."""

from datetime import datetime, timedelta
from typing import Any

from handlers.registry import tick
from handlers.request import Desk
from models import journal, marks
from models.people import Role

DUE, SENT = "journal head due", "journal head sent"


async def _next(session: Any) -> datetime | None:
    return await marks.read_time(session, DUE)


async def _due(session: Any, now: datetime, _: int) -> list[datetime | None]:
    at = await _next(session)
    return [at] if at is None or at <= now else []


@tick("journal head", due=_due, next=_next)
async def send(desk: Desk, at: datetime | None) -> None:
    """Send it to every auditor; a day without a new row is silent."""
    local = desk.calendar.local(desk.now).date()
    closing = desk.calendar.closing(desk.calendar.next_workday(local - timedelta(days=1)))
    if closing <= desk.now:
        closing = desk.calendar.closing(desk.calendar.next_workday(local))
    await marks.write_mark(desk.session, DUE, closing.isoformat())
    head = await journal.head(desk.session)
    if at is None or head is None or await marks.read_mark(desk.session, SENT) == head.hash:
        return
    await marks.write_mark(desk.session, SENT, head.hash)
    known = desk.around.recipients
    print_ = known.short if known is not None else ""
    for person in desk.roster.with_role(Role.AUDITOR):
        desk.tell(
            person.id, "journal_head", key=f"journal head:{head.id}:{person.id}", head=head, day=local, print=print_
        )
