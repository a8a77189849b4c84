"""A long text made to fit: the middle goes, because what to do and by when stands at the end."""

from bot.channels.wecom.cards import cut_bytes

LINES, SHARE = 4, 3


def shorten(text: str, limit: int, tail: str) -> str:
    """At most `limit` bytes of UTF-8. `tail` says where the rest is; the last few lines stay whole where they can."""
    if len(text.encode()) <= limit:
        return text
    lines = text.split("\n")
    kept: list[str] = []
    while len(kept) < LINES and len(lines) > 1 and _size([lines[-1], *kept]) <= limit // SHARE:
        kept.insert(0, lines.pop())
    room = limit - (_size(kept) + 1 if kept else 0)
    head = cut_bytes("\n".join(lines), room, tail)
    return "\n".join([head, *kept])


def _size(lines: list[str]) -> int:
    return len("\n".join(lines).encode())
