"""Payloads of the 智能机器人, by long connection and by callback alike, into `Said`. Never raises for what came.

Shapes: developer.work.weixin.qq.com/document/path/100719 (messages) and 101027 (events), official SDK 1.0.7.
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.channels.wecom.said import Item, Said, SaidKind, dig, digest, ignored, instant, rows
from models.rules.plain import clean

__all__ = ["Said", "SaidKind", "parse_json", "read_bot_payload"]

DEEPEST = 20
_DECODER = json.JSONDecoder(strict=False)
_SPOKEN = {"text": SaidKind.TEXT, "voice": SaidKind.VOICE}
_MEDIA = {"image": SaidKind.IMAGE, "file": SaidKind.FILE, "video": SaidKind.VIDEO}
_CONTROLS = dict.fromkeys(c for c in range(32) if c not in (9, 10, 13))
_ADDRESSES = frozenset({"url", "aeskey", "aes_key", "msgtype"})  # strings in a quote that nobody wrote


def parse_json(text: bytes | str) -> dict[str, object] | None:
    """A JSON object from outside, or None. Control characters are let pass: the service has sent them."""
    try:
        if isinstance(text, bytes):
            text = text.decode()
        found = _DECODER.decode(text if text.isprintable() else text.translate(_CONTROLS))
    except (ValueError, RecursionError):
        return None
    shallow = text.count("{") + text.count("[") <= DEEPEST  # then there is no need to look
    return found if isinstance(found, dict) and (shallow or _depth_fits(found)) else None


def read_bot_payload(body: Mapping[str, object], *, reply_to: str = "", payload: bytes | None = None) -> Said:
    """One message or event of the bot. What is unknown, from nobody, or from a group without a name is `ignored`.

    `reply_to` is the frame's req_id where there is one; `payload` the decrypted bytes, else the body written canonically.
    A group's text keeps its `@BotName `; texts of a mixed message are joined by line ends.
    """
    msgtype, userid = _word(body.get("msgtype")).lower(), _word(dig(body, "from", "userid"))
    in_group = _word(body.get("chattype")).lower() == "group"
    msgid = _word(body.get("msgid"))
    base: dict[str, Any] = {
        "userid": userid,
        "chat": _word(body.get("chatid")) or None,
        "msgid": msgid,
        "at": instant(body.get("create_time")),
        "event": msgtype,
        "response_url": _word(body.get("response_url")),
        "reply_to": reply_to,
        "payload": "" if msgid else digest(_written(body) if payload is None else payload),
    }
    if msgtype == "event":
        return Said(**base | _event(body, known=bool(userid) and userid != "sys"))
    if not userid or userid == "sys":
        return Said(kind=SaidKind.IGNORED, problem="no sender", **base)
    if in_group and base["chat"] is None:
        return Said(kind=SaidKind.IGNORED, problem="group without id", **base)
    if not in_group:
        base["chat"] = None
    return Said(**base | _message(msgtype, body))


def _written(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, sort_keys=True, default=str).encode()


def _message(msgtype: str, body: Mapping[str, object]) -> dict[str, Any]:
    said: dict[str, Any] = {"quote": _quoted(body["quote"]) if "quote" in body else "", "event": ""}
    if msgtype in _SPOKEN:
        return said | {"kind": _SPOKEN[msgtype], "text": _text(dig(body, msgtype, "content"))}
    if msgtype == "mixed":
        text, items = _mixed(body.get("mixed"))
        return said | {"kind": SaidKind.MIXED, "text": text, "items": items}
    if msgtype in _MEDIA:
        return said | {"kind": _MEDIA[msgtype], "items": _items(msgtype, body.get(msgtype))}
    return {"kind": SaidKind.IGNORED, "problem": "unknown msgtype"}


def _event(body: Mapping[str, object], *, known: bool) -> dict[str, Any]:
    event = body.get("event")
    name = _word(dig(event, "eventtype")).lower()
    if name == "disconnected_event":
        return {"kind": SaidKind.DISCONNECTED, "event": name}
    said: dict[str, Any] = {"kind": SaidKind.IGNORED, "event": name}
    if not known:
        return said | {"problem": "no sender"}
    if name == "enter_chat":
        return said | {"kind": SaidKind.ENTER, "chat": None}
    if name != "template_card_event":
        return said | {"problem": "unknown event"}
    # Nested as the official documents and live frames have it; flat as the official Node SDK's types have it.
    inner = dig(event, name)
    key, task_id = (_word(dig(inner, field)) or _word(dig(event, field)) for field in ("event_key", "task_id"))
    if not key:
        return said | {"task_id": task_id, "problem": "click without key"}
    return said | {"kind": SaidKind.CLICK, "key": key, "task_id": task_id}


def _mixed(mixed: object) -> tuple[str, tuple[Item, ...]]:
    texts: list[str] = []
    items: list[Item] = []
    for part in rows(dig(mixed, "msg_item")):
        kind = _word(dig(part, "msgtype")).lower()
        if kind in ("text", "voice"):
            texts.append(_text(dig(part, kind, "content")))
        elif kind in _MEDIA:
            items.extend(_items(kind, dig(part, kind)))
    return "\n".join(text for text in texts if text), tuple(items)


def _items(kind: str, value: object) -> tuple[Item, ...]:
    url, key = _word(dig(value, "url")), _word(dig(value, "aeskey")) or _word(dig(value, "aes_key"))
    return (Item(kind, url=url, aes_key=key),) if url else ()


def _quoted(quote: object) -> str:
    """The words of a quoted message of whatever kind; a case number in a quoted card is found like one in a text."""
    found: list[str] = []
    waiting = [quote]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            waiting.extend(value for name, value in reversed(list(part.items())) if name not in _ADDRESSES)
        elif isinstance(part, list):
            waiting.extend(reversed(part))
        elif isinstance(part, str) and (text := _text(part)):
            found.append(text)
    return "\n".join(found)


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _word(value: object) -> str:
    """An id or a name: trimmed; a number is written out, anything else is nothing."""
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value.strip()  # there is nothing to clean
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return clean(value).strip() if isinstance(value, str) else ""


def _depth_fits(value: object) -> bool:
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [inner for part in level if isinstance(part, dict | list) for inner in _inside(part)]
        if not level:
            return True
    return False


def _inside(part: dict[str, object] | list[object]) -> list[object]:
    return list(part.values()) if isinstance(part, dict) else part


def unreadable(payload: bytes) -> Said:
    """What decrypted well and is no JSON object."""
    return ignored("not json", payload)
