"""Frames of the long connection on their way in. Nobody sends them twice: what cannot be stored yet is kept and tried.

On the disk, sealed with the installation's key, until the database is well again; in memory where there is no disk.
"""

import hashlib
import json
import logging
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot import attachments
from bot.attachments import FileRefused
from bot.channels.wecom.catching_up import CatchingUp, Kept
from bot.channels.wecom.fetching import Fetching
from bot.channels.wecom.intake import Fetch, Intake
from bot.channels.wecom.json_messages import read_bot_payload
from bot.channels.wecom.media import MediaLater, MediaRefused
from bot.channels.wecom.pace import Pace
from bot.channels.wecom.reporting import Reporter
from bot.channels.wecom.said import Item, Said, SaidKind
from bot.channels.wecom.socket import Frame
from bot.media import read_picture
from bot.photos import PhotoRefused
from bot.submitted import Conflict, NotStored
from models.incoming import Attachment, Picture

log = logging.getLogger(__name__)
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")  # which people send as files, lest they be made small
TITLES = {"video": "视频"}
LEG, NONCE = "socket", 12
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 60.0, 120.0)  # five minutes in all, without a disk to keep it on


class Frames:
    """`hear` is given every callback frame, each in a task of its own."""

    def __init__(self, intake: Intake, pace: Pace, reporter: Reporter, spool: CatchingUp, key: bytes) -> None:
        self.intake, self._pace, self._reporter, self._spool = intake, pace, reporter, spool
        self._seal = AESGCM(hashlib.sha256(b"wecom spool" + key).digest())

    async def hear(self, frame: Frame) -> None:
        headers, body = frame.get("headers"), frame.get("body")
        req_id = headers.get("req_id") if isinstance(headers, dict) else None
        if not isinstance(body, dict):
            self.intake.counts["no body"] += 1
            return
        said = read_bot_payload(body, reply_to=req_id if isinstance(req_id, str) else "")
        if await self._stored(said) or await self._kept(frame):
            return
        for pause in PAUSES:
            await self._pace.sleep(pause)
            if await self._stored(said):
                return
        log.error("a message could not be stored in five minutes")
        await self._reporter.unstored()

    async def again(self, kept: Kept) -> None:
        """Do what was kept. Raises what the dispatch raises."""
        nonce, sealed = kept.body[:NONCE], kept.body[NONCE:]
        frame = json.loads(self._seal.decrypt(nonce, sealed, None))
        said = read_bot_payload(frame["body"], reply_to=str(frame["headers"].get("req_id", "")))
        await self.intake.hear(said, late=said.kind is SaidKind.CLICK or said.kind is SaidKind.ENTER)

    async def _stored(self, said: Said) -> bool:
        try:
            await self.intake.hear(said)
        except Conflict:
            log.warning("a message id came again with other content; the first stands")
            self.intake.counts["conflict"] += 1
            await self._reporter.mismatch()
        except NotStored:
            return False
        return True

    async def _kept(self, frame: Frame) -> bool:
        """Sealed, because what is written in private may be a lead."""
        nonce = secrets.token_bytes(NONCE)
        text = json.dumps({"headers": frame["headers"], "body": frame["body"]}).encode()
        try:
            body = nonce + self._seal.encrypt(nonce, text, None)
            await self._spool.keep(Kept(LEG, self.intake.clock.now(), {}, body))
        except OSError as trouble:
            log.warning("a message could not be kept: %s", type(trouble).__name__)
            return False
        return True


def reader(fetching: Fetching) -> Fetch:
    """Pictures cleaned, files looked at; one that cannot be had is left out, with why."""

    async def fetch(said: Said, item: Item) -> Picture | Attachment | str:
        try:
            found = await fetching.fetch(item)
            if item.kind == "image" or found.data.startswith(PICTURES):
                return await read_picture(found.data)
            return await attachments.check(found.data, found.title or TITLES.get(item.kind, ""))
        except (PhotoRefused, FileRefused) as refusal:
            return refusal.reason
        except (MediaRefused, MediaLater) as trouble:
            return str(trouble) or "没有取到，请重新发送"

    return fetch
