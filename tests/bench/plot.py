"""A plot without a library: horizontal bars with their figures, as SVG that shows on light and dark pages."""

from collections.abc import Sequence
from html import escape

HEIGHT, GAP, LEFT, WIDTH, RIGHT, TOP = 26, 12, 360, 420, 70, 44


def bars(title: str, rows: Sequence[tuple[str, float]]) -> str:
    most = max((value for _, value in rows), default=1.0) or 1.0
    height = TOP + len(rows) * (HEIGHT + GAP) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" '
        'font-family="sans-serif" font-size="14">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="12" y="26" font-size="16" font-weight="bold" fill="#1f2933">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(rows):
        y, length = TOP + number * (HEIGHT + GAP), max(WIDTH * value / most, 1)
        middle, colour = y + HEIGHT * 0.7, "#b3261e" if number == 0 else "#8a99a8"
        lines.append(f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end" fill="#1f2933">{escape(name)}</text>')
        lines.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{HEIGHT}" rx="3" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + length + 8:.0f}" y="{middle:.0f}" fill="#1f2933">{value:.3f}</text>')
    return "\n".join([*lines, "</svg>", ""])
