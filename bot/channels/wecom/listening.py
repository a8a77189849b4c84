"""Frames of the long connection on their way in. Nobody sends them twice: what cannot be stored yet is kept and tried."""

import logging

from bot.channels.wecom.fetching import Fetching
from bot.channels.wecom.intake import Fetch, Intake
from bot.channels.wecom.json_messages import read_bot_payload
from bot.channels.wecom.media import MediaLater, MediaRefused
from bot.channels.wecom.pace import Pace
from bot.channels.wecom.reporting import Reporter
from bot.channels.wecom.said import Item, Said
from bot.channels.wecom.socket import Frame
from bot.dispatch import Conflict, NotStored
from bot.media import read_picture
from bot.photos import PhotoRefused
from models.incoming import Picture

log = logging.getLogger(__name__)
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 60.0, 120.0)  # five minutes in all


class Frames:
    """`hear` is given every callback frame, each in a task of its own."""

    def __init__(self, intake: Intake, pace: Pace, reporter: Reporter) -> None:
        self.intake, self._pace, self._reporter = intake, pace, reporter

    async def hear(self, frame: Frame) -> None:
        headers, body = frame.get("headers"), frame.get("body")
        req_id = headers.get("req_id") if isinstance(headers, dict) else None
        if not isinstance(body, dict):
            self.intake.counts["no body"] += 1
            return
        said = read_bot_payload(body, reply_to=req_id if isinstance(req_id, str) else "")
        for pause in (*PAUSES, None):
            try:
                await self.intake.hear(said)
                return
            except Conflict:
                log.warning("a message id came again with other content; the first stands")
                self.intake.counts["conflict"] += 1
                return
            except NotStored as trouble:
                if pause is None:
                    log.error("a message could not be stored in five minutes: %s", trouble)
                    await self._reporter.unstored()
                    return
                await self._pace.sleep(pause)


def reader(fetching: Fetching) -> Fetch:
    """Pictures cleaned; one that cannot be had is left out, with why."""

    async def fetch(said: Said, item: Item) -> Picture | str:
        try:
            return await read_picture(await fetching.fetch(item))
        except PhotoRefused as refusal:
            return refusal.reason
        except (MediaRefused, MediaLater) as trouble:
            return str(trouble) or "图片没有取到，请重新发送"

    return fetch
