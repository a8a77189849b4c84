"""An address at which nobody may be answered any more is kept no longer."""

from collections.abc import Sequence

from handlers.registry import tick
from handlers.request import Desk
from models import answer_addresses


@tick("lapse", due=answer_addresses.LAPSES.due, next=answer_addresses.LAPSES.next, together=True)
async def lapse(desk: Desk, messages: Sequence[str]) -> None:
    """What was to be answered by them goes another way, or says that it had none."""
    await answer_addresses.forget(desk.session, messages)
