"""The two ways of writing one envelope: JSON for the 智能机器人, XML for the 自建应用."""

import json
from typing import Protocol

from aiohttp import web

from bot.channels.wecom import json_messages, xml_messages
from bot.channels.wecom.crypto import Sealed
from bot.channels.wecom.passive import Answer, app_answer, bot_answer
from bot.channels.wecom.said import Said


class Leg(Protocol):
    """The two ways of writing the same envelope."""

    name: str

    def encrypted(self, body: bytes) -> str | None: ...

    def read(self, message: bytes) -> Said: ...

    def write(self, sealed: Sealed) -> web.Response: ...

    def answer(self, said: Said, answer: Answer, now: int) -> bytes | None: ...


class BotLeg:
    """JSON in, JSON out; receiveid is empty."""

    name = "bot"

    def encrypted(self, body: bytes) -> str | None:
        outer = json_messages.parse_json(body)
        encrypt = outer.get("encrypt") if outer is not None else None
        return encrypt if isinstance(encrypt, str) else None

    def read(self, message: bytes) -> Said:
        body = json_messages.parse_json(message)
        if body is None:
            return json_messages.unreadable(message)
        return json_messages.read_bot_payload(body, payload=message)

    def write(self, sealed: Sealed) -> web.Response:
        parts = {
            "encrypt": sealed.encrypt,
            "msgsignature": sealed.signature,
            "timestamp": int(sealed.timestamp),
            "nonce": sealed.nonce,
        }
        return web.Response(text=json.dumps(parts), content_type="text/plain")

    def answer(self, said: Said, answer: Answer, now: int) -> bytes | None:
        return bot_answer(said, answer)


class AppLeg:
    """XML in, XML out; receiveid is the corp id."""

    name = "app"

    def __init__(self, corp_id: str) -> None:
        self.corp_id = corp_id

    def encrypted(self, body: bytes) -> str | None:
        return xml_messages.encrypted(body)

    def read(self, message: bytes) -> Said:
        return xml_messages.read_app_xml(message)

    def write(self, sealed: Sealed) -> web.Response:
        text = (
            f"<xml><Encrypt><![CDATA[{sealed.encrypt}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{sealed.signature}]]></MsgSignature>"
            f"<TimeStamp>{sealed.timestamp}</TimeStamp><Nonce><![CDATA[{sealed.nonce}]]></Nonce></xml>"
        )
        return web.Response(text=text, content_type="application/xml")

    def answer(self, said: Said, answer: Answer, now: int) -> bytes | None:
        return app_answer(said, answer, self.corp_id, now)
