"""Reading a conversation from its end, as the page shows it."""

from bot.channels.simulator import MOST, Message, Simulator


async def newest(
    simulator: Simulator, person: str, room: str | None, most: int, before: int | None = None
) -> list[Message]:
    """The newest messages that this person can see in a room or in private, oldest first.

    Ids are shared by all conversations, so that one of few words lies far apart: each look back is twice as wide.
    """
    found: list[Message] = []
    top, span = before or simulator.streams.last + 1, MOST
    while len(found) < most and top > 1:
        bottom = max(0, top - 1 - span)
        found = [*await _between(simulator, person, room, bottom, top), *found]
        top, span = bottom + 1, span * 2
    return found[-most:]


async def _between(simulator: Simulator, person: str, room: str | None, bottom: int, top: int) -> list[Message]:
    """Those behind one id and before another, listing by listing."""
    found: list[Message] = []
    while True:
        listed = await simulator.listing(person, room, found[-1].id if found else bottom)
        found += [m for m in listed if m.id < top]
        if len(listed) < MOST or listed[-1].id >= top:
            return found
