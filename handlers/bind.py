"""本群是: a clerk tells the bot, in the group itself, which of the configured groups it is."""

from handlers.registry import OFFICE, Misunderstood, command
from handlers.request import Request
from models.rooms import Room
from models.roster import touch_roster
from models.rules.plain import plain

UNBOUND = "chat:"


@command("本群是", "本群为", "这个群是", who=OFFICE, hidden=True, glued=lambda rest: True)
async def bind(request: Request, rest: str) -> None:
    """本群是 群名：在群里@我说，把这个群和配置里的群对上"""
    place = request.incoming.room
    if place is None:
        raise Misunderstood("bind_in_room")
    name = plain(rest).strip("「」\"'“”。.!！ ")
    names = {**request.roster.rooms, **{plain(room.name): room for room in request.roster.rooms.values()}}
    found = names.get(name)
    if found is None:
        raise Misunderstood("bind_unknown", name=name, names=[room.name for room in request.roster.rooms.values()])
    if not place.startswith(UNBOUND):
        if place == found.id:
            request.reply("bound", room=found.name)
            return
        raise Misunderstood("bind_taken", room=request.roster.rooms[place].name)
    room = await request.session.get(Room, found.id)
    assert room is not None
    before, room.chat_id = room.chat_id, place.removeprefix(UNBOUND)
    await touch_roster(request.session)
    await request.journal("room.bind", f"room:{room.id}", before=before, now=room.chat_id)
    request.reply("bound", room=found.name)
