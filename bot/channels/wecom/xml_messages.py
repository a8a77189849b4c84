"""Messages and events of the 自建应用 (XML) into `Said`. Never raises for what came.

Shapes: developer.work.weixin.qq.com/document/path/90239 (messages) and 90240 (events). The kinds that come by the
hundred are flat and read by one pattern; the rest by wechatpy's parser. The tests hold both to the same answer.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from wechatpy.work.parser import parse_message

from bot.channels.wecom.said import Item, Said, SaidKind, digest, ignored, instant
from models.rules.plain import clean

DEEPEST = 20
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_ENCRYPT = re.compile(
    rb"<Encrypt>[ \t\r\n]*(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))[ \t\r\n]*</Encrypt>"
)
_ELEMENTS = rb"(?:<(?!Encrypt)[A-Za-z]+><!\[CDATA\[[^<]*</[A-Za-z]+>[ \t\r\n]*)*"
_ENVELOPE = re.compile(
    rb"<xml>[ \t\r\n]*%b<Encrypt><!\[CDATA\[([^<]+)\]\]></Encrypt>[ \t\r\n]*%b</xml>[ \t\r\n]*" % (_ELEMENTS, _ELEMENTS)
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_S = "[ \t\r\n]*"
_OPENING, _CLOSING = re.compile(f"{_S}<xml>"), re.compile(f"{_S}</xml>{_S}")
# Plain content with an entity, an attribute, a comment or a nested element does not match: those go the long way.
_FIELD = re.compile(f"{_S}<([A-Za-z_][A-Za-z0-9_]*)>{_S}(?:<!\\[CDATA\\[(.*?)\\]\\]>|([^<&]*)){_S}</\\1>", re.DOTALL)
_TEXT = re.compile(
    f"{_S}<xml>{_S}<ToUserName><!\\[CDATA\\[[^\\]]*\\]\\]></ToUserName>"
    f"{_S}<FromUserName><!\\[CDATA\\[(?!sys\\])([0-9A-Za-z_.@-]+)\\]\\]></FromUserName>"
    f"{_S}<CreateTime>([0-9]+)</CreateTime>{_S}<MsgType><!\\[CDATA\\[text\\]\\]></MsgType>"
    f"{_S}<Content><!\\[CDATA\\[([^\\]]*)\\]\\]></Content>{_S}<MsgId>([0-9]+)</MsgId>"
    f"{_S}<AgentID>[0-9]+</AgentID>{_S}</xml>{_S}"
)
_CDATA, _TAG = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL), re.compile(r"<(/?)[^<>]*?(/?)>")
_ENTER = frozenset({"enter_agent", "subscribe"})
_CLICKS = frozenset({"template_card_event", "taskcard_click", "click"})
_MEDIA = {"image": SaidKind.IMAGE, "voice": SaidKind.VOICE, "video": SaidKind.VIDEO, "file": SaidKind.FILE}


def encrypted(xml: bytes) -> str | None:
    """The encrypted part of an outer document that declares nothing; None where there is not exactly one."""
    usual = _ENVELOPE.fullmatch(xml)
    if usual is not None and not usual[1].translate(None, _BASE64):  # as the platform writes all of them
        return usual[1].decode()
    return None if declares(xml) else encrypted_part(xml)


def declares(xml: bytes) -> bool:
    """Whether there is a DOCTYPE or ENTITY, which the platform never writes and which no parser should see."""
    return b"<!" in xml and _DECLARATION.search(xml) is not None


def encrypted_part(xml: bytes) -> str | None:
    """The one `Encrypt` element of the outer document; None where there is none, or more than one."""
    if xml.count(b"<Encrypt") != 1:
        return None
    found = _ENCRYPT.search(xml)
    return (found[1] or found[2]).decode() if found is not None else None


def read_app_xml(xml: bytes) -> Said:
    """One message or event of the app. What is unknown, unreadable or from nobody is `ignored`."""
    try:
        text = xml.decode()
    except UnicodeDecodeError:
        return ignored("not utf-8", xml)
    usual = _TEXT.fullmatch(text)
    if usual is not None:  # words as almost all of them come
        userid, at, words, msgid = usual.groups()
        return Said(kind=SaidKind.TEXT, userid=userid, msgid=msgid, at=instant(at), text=clean(words).strip())
    text = clean(text)
    fields: Mapping[str, object] | None = flat_fields(text) or _long_way(text)
    return _said(fields, xml) if fields is not None else ignored("not xml", xml)


def flat_fields(text: str) -> dict[str, object] | None:
    """The fields of a document without nesting, as wechatpy would read them; None where it is not that simple."""
    opening = _OPENING.match(text)
    if opening is None:
        return None
    fields: dict[str, object] = {}
    at = opening.end()
    while (found := _FIELD.match(text, at)) is not None:
        if found[1] in fields:
            return None
        words = found[2] if found[2] is not None else found[3]
        if "]]>" in words:  # the pattern ran over the end of one element into another
            return None
        fields[found[1]] = words.strip() or None
        at = found.end()
    return fields if _CLOSING.fullmatch(text, at) is not None else None


def _long_way(text: str) -> Mapping[str, object] | None:
    markup = _CDATA.sub("", text)  # what people wrote may well hold a 「<!DOCTYPE」
    if declares(markup.encode()) or not _depth_fits(markup):
        return None
    try:  # nine kinds of exception escape from it, OSError among them
        message = parse_message(text)
        return cast("Mapping[str, object] | None", getattr(message, "_data", None))
    except Exception:
        return None


def _depth_fits(markup: str) -> bool:
    depth = 0
    for tag in _TAG.finditer(markup):
        depth += 0 if tag[2] else -1 if tag[1] else 1
        if depth > DEEPEST:
            return False
    return True


def _said(fields: Mapping[str, object], xml: bytes) -> Said:
    msgtype, userid, msgid = _word(fields, "MsgType").lower(), _word(fields, "FromUserName"), _word(fields, "MsgId")
    base: dict[str, Any] = {
        "userid": userid,
        "msgid": msgid,
        "at": instant(_word(fields, "CreateTime")),
        "payload": "" if msgid else digest(xml),
    }
    if not userid or userid == "sys":
        return Said(kind=SaidKind.IGNORED, event=msgtype, problem="no sender", **base)
    if msgtype == "event":
        return Said(**base | _event(fields))
    if msgtype == "text":
        return Said(kind=SaidKind.TEXT, text=_word(fields, "Content"), **base)
    if msgtype in _MEDIA:
        media_id = _word(fields, "MediaId")
        items = (Item(msgtype, media_id=media_id),) if media_id else ()
        return Said(kind=_MEDIA[msgtype], items=items, text=_word(fields, "Recognition"), **base)
    return Said(kind=SaidKind.IGNORED, event=msgtype, problem="unknown msgtype", **base)


def _event(fields: Mapping[str, object]) -> dict[str, Any]:
    name, key = _word(fields, "Event").lower(), _word(fields, "EventKey")
    said: dict[str, Any] = {"kind": SaidKind.IGNORED, "event": name}
    if name in _ENTER:
        return said | {"kind": SaidKind.ENTER}
    if name not in _CLICKS:
        return said | {"problem": "unknown event"}
    task_id, response_code = _word(fields, "TaskId"), _word(fields, "ResponseCode")
    if not key:
        return said | {"task_id": task_id, "problem": "click without key"}
    return said | {"kind": SaidKind.CLICK, "key": key, "task_id": task_id, "response_code": response_code}


def _word(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
