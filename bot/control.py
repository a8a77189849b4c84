"""The control socket: how the command line reaches the running service, one process per SQLite file."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot import journal_desk
from bot.app import Bot
from bot.channels.terminal import NAME, Terminal
from bot.importing import put_in_place, read_roster
from bot.roster_file import RosterError
from models.days import set_days
from models.incoming import Incoming
from models.roster import load_roster
from models.rules.day_table import parse_days
from models.sealing import Secret

Answer = dict[str, Any]


class Refused(Exception):
    """What was asked cannot be done; one Chinese sentence a line."""


async def say(bot: Bot, terminal: Terminal, text: str, person: str, room: str | None) -> Answer:
    """One message through the same path as any other; the answer comes back as text."""
    async with bot.store.read() as session:
        roster = await load_roster(session)
    if person not in roster.people:
        raise Refused(f"名单里没有账号 {person}")
    if room is not None and room not in roster.rooms:
        raise Refused(f"没有编号为 {room} 的群")
    name = uuid4().hex
    terminal.take(person)
    await bot.dispatch.submit(
        Incoming(
            channel=NAME,
            external_id=name,
            person=person,
            room=room,
            words=Secret(text),
            at=bot.clock.now(),
            message=name,
        )
    )
    await bot.sender.quiet()
    return {"answers": terminal.take(person)}


async def bring_roster(bot: Bot, file: str, dry_run: bool) -> Answer:
    """Import a roster, or only check it."""
    async with bot.store.read() as session:
        rooms = list((await load_roster(session)).rooms.values())
    try:
        rows = read_roster(Path(file), rooms)
    except RosterError as faults:
        raise Refused("\n".join(faults.faults)) from None
    if dry_run:
        return {"rows": len(rows)}
    new, kept, gone = await bot.store.write(lambda session: put_in_place(session, rows))
    return {"rows": len(rows), "new": new, "kept": kept, "gone": gone}


async def bring_days(bot: Bot, text: str) -> Answer:
    """Import 休/班 days, all or nothing."""
    days, faults = parse_days(text)
    if faults:
        raise Refused("\n".join(faults))
    await bot.store.write(lambda session: set_days(session, days))
    return {"days": len(days)}


class Control:
    """The same three acts over the socket, for one machine's users who may read the data folder."""

    def __init__(self, bot: Bot, terminal: Terminal) -> None:
        self.bot, self.terminal = bot, terminal

    def app(self) -> web.Application:
        app = web.Application(client_max_size=8 << 20)
        app.router.add_post("/{act}", self.do)
        return app

    async def do(self, request: web.Request) -> web.Response:
        body = await request.json()
        try:
            answer = await perform(self.bot, self.terminal, request.match_info["act"], body)
        except Refused as refusal:
            return web.json_response({"refused": str(refusal)})
        return web.json_response(answer)


async def _roster(bot: Bot) -> list[Answer]:
    async with bot.store.read() as session:
        units = (await load_roster(session)).units
    said = f"名单里有{len(units)}个单位" if units else "还没有名单：请运行 shoudao roster import 名单.xlsx"
    return [{"sentence": said, "wrong": not units}]


async def _doors(bot: Bot) -> list[Answer]:
    """What the doors find wrong with themselves."""
    looks = [look for door in bot.doors.channels.values() if (look := getattr(door, "look", None)) is not None]
    return [{"sentence": found.sentence, "wrong": found.wrong} for look in looks for found in await look()]


async def perform(bot: Bot, terminal: Terminal, act: str, body: Answer) -> Answer:
    """Do one act by name, here or on behalf of another process."""
    match act:
        case "say":
            return await say(bot, terminal, body["text"], body["as"], body["room"])
        case "roster":
            return await bring_roster(bot, body["file"], body["dry_run"])
        case "days":
            return await bring_days(bot, body["text"])
        case "journal":
            return await journal_desk.look(bot, body.get("file"))
        case "check":
            return {"running": True, "doors": [*await _roster(bot), *await _doors(bot)]}
    raise Refused(f"服务不认识 {act}，版本可能不同")
