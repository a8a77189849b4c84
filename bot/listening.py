"""Which handler a message meets: its command, else the listeners in their order."""

from datetime import datetime
from typing import Any

from handlers.introduce import UNLISTED, meet
from handlers.registry import PASS, STRANGER, Command, NotAllowed, Refusal, Registry, Where
from handlers.request import Request, Surroundings
from models import inbox
from models.gathering import Gathering
from models.inbox import InboxState
from models.incoming import Incoming
from models.roster import Member
from models.rules.case_numbers import read_case
from models.rules.plain import plain, without_mention

REPLACED = "（已转为线索，原文不保留）"
UNKEPT = "（没能处理，原文不保留）"


class Entangled(Exception):
    """A handler refused after it had begun to change things: its transaction must go, its refusal must stay."""

    def __init__(self, refusal: Refusal, request: Request) -> None:
        super().__init__(refusal.template)
        self.refusal, self.keep_text, self.anonymous = refusal, request.keep_text, request.anonymous


def request_for(incoming: Incoming, gathering: Gathering, now: datetime, around: Surroundings) -> Request | None:
    """The request of a person of the roster; None for a stranger."""
    day = now.astimezone(around.office.zone).date()
    me = around.roster.as_of(incoming.person, day) or stranger(incoming)
    if me is None:
        return None
    request = Request(gathering, now, around, incoming, me)
    words = incoming.key if incoming.key is not None else incoming.words.reveal()
    mentioned, text = without_mention(words, around.office.bot)
    request.text = plain(text)
    request.addressed = incoming.private or mentioned or incoming.key is not None
    request.case = read_case(incoming.quoted_words) if incoming.quoted_words else None
    return request


def stranger(incoming: Incoming) -> Member | None:
    """Somebody of a platform's directory whom the roster does not know: may say who they are, and nothing else."""
    if UNLISTED not in incoming.person:
        return None
    return Member(id=incoming.person, name="", unit=None, roles=frozenset({STRANGER}))


async def answer(registry: Registry, request: Request) -> None:
    """Run the handler that these words find and gather the inbox row; a refusal is an answer too."""
    gathering = request.gathering
    if request.incoming.target and request.around.doors.can(request.incoming.channel, "answers_clicks"):
        gathering.presses.append(request.incoming)
    state, name = InboxState.IGNORED, ""
    found = registry.find(request.text) if request.text else None
    if found is not None and gathering.waiting:
        await gathering.flush()
    mark = gathering.mark()
    try:
        name = await _handle(registry, request, found)
        state = InboxState.DONE if name else InboxState.IGNORED
    except Refusal as refusal:
        if gathering.changed_since(mark):
            raise Entangled(refusal, request) from None
        request.reply(refusal.template, **refusal.facts)
        state = InboxState.REFUSED
        if found is not None and refusal.template == "not_allowed":
            await request.journal("refused", f"command:{found[0].name}")
    if state is InboxState.DONE and _used_up(request):
        gathering.presses.append(request.incoming)
    gathering.inbox.append(await row_for(request, state, name))


def _used_up(request: Request) -> bool:
    """A button in private that has done what it says, on a door where it can be taken away."""
    incoming, can = request.incoming, request.around.doors.can
    if not incoming.target or not incoming.private:
        return False
    return can(incoming.channel, "edit") and not can(incoming.channel, "answers_clicks")


async def refuse(request: Request, entangled: Entangled) -> None:
    """Answer with a refusal whose handler's changes are gone."""
    refusal = entangled.refusal
    request.keep_text, request.anonymous = entangled.keep_text, entangled.anonymous
    request.reply(refusal.template, **refusal.facts)
    request.gathering.inbox.append(await row_for(request, InboxState.REFUSED, ""))


async def row_for(request: Request, state: InboxState, name: str) -> dict[str, Any]:
    """The inbox row of a request, without what its handler wants forgotten; a room's pictures are kept with it."""
    incoming = request.incoming
    row = inbox.row_for(incoming, state, name)
    if request.anonymous:
        row |= {"person": None, "handler": ""}
    if incoming.room is None:
        return row
    if not request.keep_text:
        return row | {"text": UNKEPT if state == InboxState.PARKED else REPLACED, "pictures": []}
    for picture in incoming.pictures:
        await request.around.photos.keep(picture)
    return row


async def _handle(registry: Registry, request: Request, found: tuple[Command, str, str] | None) -> str:
    if STRANGER in request.me.roles and (found is None or STRANGER not in found[0].who):
        request.only_private = True
        await meet(request)
        return "introduce"
    if found is not None:
        command, request.word, rest = found
        _allow(command, request)
        if await command.run(request, rest) != PASS:
            return command.name
    for listener in registry.listeners:
        if not listener.hot and request.gathering.waiting:
            await request.gathering.flush()
        if await listener.run(request) != PASS:
            return listener.name
    return ""


def _allow(command: Command, request: Request) -> None:
    """Deny by default: the roles that a command declares, and nobody else."""
    facts: dict[str, Any] = {"word": request.word}
    if command.hidden and not request.addressed:
        return
    if command.who.isdisjoint(request.me.roles):
        raise NotAllowed("not_allowed", **facts)
    if command.where is Where.PRIVATE and not request.incoming.private:
        raise NotAllowed("private_only", **facts)
