"""Callbacks as the platform posts them, ready to go over the wire: encrypted and signed beforehand."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TOKEN, AES_KEY = "bench-token", "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
CORP, AGENT = "ww1234567890abcdef", 1000002
CHAT = "wrMEMBERS"


@dataclass(frozen=True)
class Envelope:
    """What is inside, and to which address it is posted. `receiveid` is empty for the bot."""

    leg: str
    receiveid: str
    message: str

    def wire(self, port: int, at: int) -> bytes:
        encrypted = _encrypt(self.message.encode(), self.receiveid.encode())
        nonce = secrets.token_hex(6)
        parts = sorted((TOKEN, str(at), nonce, encrypted))
        signature = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
        query = urlencode({"msg_signature": signature, "timestamp": at, "nonce": nonce})
        if self.leg == "bot":
            body = json.dumps({"encrypt": encrypted})
        else:
            body = (
                f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
                f"<AgentID><![CDATA[{AGENT}]]></AgentID></xml>"
            )
        head = f"POST /wecom/{self.leg}?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/xml\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def to_app(userid: str, words: str, msgid: int, at: int) -> Envelope:
    """Words said in private to the 自建应用."""
    xml = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{userid}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content>"
        f"<MsgId>{msgid}</MsgId><AgentID>{AGENT}</AgentID></xml>"
    )
    return Envelope("app", CORP, xml)


def press(userid: str, task_id: str, key: str, at: int) -> Envelope:
    """A button of a card of the 自建应用."""
    xml = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{userid}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[template_card_event]]></Event><EventKey><![CDATA[{key}]]></EventKey>"
        f"<TaskId><![CDATA[{task_id}]]></TaskId><CardType><![CDATA[button_interaction]]></CardType>"
        f"<ResponseCode><![CDATA[{secrets.token_hex(8)}]]></ResponseCode><AgentID>{AGENT}</AgentID></xml>"
    )
    return Envelope("app", CORP, xml)


def to_bot(userid: str, words: str, msgid: int, at: int) -> Envelope:
    """Words said in the group to the 智能机器人."""
    body = {
        "msgid": str(msgid),
        "aibotid": "aib-1",
        "chattype": "group",
        "chatid": CHAT,
        "from": {"userid": userid},
        "create_time": at,
        "msgtype": "text",
        "text": {"content": f"@收到助手 {words}"},
    }
    return Envelope("bot", "", json.dumps(body, ensure_ascii=False))


def _encrypt(message: bytes, receiveid: bytes) -> str:
    key = base64.b64decode(AES_KEY + "=")
    plain = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + receiveid
    pad = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()
