"""A Markdown table as lines, for the leg that shows it as it stands: 「寿县：没签收」."""

from bot.channels.tables import table_at


def untabled(text: str) -> str:
    """Each row becomes a line: the first two cells, and each of the others behind its heading. The blank lines that set
    a table apart go with it."""
    said = text.split("\n")
    lines: list[str] = []
    at = 0
    while at < len(said):
        rows = table_at(said[at:])
        if not rows:
            lines.append(said[at])
            at += 1
            continue
        if lines and not lines[-1]:
            lines.pop()
        head, *body = rows
        lines += [_line(head, row) for row in body]
        at += len(rows) + 1
        if at < len(said) and not said[at]:
            at += 1
    return "\n".join(lines)


def _line(head: tuple[str, ...], row: tuple[str, ...]) -> str:
    others = (f"{name} {cell}" for name, cell in zip(head[2:], row[2:], strict=True))
    return "，".join(["：".join(row[:2]), *others])
