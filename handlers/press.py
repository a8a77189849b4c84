"""A pressed card answers under the finger: on a door where that must happen within seconds, by the PROMPT class."""

from datetime import timedelta

from handlers.registry import before_commit
from handlers.request import Button, Desk
from models import live_cards
from models.incoming import Incoming
from models.outbox import SendClass
from models.pressed import Standing, offered, standing, standing_as

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
    if not desk.around.doors.can(press.channel, "answers_clicks"):
        found = await standing_as(desk.session, press.channel, press.target or "")
        if found is not None and found.row.person is not None:
            _edit(desk, found, await _left(desk, found, press.key))
        return
    found = await standing(desk.session, int(press.target or 0))
    if found is None:
        return
    # A group's card stays for the others.
    private = found.row.person is not None
    left = await _left(desk, found, press.key) if private else found.buttons
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


async def _left(desk: Desk, found: Standing, pressed: str | None) -> list[dict[str, str]]:
    """In private only what is still to be acknowledged stays: something else may have been, in words, meanwhile."""
    left = [button for button in presses_left(found) if button["key"] != pressed]
    if not left or not found.row.wants:
        return left
    numbers = await live_cards.unacked_numbers(desk.session, found.row.wants)
    return [button for button in left if button["key"] in {f"{ACK}{number}" for number in numbers}]


def presses_left(found: Standing) -> list[dict[str, str]]:
    """The buttons of a message that acknowledge something."""
    return [button for button in found.buttons if button["key"].startswith(ACK)]


def _edit(desk: Desk, found: Standing, left: list[dict[str, str]]) -> None:
    """A private message whose buttons have been used, on a door that can change it: they would do nothing any more."""
    buttons = [Button(one["key"], one["text"]) for one in left]
    options = {"key": f"used:{found.row.key}", "edits": found.row.key, "send": SendClass.LATEST_WINS}
    desk.tell(found.row.person, "press", body=found.body, buttons=buttons, **options)


async def take_back(desk: Desk, person: str, kind: str, notice_id: int) -> None:
    """What was offered about a notice has been decided in words: the buttons that offered it go, where that can be."""
    for found in await offered(desk.session, person, kind, notice_id):
        if desk.around.doors.can(found.row.channel, "edit"):
            _edit(desk, found, [])
