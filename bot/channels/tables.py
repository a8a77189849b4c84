"""The Markdown tables that the bot says, read back by doors that show them in another way."""

import re
from collections.abc import Sequence
from itertools import takewhile

RULE = re.compile(r"\|(\s*:?-+:?\s*\|)+")
_BAR = re.compile(r"(?<!\\)\|")


def table_at(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a table that begins with these lines, its head first and all as wide; none if none does.

    It takes one line more than it has rows: the rule under its head.
    """
    if len(lines) < 2 or not lines[0].startswith("|") or not RULE.fullmatch(lines[1].strip()):
        return []
    head = _cells(lines[0])
    body = [_cells(line) for line in takewhile(lambda line: line.startswith("|"), lines[2:])]
    return [head, *((*row, *("",) * len(head))[: len(head)] for row in body)]


def _cells(line: str) -> tuple[str, ...]:
    cells = _BAR.split(line.strip())[1:]
    if cells and not cells[-1].strip():
        cells.pop()
    return tuple(cell.strip().replace("\\|", "|") for cell in cells)
