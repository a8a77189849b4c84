"""A plot without a library: panels of horizontal bars with their figures, as SVG that shows on light and dark pages."""

from collections.abc import Mapping, Sequence
from html import escape

HEIGHT, GAP, LEFT, WIDTH, RIGHT, TOP, BETWEEN = 24, 10, 320, 400, 190, 44, 34
INK, OURS, THEIRS = "#1f2933", "#b3261e", "#8a99a8"
Bar = tuple[str, float, float]  # a name, the part of the floor, how many a second


def bars(title: str, panels: Mapping[str, Sequence[Bar]]) -> str:
    """The first bar of a panel is ours. All panels have one scale."""
    most = max((part for rows in panels.values() for _, part, _ in rows), default=0.0) or 1.0
    lines, y = [_text(12, 26, title, size=16, weight="bold")], TOP
    for name, rows in panels.items():
        lines.append(_text(12, y + 16, name, weight="bold"))
        y += BETWEEN
        for number, (what, part, rate) in enumerate(rows):
            length, middle = max(WIDTH * part / most, 1), y + HEIGHT * 0.7
            lines.append(_text(LEFT - 10, middle, what, anchor="end"))
            colour = THEIRS if number else OURS
            lines.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{HEIGHT}" rx="3" fill="{colour}"/>')
            lines.append(_text(LEFT + length + 8, middle, f"{part:.3f}, {rate:,.0f} a second"))
            y += HEIGHT + GAP
        y += GAP
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{y}" viewBox="0 0 {LEFT + WIDTH + RIGHT} {y}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">'
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join([head, ground, *lines, "</svg>", ""])


def _text(x: float, y: float, words: str, *, size: int = 14, weight: str = "normal", anchor: str = "start") -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{INK}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{escape(words)}</text>'
