"""What somebody said or pressed in 企业微信, as the platform tells it: its own ids, no judgement, no person of ours."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class SaidKind(StrEnum):
    """`enter` is a first step into the private chat; `ignored` is everything that the bot has no use for."""

    TEXT = "text"
    IMAGE = "image"
    MIXED = "mixed"
    VOICE = "voice"
    FILE = "file"
    VIDEO = "video"
    CLICK = "click"
    ENTER = "enter"
    DISCONNECTED = "disconnected"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Item:
    """A picture or file to be fetched: by an address that dies in minutes (`aes_key` if it has its own), or by id."""

    kind: str
    url: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    media_id: str = field(default="", repr=False)


class Said(NamedTuple):
    """One message or event. `userid` and `chat` are as the platform wrote them; `chat` is None in private.

    Words are never shown by `repr`: any private one may be a lead. `key` is a pressed button's, `task_id` its card's,
    `response_code` lets the app change that card once. `reply_to` is the frame (long connection) that an answer names;
    `response_url` takes one answer within an hour. `payload` is the SHA-256 of everything that came, in hex, where the
    platform gave it no msgid.
    """

    kind: SaidKind
    userid: str = ""
    chat: str | None = None
    msgid: str = ""
    at: datetime | None = None
    text: str = ""
    quote: str = ""
    items: tuple[Item, ...] = ()
    event: str = ""
    key: str = ""
    task_id: str = ""
    response_code: str = ""
    response_url: str = ""
    reply_to: str = ""
    payload: str = ""
    stale: bool = False
    problem: str = ""

    def __repr__(self) -> str:
        return f"Said(kind={self.kind}, msgid={self.msgid!r})"

    @property
    def external_id(self) -> str:
        """What one effect is tied to. Two events of one person in one second differ somewhere in what came."""
        return self.msgid or f"sha256:{self.payload}"

    def content(self) -> bytes:
        """What must be the same when an id comes again. Left out is what the platform makes anew at every delivery."""
        chat = "\x1e" if self.chat is None else self.chat
        parts = [self.kind, self.userid, chat, self.text, self.quote, self.event, self.key, self.task_id]
        if self.items:
            parts += [item.kind for item in self.items]
        return "\x1f".join(parts).encode("utf-8", "surrogatepass")


def ignored(problem: str, payload: bytes, **known: str) -> Said:
    """Something that is only counted. `problem` is for the log: a word of ours, never what was written."""
    return Said(kind=SaidKind.IGNORED, problem=problem, payload=digest(payload), **known)  # type: ignore[arg-type]


def digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def instant(seconds: object) -> datetime | None:
    """The platform's time of creation; seconds, in some frames milliseconds. None for what can be neither."""
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) <= 13:
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        return None
    if seconds >= 100_000_000_000:
        seconds //= 1000
    return _second(seconds) if seconds < 4_102_444_800 else None  # the year 2100


@lru_cache(maxsize=64)
def _second(seconds: int) -> datetime:
    """One object for all that is said in a second: it is then written as text but once for a batch (`models.bulk`)."""
    return datetime.fromtimestamp(seconds, UTC)


def dig(value: object, *path: str) -> object:
    """What lies at `path` in nested mappings; None where something on the way is missing or of another shape."""
    for name in path:
        # Asking for a dict first, because asking for a Mapping takes ten times as long.
        if not isinstance(value, dict) and not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def rows(value: object) -> Sequence[object]:
    """A list as it is, one thing as a list of one (a list of one loses its brackets in XML), nothing as empty."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)
