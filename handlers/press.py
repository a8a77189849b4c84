"""A pressed card answers under the finger: on a door where that must happen within seconds, by the PROMPT class."""

from datetime import timedelta

from handlers.registry import before_commit
from handlers.request import Button, Desk
from models.incoming import Incoming
from models.outbox import SendClass
from models.pressed import standing

AT_ONCE = timedelta(seconds=4.5)  # the platform takes the change of a card for five seconds after the press
ACK = "收 "


@before_commit
async def answer_presses(desk: Desk) -> None:
    """Once for all presses of a transaction, after the cards of the notices have been brought up to date."""
    presses, desk.gathering.presses = desk.gathering.presses, []
    if presses:
        await desk.gathering.flush()
    for press in presses:
        await _answer(desk, press)


async def _answer(desk: Desk, press: Incoming) -> None:
    found = await standing(desk.session, int(press.target or 0))
    if found is None:
        return
    # A group's card stays for the others; in private only what is still to be acknowledged stays.
    private = found.row.person is not None
    left = [b for b in found.buttons if not private or (b["key"] != press.key and b["key"].startswith(ACK))]
    options = {
        "key": f"press:{press.channel}:{press.external_id}",
        "body": found.body,
        "buttons": [Button(b["key"], b["text"]) for b in left],
        "edits": found.row.key,
        "quote": press.message,
        "send": SendClass.PROMPT,
        "notice_id": found.row.notice_id,
        # It goes out at once or not at all: an ordinary round only finds that nobody waits any more.
        "after": AT_ONCE,
        "not_after": desk.now + AT_ONCE,
    }
    if private:
        desk.tell(found.row.person, "press", **options)
    else:
        desk.post(found.row.room, "press", **options)
