"""A Markdown table as lines, for the leg that shows it as it stands: 「寿县：没签收」."""

import re

_RULE = re.compile(r"\|(?: ?-{3,} ?\|)+")


def untabled(text: str) -> str:
    """Each row becomes a line: the first two cells, and each of the others behind its heading."""
    lines: list[str] = []
    heading: list[str] = []
    for line in text.split("\n"):
        if _RULE.fullmatch(line) and lines:
            heading = _cells(lines.pop())
            if lines and not lines[-1]:
                lines.pop()
        elif heading and line.startswith("| "):
            first, second, *others = [*_cells(line), ""][: max(len(heading), 2)]
            told = [f"{name} {cell}" for name, cell in zip(heading[2:], others, strict=False)]
            lines.append("，".join([f"{first}：{second}", *told]))
        else:
            if heading and not line:
                heading = []
                continue
            lines.append(line)
    return "\n".join(lines)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
