"""The 智能机器人 by callback address speaks: only in answer, by the one-use address that came with a message.

That address takes plain markdown within an hour, once; in private also a card. What a group gets with a card is the
answer to the callback itself (`card_chances.py`). Source: developer.work.weixin.qq.com/document/path/101138.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from yarl import URL

from bot.channels import Outcome, Outgoing, sent
from bot.channels.wecom import errcodes
from bot.channels.wecom.bot_leg import Unpressed, markdown
from bot.channels.wecom.cards import button_card, fits_card, task_id
from bot.channels.wecom.json_messages import parse_json
from bot.channels.wecom.said import Said
from bot.channels.wecom.windows import private
from bot.clock import Clock
from models import answer_addresses
from models.rules.retrying import Fate
from models.store import Store, unwell

log = logging.getLogger(__name__)
LARGEST_ANSWER = 64 * 1024
NONCE = 12
AN_HOUR = timedelta(seconds=3500)  # a little less than theirs


class ReplyLeg:
    """`api` is the only host that an answer is posted to, whatever the message said."""

    def __init__(
        self,
        api: str,
        http: aiohttp.ClientSession,
        store: Store,
        clock: Clock,
        installation: bytes,
        unpressed: Unpressed,
    ) -> None:
        self._api, self._http, self._store, self._clock = URL(api), http, store, clock
        self._installation, self._unpressed = installation, unpressed
        self._sealing = AESGCM(hashlib.sha256(b"wecom answer address" + installation).digest())

    def address(self, said: Said) -> Mapping[str, Any] | None:
        """The row of `answer_addresses` for this message; None where it brought no address of the platform."""
        try:
            ours = bool(said.response_url) and URL(said.response_url).origin() == self._api.origin()
        except ValueError:
            ours = False
        if not ours:
            return None
        nonce, name = secrets.token_bytes(NONCE), said.external_id
        sealed = nonce + self._sealing.encrypt(nonce, said.response_url.encode(), name.encode())
        place = self._hidden(said.chat or private(said.userid))
        return {"message": name, "place": place, "sealed": sealed, "until": self._clock.now() + AN_HOUR}

    async def say(self, message: Outgoing, place: str) -> Outcome | None:
        """In answer to what it quotes, else to what was last said in this place; None where nothing may be answered."""
        async with self._store.read() as session:
            row = await answer_addresses.find(session, message.quote, self._hidden(place), self._clock.now())
        if row is None:
            return None
        nonce, sealed = row.sealed[:NONCE], row.sealed[NONCE:]
        address = URL(self._sealing.decrypt(nonce, sealed, row.message.encode()).decode())
        outcome = await self._say(address, message)
        if outcome.fate is not Fate.LATER:  # used up; only now, for a crash before it was used must leave it
            await self._forget(row.message)
        return outcome

    async def _forget(self, message: str) -> None:
        """What became of the answer is known whether or not this can be written: the platform refuses a used address."""
        try:
            await self._store.write(lambda session: answer_addresses.forget(session, [message]))
        except Exception as trouble:
            if not unwell(trouble):
                raise
            log.error("a used answer address stays until it lapses: %s", type(trouble).__name__)

    def _hidden(self, place: str) -> str:
        return hashlib.blake2b(place.encode(), key=self._installation, digest_size=16).hexdigest()

    async def _say(self, address: URL, message: Outgoing) -> Outcome:
        if message.room is not None or not message.buttons:
            return await self._post(address, markdown(message.body))
        words = markdown(message.body + self._unpressed(message.buttons))
        if not fits_card(message.body, message.buttons):
            return await self._post(address, words)
        card = button_card(message.body, message.buttons, task_id(message.id, self._installation))
        outcome = await self._post(address, {"msgtype": "template_card", "template_card": card})
        if outcome.fate is Fate.REFUSED:  # whether a refusal uses the address up, nobody says
            return await self._post(address, words)
        return replace(outcome, provider_id=card["task_id"]) if outcome.fate is Fate.SENT else outcome

    async def _post(self, address: URL, body: Mapping[str, Any]) -> Outcome:
        try:
            async with self._http.post(address, json=body, allow_redirects=False) as response:
                early = errcodes.from_status(response.status)
                if early is not None:
                    return early
                answer = parse_json(await response.content.read(LARGEST_ANSWER))
        except (aiohttp.ClientError, OSError, TimeoutError) as trouble:
            return errcodes.failure(trouble)
        errcode = answer.get("errcode") if answer is not None else None
        return sent("answer") if errcode == 0 else errcodes.outcome(errcode)
