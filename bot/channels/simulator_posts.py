"""The simulator's door from outside: what a person posts and presses, checked before anything is done."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import uuid4

from bot.channels.simulator import BOT, NAME, Message, Simulator
from bot.channels.simulator_people import Residents
from bot.channels.simulator_shapes import is_blank, read_client_id, read_id, read_images, read_pictures, read_text
from bot.clock import Clock
from bot.dispatch import Dispatch
from bot.faults import Fault
from bot.submitted import Conflict, NotStored, Stored
from bot.surroundings import Around
from models import inbox
from models.incoming import Incoming
from models.roster import Member, Roster
from models.rules.plain import without_mention
from models.sealing import Secret
from models.store import Store


class Posts:
    """Turns checked calls into `Incoming`, and waits for the commit."""

    def __init__(
        self, simulator: Simulator, dispatch: Dispatch, store: Store, around: Around, clock: Clock, key: bytes
    ) -> None:
        self.simulator, self.dispatch, self.store, self.around, self.clock = simulator, dispatch, store, around, clock
        self.people = Residents(store, around)
        self._key = key

    async def roster(self) -> Roster:
        return await self.people.fresh()

    async def message(self, body: dict[str, Any]) -> dict[str, Any]:
        """Post one message; the same client id again gives the same answer and has no second effect."""
        room, asked = body.get("room"), body.get("quote")
        member = await self.people.member(body.get("from"), room)
        text, client_id = read_text(body.get("text")), read_client_id(body.get("id"))
        images = read_images(body.get("images"))
        if not images and is_blank(text):
            raise Fault(400, "空消息：请写点什么或附上图片")
        quote = read_id(asked, "quote") if asked is not None else None
        external_id = self._external_id(member.id, client_id)
        digest = self._digest(room, text, quote, images)
        quoted = ""
        if quote is not None:
            try:
                quoted = await self._quoted(quote, member, room)
            except Fault:
                return await self._answered(external_id, digest)
        pictures = await read_pictures(images) if images else ()
        with self.simulator.an_id() as number:
            now = self.clock.now()
            incoming = Incoming(
                channel=NAME,
                external_id=external_id,
                person=member.id,
                room=room,
                words=Secret(text),
                at=now,
                message=str(number),
                quote=None if quote is None else str(quote),
                quoted_words=quoted,
                pictures=pictures,
                heard=room is None or self._hears(text, quoted),
                payload_hash=digest,
            )
            stored = await self._submit(incoming)
            if stored.fresh:
                names = tuple(p.name for p in pictures)
                shown = Message(number, member.id, room, text, now, quote=quote, images=names)
                self.simulator.heard(shown, pictures)
        return self._answer(stored.message, stored.at)

    async def click(self, body: dict[str, Any]) -> dict[str, Any]:
        """Press a button of one of the bot's messages that this person can see."""
        member = await self.people.member(body.get("from"))
        target, key = read_id(body.get("message"), "message"), body.get("key")
        if not isinstance(key, str):
            raise Fault(400, "key 应是按钮的 key（文字）")
        message = await self.simulator.bots(target) if target else None
        if message is None or not self._sees(member, message):
            raise Fault(404, "没有这条消息")
        # A finger may be quicker than the edit that takes a used button away.
        buttons = message.buttons if message.room is not None else await self.simulator.once_had(target or 0)
        if not any(button["key"] == key for button in buttons):
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
            stored = await self._submit(incoming)
        return self._answer(stored.message, stored.at)

    async def _submit(self, incoming: Incoming) -> Stored:
        try:
            return await self.dispatch.submit(incoming)
        except Conflict:
            raise Fault(409, "这个编号已用于另一条消息，先前的一条有效") from None
        except NotStored:
            raise Fault(503, "数据库暂时存不下，这条没有存下，请稍后再发") from None

    def _sees(self, member: Member, message: Message) -> bool:
        if message.room is not None:
            return self.people.in_room(member.id, message.room)
        return self.simulator.is_to(message, member.id)

    async def _quoted(self, quote: int, member: Member, room: str | None) -> str:
        """The quoted message's text if it is the bot's. It must stand where the answer is posted: raises Fault 404."""
        message = None
        if quote:
            message = await self.simulator.bots(quote) or await self.simulator.peoples(member.id, quote)
        if message is None or message.room != room or not self._sees(member, message):
            raise Fault(404, "引用的消息不存在")
        return message.text if message.author == BOT else ""

    async def _answered(self, external_id: str, digest: str) -> dict[str, Any]:
        """The answer to a message that came before, though what it quotes is gone since: private words are forgotten
        at a restart. Raises Fault."""
        async with self.store.read() as session:
            row = (await inbox.seen(session, NAME, [external_id])).get(external_id)
        if row is None:
            raise Fault(404, "引用的消息不存在")
        if row.payload_hash != digest:
            raise Fault(409, "这个编号已用于另一条消息，先前的一条有效")
        return self._answer(row.message, row.at)

    def _external_id(self, person: str, client_id: str) -> str:
        """One name per person and client id, which does not say whose: the message may be a lead."""
        if not client_id:
            return uuid4().hex
        return hashlib.blake2b(f"{person}\n{client_id}".encode(), key=self._key, digest_size=16).hexdigest()

    def _hears(self, text: str, quoted: str) -> bool:
        """A narrowed door hears, of what is said in a room, only what begins with the bot's name or quotes the bot."""
        return self.simulator.abilities.hears_all or bool(quoted) or without_mention(text, self.around.office.bot)[0]

    def _digest(self, room: object, text: str, quote: int | None, images: list[bytes]) -> str:
        """Tells one content from another without telling either: keyed, for the text may be a lead."""
        digest = hashlib.blake2b(repr((room, text, quote)).encode(), key=self._key)
        for image in images:
            digest.update(hashlib.sha256(image).digest())
        return digest.hexdigest()[:32]

    def _answer(self, message: str, at: datetime) -> dict[str, Any]:
        return {"id": int(message), "time": at.astimezone(self.around.office.zone).isoformat(timespec="seconds")}
