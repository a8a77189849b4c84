"""A button that has nothing left to do goes from the screen: its matter was acknowledged in words, or by somebody else.

Where the platform allows that only with a press, the button stays, and a press is answered with how things stand.
"""

from handlers.press import presses_left
from handlers.registry import tick
from handlers.request import Desk
from models import live_cards
from models.outbox import SendClass
from models.pressed import standing


@tick("spent", due=live_cards.spent, next=live_cards.next_spent)
async def grey(desk: Desk, outbox_id: int) -> None:
    """Once for a message, when all that it asks for is done: the platform takes no second change without a press."""
    found = await standing(desk.session, outbox_id)
    live = await live_cards.is_live(desk.session, outbox_id, desk.now)
    await live_cards.forget(desk.session, outbox_id)
    # A pressed one has been changed under the finger.
    if found is None or not live or not presses_left(found):
        return
    key = f"spent:{found.row.key}"
    options = {"edits": found.row.key, "send": SendClass.LATEST_WINS, "notice_id": found.row.notice_id}
    desk.tell(found.row.person, "card_spent", key=key, body=found.body, **options)
