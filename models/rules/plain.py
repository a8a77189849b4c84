"""Outside text in two shapes: `clean` is what may be stored, `plain` is what the readers in this package look at.

Nothing here judges meaning. `clean` only takes away what a database, a terminal or a page must never see; `plain` also
levels width, script and spacing, so that 「收　到」, 「收到」 and a traditional 「收到」 are one word to every reader.
"""

import re
import unicodedata
from functools import cache
from typing import Protocol, cast

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff" + _BIDI + "]")
# Fillers and selectors that show nothing. They go before NFKC: taken out afterwards, they would bring a letter and a
# combining mark together that a second NFKC then joins.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LEVEL = re.compile("[收到已阅知悉好的了 0-9]+")  # what bursts are made of: nothing in it but spaces could be levelled
_PINYIN_IN_BRACKETS = re.compile(
    "(?<=[\u4e00-\u9fff])(?:\\s?\\((?=[^()]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ])[a-zāáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜ ]{1,16}\\))+"
)
_FOUR_PER_EM = "\u2005"  # what the chat client itself puts behind a mention, even where the name holds a space
_LONGEST_NAME = 40
_ANY_MENTION = re.compile(
    rf"\s*[@＠](?:[^\s@＠]{{1,{_LONGEST_NAME}}}?[:：,，]|[^\s@＠:：,，]{{1,{_LONGEST_NAME}}}\s)\s*"
)
_CLIENT_MENTION = re.compile(rf"\s*[@＠][^\n@＠{_FOUR_PER_EM}]{{1,{_LONGEST_NAME}}}{_FOUR_PER_EM}\s*")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _to_simplified() -> _Converter:
    import opencc

    return cast(_Converter, opencc.OpenCC("t2s"))


def clean(text: str) -> str:
    """Give back `text` without the characters that must not be stored.

    Goes: NUL and control characters but newline and tab, lone surrogates, direction overrides, the two non-characters
    that XML refuses. A carriage return becomes the newline that it stands for. All else stays, character for character.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSTORABLE.sub("", text)


def plain(text: str) -> str:
    """Give back `text` levelled for reading: NFKC, simplified script, single spaces, nothing invisible. Idempotent.

    Pinyin that bad converters leave behind a character, 「动(dòng)」, is taken out. Only for reading: what a person
    said is stored as `clean` gives it.
    """
    return " ".join((text if _LEVEL.fullmatch(text) else _levelled(text)).split())


def _levelled(text: str) -> str:
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", clean(text)))
    if "(" in text:
        text = _PINYIN_IN_BRACKETS.sub("", text)
    return _simplified(text)


def _simplified(text: str) -> str:
    # Some characters need a second round (薴 gives 苧, which gives 苎); four are more than any needs.
    for _ in range(4):
        text, before = _to_simplified().convert(text), text
        if text == before:
            break
    return text


@cache
def _mention_of(bot_name: str) -> re.Pattern[str]:
    return re.compile(rf"\s*[@＠]\s*{re.escape(bot_name)}[\s:：,，]*", re.IGNORECASE)


def without_mention(text: str, bot_name: str) -> tuple[bool, str]:
    """Strip the mentions in front of `text`, and one of the bot behind it.

    Gives (was the bot itself mentioned, the words). The bot's own name needs no space behind it; any other mention ends
    at a space or a colon, so 「@所有人：…」 goes and 「@张三收到」, which nobody can cut safely, stays.
    """
    if "@" not in text and "＠" not in text:
        return False, text.strip()
    own = _mention_of(bot_name) if bot_name else None
    addressed = False
    while True:
        found = own.match(text) if own else None
        if found:
            addressed = True
        else:
            found = _CLIENT_MENTION.match(text) or _ANY_MENTION.match(text)
        if not found:
            break
        text = text[found.end() :]
    text = text.strip()
    behind = max(text.rfind("@"), text.rfind("＠"))
    if own and behind >= 0 and own.fullmatch(text, behind):
        return True, text[:behind].rstrip()
    return addressed, text
