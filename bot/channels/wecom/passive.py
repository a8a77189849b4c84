"""What may be answered in the same breath as a callback, before it is encrypted.

Shapes: developer.work.weixin.qq.com/document/path/101031 (智能机器人) and 90241 (自建应用).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wechatpy.work.replies import TextReply

from bot.channels.wecom.cards import TEXT_BYTES, cut_bytes
from bot.channels.wecom.said import Said, SaidKind
from models.rules.plain import clean

_XML_UNSAFE = re.compile(r"]]>|[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class Welcome:
    """A first line to somebody who opened the private chat."""

    text: str


@dataclass(frozen=True)
class CardUpdate:
    """The pressed card as it shall stand now. `userids`: for whom (nobody named: for everybody who sees it).

    An app changes by callback only what the presser sees: the whole card while it has buttons, else `caption` takes
    their place.
    """

    card: Mapping[str, Any]
    caption: str
    userids: tuple[str, ...] = ()


@dataclass(frozen=True)
class CardReply:
    """A card for the group in which somebody spoke."""

    card: Mapping[str, Any]


Answer = Welcome | CardUpdate | CardReply


def bot_answer(said: Said, answer: Answer) -> bytes | None:
    """The bot's answer in JSON; None where the platform would not take it (a welcome fits `enter_chat` only)."""
    body: dict[str, Any]
    if isinstance(answer, Welcome):
        if said.event != "enter_chat":
            return None
        body = {"msgtype": "text", "text": {"content": cut_bytes(answer.text, TEXT_BYTES)}}
    elif isinstance(answer, CardReply):
        body = {"msgtype": "template_card", "template_card": dict(answer.card)}
    else:
        if said.kind is not SaidKind.CLICK:
            return None
        body = {"response_type": "update_template_card", "template_card": dict(answer.card)}
        if answer.userids:
            body["userids"] = list(answer.userids)
    return json.dumps(body, ensure_ascii=False).encode()


def app_answer(said: Said, answer: Answer, corp_id: str, now: int) -> bytes | None:
    """The app's answer in XML: a text by wechatpy's reply, the card with the buttons that are left, or a caption in
    the place of the last."""
    if isinstance(answer, Welcome):
        content = _safe(cut_bytes(answer.text, TEXT_BYTES))
        reply = TextReply(source=corp_id, target=_safe(said.userid), content=content, time=now)
        return str(reply.render()).encode()
    if isinstance(answer, CardReply) or said.kind is not SaidKind.CLICK or not said.task_id:
        return None
    if answer.card.get("button_list"):
        changed = f"{_cdata('MsgType', 'update_template_card')}<TemplateCard>{_card_xml(answer.card)}</TemplateCard>"
    else:
        changed = f"{_cdata('MsgType', 'update_button')}<Button>{_cdata('ReplaceName', answer.caption)}</Button>"
    head = f"{_cdata('ToUserName', said.userid)}{_cdata('FromUserName', corp_id)}<CreateTime>{now}</CreateTime>"
    return f"<xml>{head}{changed}</xml>".encode()


def _card_xml(card: Mapping[str, Any]) -> str:
    """A button card as the app's passive answer writes it. It goes on under the name that it was sent with."""
    parts = [_cdata("CardType", card["card_type"])]
    parts.append(f"<MainTitle>{_cdata('Title', card['main_title']['title'])}</MainTitle>")
    if card.get("sub_title_text"):
        parts.append(_cdata("SubTitleText", card["sub_title_text"]))
    for button in card["button_list"]:
        text, key = _cdata("Text", button["text"]), _cdata("Key", button["key"])
        parts.append(f"<ButtonList>{text}<Style>{int(button['style'])}</Style>{key}</ButtonList>")
    return "".join(parts)


def _cdata(name: str, text: str) -> str:
    return f"<{name}><![CDATA[{_safe(text)}]]></{name}>"


def _safe(text: str) -> str:
    """Nothing that ends a CDATA section or that XML refuses."""
    return _XML_UNSAFE.sub("", clean(text))
