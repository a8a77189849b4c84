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
    """A table with its columns lined up."""
    cells = [("what", "reached", "asked", "holds"), *(row.cells() for row in rows)]
    widths = [max(_width(line[at]) for line in cells) for at in range(4)]
    lined = [
        "| " + " | ".join(text + " " * (w - _width(text)) for text, w in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    lined.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lined)


def _figure(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character or full-width mark takes two."""
    return sum(2 if "\u2e80" <= letter <= "\uffef" else 1 for letter in text)
