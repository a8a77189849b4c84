"""From a message to what one person sees of it: plain values for templates/pages/sim/, which has the words and markup."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.channels.simulator import BOT, Message
from bot.channels.tables import RULE, table_at

BRIEF = 80  # letters of a message in the list and in quotes
LONGEST_TITLE = 24
HUES = 8
_COUNT = re.compile(r"已签收 (\d+)/(\d+)")
_BODY = re.compile(r"市委?(?=..)")


@dataclass(frozen=True)
class Face:
    """A coloured square with the letters that tell one unit from another: 市公安局联络员 → 公安."""

    id: str
    name: str

    @property
    def is_bot(self) -> bool:
        return self.id == BOT

    @property
    def hue(self) -> int:
        total = 0
        for letter in self.id:
            total = total * 7 + ord(letter)
        return total % HUES

    @property
    def letters(self) -> str:
        return _BODY.sub("", self.name, count=1)[:2] if _BODY.match(self.name) else self.name[:2]


@dataclass(frozen=True)
class Block:
    """A part of what the bot says. `words` are its pieces, lit where they are a mention; `rows` are a table's cells."""

    kind: str
    words: tuple[tuple[str, bool], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Shown:
    """A message as one person sees it. `gap`: after a silence, so that the time is written above it."""

    message: Message
    author: Face
    own: bool
    at: datetime
    gap: bool = False
    mentioned: tuple[str, ...] = ()
    quoted: "Shown | None" = None

    @property
    def brief(self) -> str:
        """One line that stands for the message; of the bot's tables only the cells."""
        lines = self.message.text.split("\n")
        if self.author.is_bot:
            lines = [line.replace("|", " ") for line in lines if not RULE.fullmatch(line.strip())]
        return " ".join(" ".join(lines).split())[:BRIEF]

    @property
    def blocks(self) -> list[Block]:
        """The bot's lines stand apart, a short first one is a title, and 「已签收 3/41」 is drawn as well as said."""
        lines = [line for line in self.message.text.split("\n") if line.strip()]
        return list(_blocks(lines, self.mentioned))


def _blocks(lines: list[str], mentioned: Iterable[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        if rows := table_at(lines[at:]):
            yield Block("table", rows=tuple(rows))
            at += len(rows) + 1
            continue
        line = lines[at]
        words = tuple(lit(line, mentioned))
        if count := _COUNT.match(line):
            yield Block("count", words, done=int(count[1]), total=int(count[2]))
        else:
            yield Block("title" if at == 0 and len(lines) > 1 and len(line) <= LONGEST_TITLE else "", words)
        at += 1


def lit(text: str, mentioned: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The text in pieces; only declared mentions are lit."""
    names = sorted(mentioned, key=len, reverse=True)
    if not names:
        yield text, False
        return
    for turn, piece in enumerate(re.split(f"({'|'.join(map(re.escape, names))})", text)):
        if piece:
            yield piece, turn % 2 == 1
