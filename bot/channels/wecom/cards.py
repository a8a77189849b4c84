"""Cards with buttons, and text cut to what the platform takes.

Sizes: developer.work.weixin.qq.com/document/path/101032 and the official SDK. The platform counts bytes for texts
(2048 of a message) and roughly characters on cards; a Chinese character is 3 bytes.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

Card = dict[str, Any]
TEXT_BYTES, MARKDOWN_BYTES = 2048, 20480
TITLE, SUBTITLE, BUTTON, BUTTONS, KEY_BYTES = 26, 112, 10, 6, 1024
_TASK = re.compile(r"(?P<mark>[0-9a-f]{8})-(?P<id>[0-9]{1,19})")
_MENTION = re.compile(r"<@[^<>]*>")


def button_card(body: str, buttons: Sequence[Mapping[str, str]], task_id: str, *, replaced: str = "") -> Card:
    """A `button_interaction` card: the first line of `body` is its title, the rest its text, each cut to its size.

    `buttons` hold `key` and `text`. `replaced` stands in the place of the buttons, grey, once nobody need press them.
    """
    head, _, rest = body.strip().partition("\n")
    title, subtitle = cut_chars(head, TITLE), rest.strip()
    if title != head:  # a long first line is not lost: it opens the text
        subtitle = f"{head}\n{subtitle}".strip()
    card: Card = {
        "card_type": "button_interaction",
        "main_title": {"title": title},
        "task_id": task_id,
        "button_list": [_button(button, first=n == 0) for n, button in enumerate(buttons[:BUTTONS])],
    }
    if subtitle:
        card["sub_title_text"] = cut_chars(subtitle, SUBTITLE)
    if replaced:
        card["replace_text"] = cut_chars(replaced, BUTTON)
    return card


def _button(button: Mapping[str, str], *, first: bool) -> Card:
    return {"text": cut_chars(button["text"], BUTTON), "style": 1 if first else 2, "key": button["key"]}


def fits_card(body: str, buttons: Sequence[Mapping[str, str]]) -> bool:
    """Whether a card can show all of it. What cannot is better sent as text, which says how to answer."""
    head, _, rest = body.strip().partition("\n")
    shown = rest.strip() if len(head) <= TITLE else f"{head}\n{rest}".strip()
    keys_fit = all(len(button["key"].encode()) <= KEY_BYTES for button in buttons)
    return len(shown) <= SUBTITLE and 0 < len(buttons) <= BUTTONS and keys_fit


def task_id(message_id: int, installation: bytes) -> str:
    """The name of the card made of one outbox row; of its own for each installation, since none may be used twice."""
    return f"{_mark(installation)}-{message_id}"


def message_of(name: str, installation: bytes) -> int | None:
    """The outbox row that a card's name stands for; None for a card of another installation."""
    found = _TASK.fullmatch(name)
    return int(found["id"]) if found is not None and found["mark"] == _mark(installation) else None


def _mark(installation: bytes) -> str:
    return hashlib.sha256(b"wecom task id" + installation).hexdigest()[:8]


def cut_chars(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def cut_bytes(text: str, limit: int = TEXT_BYTES, ending: str = "…") -> str:
    """Shorten to `limit` bytes of UTF-8: never inside a character, never inside a mention `<@userid>`."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= limit:
        return whole.decode()
    tail = ending.encode()
    kept = whole[: max(limit - len(tail), 0)].decode("utf-8", "ignore")
    for mention in _MENTION.finditer(text):
        if mention.start() < len(kept) < mention.end():
            kept = kept[: mention.start()]
    return kept.rstrip() + ending if len(tail) <= limit else kept
