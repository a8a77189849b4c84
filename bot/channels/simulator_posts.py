"""The simulator's door from outside: what a person posts, presses and asks to see, checked before anything is done."""

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bot.channels.simulator import BOT, NAME, Message, Simulator
from bot.clock import Clock
from bot.dispatch import Conflict, Dispatch
from bot.faults import Fault
from bot.media import read_picture
from bot.photos import LARGEST, PhotoRefused
from bot.surroundings import Around
from models.incoming import Incoming, Picture
from models.roster import Member, Roster
from models.rules.plain import clean, without_mention
from models.sealing import Secret
from models.store import Store

LONGEST_TEXT, MOST_IMAGES, LONGEST_ID = 20_000, 9, 200


class Posts:
    """Turns checked calls into `Incoming`, and waits for the commit."""

    def __init__(
        self, simulator: Simulator, dispatch: Dispatch, store: Store, around: Around, clock: Clock, key: bytes
    ) -> None:
        self.simulator, self.dispatch, self.store, self.around, self.clock = simulator, dispatch, store, around, clock
        self._key = key

    async def roster(self) -> Roster:
        async with self.store.read() as session:
            return (await self.around.load(session)).roster

    async def member(self, person: object, room: object = None) -> tuple[Roster, Member]:
        """Who this is, if they exist and are in the room."""
        roster = await self.roster()
        if not isinstance(person, str):
            raise Fault(400, "缺少人员编号（from 或 as，文字）")
        if person == BOT:
            raise Fault(403, "不能以机器人的身份发言")
        member = roster.people.get(person)
        if member is None:
            raise Fault(404, "没有这个人")
        if room is None:
            return roster, member
        if not isinstance(room, str):
            raise Fault(400, "room 应是群编号，或 null（私聊）")
        if room not in roster.rooms:
            raise Fault(404, "没有这个群")
        if not any(p.id == member.id for p in roster.people_of_room(room)):
            raise Fault(403, "您不在这个群里")
        return roster, member

    async def message(self, body: dict[str, Any]) -> dict[str, Any]:
        """Post one message; the same client id again gives the same answer and has no second effect."""
        room = body.get("room")
        _, member = await self.member(body.get("from"), room)
        text, client_id = _text(body.get("text", "")), _client_id(body.get("id"))
        images = _images(body.get("images", []))
        if not text.strip() and not images:
            raise Fault(400, "空消息：请写点什么或附上图片")
        digest = self._digest(room, text, body.get("quote"), images)
        quote, quoted = await self._quoted(body.get("quote"), member, room)
        pictures = tuple([await _picture(data) for data in images])
        with self.simulator.an_id() as number:
            incoming = Incoming(
                channel=NAME,
                external_id=f"{member.id}:{client_id or uuid4()}",
                person=member.id,
                room=room,
                words=Secret(text),
                at=self.clock.now(),
                message=str(number),
                quote=quote,
                quoted_words=quoted,
                pictures=pictures,
                heard=self._hears(room, text, quote, quoted),
                payload_hash=digest,
            )
            try:
                stored = await self.dispatch.submit(incoming)
            except Conflict:
                raise Fault(409, "这个编号已用于另一条消息，先前的一条有效") from None
        if stored.fresh:
            await self._show(incoming, text, number)
        return self._answer(stored.message, stored.at)

    async def click(self, body: dict[str, Any]) -> dict[str, Any]:
        """Press a button of one of the bot's messages that this person can see."""
        target, key = body.get("message"), body.get("key")
        if not isinstance(target, int) or isinstance(target, bool) or not isinstance(key, str):
            raise Fault(400, "message 应是消息编号（整数），key 应是按钮的 key（文字）")
        _, member = await self.member(body.get("from"))
        message = await self.simulator.bots(target) if 0 < target < 2**53 else None
        if message is None or not await self.sees(member, message):
            raise Fault(404, "没有这条消息")
        if not any(button["key"] == key for button in message.buttons):
            raise Fault(404, "这条消息没有这个按钮（可能已更新）")
        with self.simulator.an_id() as number:
            incoming = Incoming(
                channel=NAME,
                external_id=f"click:{uuid4()}",
                person=member.id,
                room=message.room,
                words=Secret(""),
                at=self.clock.now(),
                message=str(number),
                key=key,
                target=str(target),
            )
            stored = await self.dispatch.submit(incoming)
        return self._answer(stored.message, stored.at)

    async def sees(self, member: Member, message: Message) -> bool:
        if message.room is not None:
            return any(p.id == member.id for p in (await self.roster()).people_of_room(message.room))
        return any(m.id == message.id for m in await self.simulator.listing(member.id, None, message.id - 1))

    async def _quoted(self, quote: object, member: Member, room: str | None) -> tuple[str | None, str]:
        """The quoted message's id and text; it must stand where the answer is posted."""
        if quote is None:
            return None, ""
        if not isinstance(quote, int) or isinstance(quote, bool):
            raise Fault(400, "quote 应是消息编号（整数）或 null")
        message = None
        if 0 < quote < 2**53:
            message = await self.simulator.bots(quote) or await self.simulator.peoples(member.id, quote)
        if message is None or message.room != room or (room is None and not await self.sees(member, message)):
            raise Fault(404, "引用的消息不存在")
        return str(quote), message.text if message.author == BOT else ""

    def _hears(self, room: str | None, text: str, quote: str | None, quoted: str) -> bool:
        """A narrowed door hears only what is private, begins with the bot's name, or quotes the bot."""
        if room is None or self.simulator.abilities.hears_all:
            return True
        return bool(quoted) or without_mention(text, self.around.office.bot)[0]

    async def _show(self, incoming: Incoming, text: str, number: int) -> None:
        if incoming.room is None:
            for picture in incoming.pictures:
                self.simulator.pictures[picture.name] = picture
            shown = Message(
                number,
                incoming.person,
                None,
                text,
                incoming.at,
                quote=int(incoming.quote) if incoming.quote else None,
                images=tuple(p.name for p in incoming.pictures),
            )
        else:  # as it was kept: a lead typed in a room is not
            after = await self.simulator.listing(incoming.person, incoming.room, number - 1)
            found = next((m for m in after if m.id == number), None)
            if found is None:
                return
            shown = found
        self.simulator.heard(shown, incoming.person)

    def _digest(self, room: object, text: str, quote: object, images: list[bytes]) -> str:
        """Tells one content from another without telling either: keyed, for the text may be a lead."""
        digest = hashlib.blake2b(repr((room, text, quote)).encode("utf-8", "surrogatepass"), key=self._key)
        for image in images:
            digest.update(hashlib.sha256(image).digest())
        return digest.hexdigest()[:32]

    def _answer(self, message: str, at: datetime) -> dict[str, Any]:
        return {"id": int(message), "time": at.astimezone(self.around.office.zone).isoformat(timespec="seconds")}


def _text(text: object) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Fault(400, "text 应是文字")
    if len(text) > LONGEST_TEXT:
        raise Fault(413, f"一条消息最多{LONGEST_TEXT}字，这条有{len(text)}字")
    return clean(text)


def _client_id(client_id: object) -> str:
    if client_id is None:
        return ""
    if not isinstance(client_id, str) or not 0 < len(client_id) <= LONGEST_ID:
        raise Fault(400, f"id 应是1到{LONGEST_ID}字的文字")
    return clean(client_id)


def _images(images: object) -> list[bytes]:
    if images is None:
        return []
    if not isinstance(images, list) or not all(isinstance(one, str) for one in images):
        raise Fault(400, "images 应是 base64 文字的列表")
    if len(images) > MOST_IMAGES:
        raise Fault(413, f"一次最多{MOST_IMAGES}张图片")
    found = []
    for one in images:
        head, comma, rest = one.partition(",") if one.startswith("data:") else ("", "", one)
        data = rest if comma or not head else one
        if len(data) > LARGEST * 4 // 3 + 8:
            raise Fault(413, "图片超过10MB，请压缩后再发")
        try:
            found.append(base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError):
            raise Fault(400, "图片不是有效的 base64") from None
    return found


async def _picture(data: bytes) -> Picture:
    if len(data) > LARGEST:
        raise Fault(413, "图片超过10MB，请压缩后再发")
    try:
        return await read_picture(data)
    except PhotoRefused as refusal:
        raise Fault(400, refusal.reason) from None


def read_instant(text: object) -> datetime:
    """An ISO 8601 instant with its offset."""
    if not isinstance(text, str):
        raise Fault(400, "时间应写成带时区的 ISO 8601，如 2026-11-19T08:00+08:00")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(400, "时间应写成带时区的 ISO 8601，如 2026-11-19T08:00+08:00") from None
    if at.tzinfo is None:
        raise Fault(400, "时间没有写时区，如 +08:00")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Fault(400, "时间超出范围") from None
