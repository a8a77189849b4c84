"""Where a piece of levelled text stands in the text as it was typed."""

import unicodedata

from models.rules.plain import plain


def place(text: str, level: str, start: int, end: int) -> tuple[int, int]:
    """`start` and `end` in `level`, which is plain(text), as places in `text`; (-1, -1) when levelling moved letters.

    Widths, spaces and invisible characters are followed one by one; what changes over several characters is not.
    """
    if text == level:
        return start, end
    where: list[int] = []
    blank = True  # leading white space vanishes, other runs of it become one space
    for index, char in enumerate(text):
        shown = _shown(char)
        for each in shown:
            if each.isspace():
                if not blank:
                    where.append(index)
                blank = True
            else:
                where.append(index)
                blank = False
    if len(where) < len(level) or plain(text[where[start] : where[end - 1] + 1]) != level[start:end].strip():
        return -1, -1
    return where[start], where[end - 1] + 1


def _shown(char: str) -> str:
    """What levelling makes of one character; nothing for those that it takes out."""
    if char.isspace() or "!" <= char <= "~" or "\u4e00" <= char <= "\u9fff":
        return char
    return unicodedata.normalize("NFKC", char) if plain(f"一{char}一") != "一一" else ""
