"""The table that `make bench` prints and keeps: each figure beside the one asked."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `asked` is the bound that the issue sets, `least` whether it is to be reached or not passed."""

    what: str
    value: float
    unit: str = ""
    asked: float | None = None
    least: bool = False

    @property
    def holds(self) -> bool:
        if self.asked is None:
            return True
        return self.value >= self.asked if self.least else self.value <= self.asked

    def cells(self) -> tuple[str, str, str, str]:
        sign = "≥" if self.least else "≤"
        asked = "" if self.asked is None else f"{sign} {_figure(self.asked)} {self.unit}".rstrip()
        verdict = "" if self.asked is None else ("yes" if self.holds else "**no**")
        return self.what, f"{_figure(self.value)} {self.unit}".rstrip(), asked, verdict


def markdown(rows: Sequence[Row]) -> str:
    """Every figure beside the one asked."""
    return aligned([("what", "reached", "asked", "holds"), *(row.cells() for row in rows)])


def aligned(cells: Sequence[Sequence[str]], right: int | None = None) -> str:
    """A table with its columns lined up, from the column `right` on to the right; the first line is its head."""
    count = len(cells[0])
    right = count if right is None else right
    widths = [max(_width(line[at]) for line in cells) for at in range(count)]
    lined = [
        "| " + " | ".join(_padded(line[at], widths[at], at >= right) for at in range(count)) + " |" for line in cells
    ]
    lined.insert(1, "|" + "|".join("-" * (width + 1) + ("-:"[at >= right]) for at, width in enumerate(widths)) + "|")
    return "\n".join(lined)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _figure(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character or full-width mark takes two."""
    return sum(2 if "\u2e80" <= letter <= "\uffef" else 1 for letter in text)
