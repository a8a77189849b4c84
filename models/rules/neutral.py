"""Two layers against what a person might smuggle into our own words: mentions, links, markup, templates.

`neutralise` is applied to every outside string on its way into a sentence; `undeclared_mentions` looks at the finished
payload, whatever it was made of. Neither relies on the other.

WeCom reads `<@userid>` inside the text of text and markdown messages, and public code sends `<@all>` the same way
(developer.work.weixin.qq.com/document/path/91770), so the sign itself is made harmless, not only known names.
"""

import json
import re
from collections.abc import Collection, Iterator

from models.rules.plain import clean

# One character for one, so that cutting before or after gives the same, and full width, so that it still reads.
_FULL_WIDTH = str.maketrans("<>@`[]#{}&|﹤﹥﹫﹟", "＜＞＠｀［］＃｛｝＆｜＜＞＠＃")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("[\u2028\u2029]")
# A dot or colon stays narrow only inside one decimal number or clock time, dots in a row behind a Chinese character.
# At the edge of a string it goes too: 「evil.」 and 「com」 may be put side by side by a template.
_DOT = re.compile(r"(?<![\d.])(?P<decimal>[0-9]+\.[0-9]+)(?![0-9.])|(?<=[^\x00-\x7f])(?P<row>\.{2,})|\.")
_COLON = re.compile(r"(?<=[0-9]):(?=[0-9])|:")


class Neutral(str):
    """Our own words, put together of what was neutralised already: not gone over again for each of a thousand units."""

    __slots__ = ()


def neutralise(text: str, *, one_line: bool = False, limit: int | None = None) -> str:
    """Make an outside string safe to stand inside our own sentence, table or card, in any company.

    `one_line` turns line ends into spaces; `limit` is the greatest length in characters, the last being 「…」 when
    something was cut. Idempotent. Formulas and file paths are the business of whoever writes a workbook or a file.
    """
    if type(text) is Neutral and not one_line and limit is None:
        return text
    text = _LINE_ENDS.sub("\n", _INVISIBLE.sub("", clean(text)))
    if one_line:
        text = " ".join(text.split())
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)].rstrip() + "…" if limit > 0 else ""
    text = text.translate(_FULL_WIDTH)
    text = _DOT.sub(lambda found: found[0] if found["decimal"] or found["row"] else "．", text)
    return _COLON.sub(_narrow_between_digits, text)


def _narrow_between_digits(found: re.Match[str]) -> str:
    text, at = found.string, found.start()
    inside = 0 < at < len(text) - 1 and text[at - 1].isascii() and text[at - 1].isdigit() and text[at + 1].isdigit()
    return ":" if inside else "："


_TOKEN = re.compile(r"<\s{0,3}@(?P<who>[^<>]{0,80})>")
_OPEN_TOKEN = re.compile(r"<\s{0,3}@(?![^<>]{0,80}>)")
_EVERYONE = re.compile(r"@\s*(?:all|everyone|here|channel|所有人|全体成员|全体人员)(?![A-Za-z0-9_])", re.IGNORECASE)
_LIST_KEYS = frozenset(
    {
        "mentions",
        "mentioned",
        "mentionedlist",
        "mentionedmobilelist",
        "atuserids",
        "atusers",
        "atmobiles",
        "atdingtalkids",
    }
)
_ALL_KEYS = frozenset({"isatall", "atall", "mentionall"})
_ALL = "@all"


def undeclared_mentions(payload: object, allowed: Collection[str]) -> list[str]:
    """List the mentions in a finished payload that the caller did not declare, in the order found, each once.

    `payload` is a text, or nested dicts and lists of such; a text that is itself JSON is also read as JSON, because an
    escaped `\\u003c` is a `<` to whoever receives it. `allowed` holds ids as a mention list carries them, and `@all`.
    Found in words: `<@…>`, also cut short, and the names for everyone; found in keys: mention lists of known platforms.
    """
    declared = {_name(item) for item in allowed}
    found = dict.fromkeys(token for token in _mentions(payload) if _name(token) not in declared)
    return list(found)


def _name(token: str) -> str:
    name = token.strip().removeprefix("@").casefold()
    return _ALL if name in {"all", "所有人", "全体成员", "全体人员", "everyone", "here", "channel"} else name


def _mentions(payload: object) -> Iterator[str]:
    waiting: list[object] = [payload]
    while waiting:
        item = waiting.pop()
        if isinstance(item, bytes | bytearray):
            item = bytes(item).decode("utf-8", "replace")
        if isinstance(item, str):
            yield from _in_words(item)
            if (inner := _as_json(item)) is not None:
                waiting.append(inner)
        elif isinstance(item, dict):
            for key, value in item.items():
                waiting.extend((value, str(key)))
                yield from _in_key(str(key), value)
        elif isinstance(item, list | tuple | set | frozenset):
            waiting.extend(reversed(list(item)))


def _in_words(text: str) -> Iterator[str]:
    if "@" not in text:
        return
    for token in _TOKEN.finditer(text):
        yield _ALL if _name(token["who"]) == _ALL else token["who"].strip() or "<@>"
    if _OPEN_TOKEN.search(text):
        yield "<@"
    if _EVERYONE.search(_TOKEN.sub(" ", text)):
        yield _ALL


def _in_key(key: str, value: object) -> Iterator[str]:
    folded = key.replace("_", "").replace("-", "").casefold()
    if folded in _ALL_KEYS and value:
        yield _ALL
    if folded in _LIST_KEYS:
        for entry in value if isinstance(value, list | tuple | set | frozenset) else [value]:
            if isinstance(entry, str | int) and not isinstance(entry, bool):
                yield _ALL if _name(str(entry)) == _ALL else str(entry)


def _as_json(text: str) -> object | None:
    if text[:1] not in '{["' or ("@" not in text and "\\u0040" not in text.casefold()):
        return None
    try:
        inner: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return inner if isinstance(inner, dict | list | str) and inner != text else None
