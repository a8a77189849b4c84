"""The same answers, 「收 N」 of every unit to one notice after the other, as each contender's platform posts them."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

from callbacks import UNITS
from envelopes import CORP, TOKEN, Envelope, to_app

COUNT = 25_000
SEAL = re.compile(rb"(signature=|Secret-Token: |sha1=)(\w)")
Wires = Callable[[int], list[bytes]]  # for a server on that port


def people() -> Iterator[tuple[str, int, int]]:
    """Userid, notice and message id."""
    for index in range(COUNT):
        yield f"u{index % UNITS + 1:03}", index // UNITS + 1, index + 1


def wecom(port: int) -> list[bytes]:
    """企业微信: sealed in AES, signed over the cipher."""
    at = int(time.time())
    return [to_app(person, f"收 {notice}", name, at).wire(port, at) for person, notice, name in people()]


def wecom_robot(port: int) -> list[bytes]:
    """The older robot of 企业微信's groups: sealed in the same way."""
    found, at = [], int(time.time())
    for person, notice, name in people():
        xml = (
            f"<xml><WebhookUrl><![CDATA[https://localhost/send?key=1]]></WebhookUrl><ChatId><![CDATA[wr1]]></ChatId>"
            f"<MsgId><![CDATA[{name}]]></MsgId><ChatType><![CDATA[group]]></ChatType><From><UserId><![CDATA[{person}]]>"
            f"</UserId><Name><![CDATA[{person}]]></Name><Alias><![CDATA[{person}]]></Alias></From>"
            f"<MsgType><![CDATA[text]]></MsgType><Text><Content><![CDATA[收 {notice}]]></Content></Text></xml>"
        )
        found.append(Envelope("app", CORP, xml).wire(port, at))
    return found


def official_account(port: int) -> list[bytes]:
    """公众平台: the same, and the address is signed as well."""
    found = []
    for wire in wecom(port):
        line, _, rest = wire.partition(b" HTTP/1.1\r\n")
        query = parse_qs(line.partition(b"?")[2].decode())
        parts = sorted((TOKEN, query["timestamp"][0], query["nonce"][0]))
        signature = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
        found.append(line + f"&signature={signature} HTTP/1.1\r\n".encode() + rest)
    return found


def telegram(port: int) -> list[bytes]:
    """Telegram: in clear, with a shared secret."""
    found, now = [], int(time.time())
    for person, notice, name in people():
        user = {"id": int(person[1:]), "is_bot": False, "first_name": person}
        chat = {"id": int(person[1:]), "type": "private"}
        message = {"message_id": name, "date": now, "chat": chat, "from": user, "text": f"收 {notice}"}
        body = json.dumps({"update_id": name, "message": message}, ensure_ascii=False).encode()
        found.append(_posted(port, "/wecom/app", body, f"X-Telegram-Bot-Api-Secret-Token: {TOKEN}"))
    return found


def onebot(port: int) -> list[bytes]:
    """OneBot: in clear, signed over the body."""
    found, now = [], int(time.time())
    for person, notice, name in people():
        body = json.dumps(
            {
                "time": now, "self_id": 1, "post_type": "message", "message_type": "private",
                "sub_type": "friend", "message_id": name, "user_id": int(person[1:]), "message": f"收 {notice}",
                "raw_message": f"收 {notice}", "font": 0, "sender": {"user_id": int(person[1:]), "nickname": person},
            },
            ensure_ascii=False,
        ).encode()  # fmt: skip
        signature = hmac.new(TOKEN.encode(), body, "sha1").hexdigest()
        found.append(_posted(port, "/onebot/v11/http", body, "X-Self-ID: 1", f"X-Signature: sha1={signature}"))
    return found


DIALECTS: dict[str, Wires] = {
    "wecom": wecom,
    "wecom robot": wecom_robot,
    "official account": official_account,
    "telegram": telegram,
    "onebot": onebot,
}


def forged(wire: bytes) -> bytes:
    """The same by somebody who does not know the token."""
    return SEAL.sub(lambda found: found[1] + (b"0" if found[2] != b"0" else b"1"), wire)


def _posted(port: int, path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
