"""RESULTS.md: a section for each thing that is measured, each replaced by its own command and otherwise left alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from serving import HERE
from table import Row, markdown

RESULTS = HERE / "RESULTS.md"
HEAD = (
    "# Speed\n\nWritten by the commands named below. The floor is a bare aiohttp handler that answers a constant, "
    "on the same core in the same run."
)


@dataclass
class Section:
    """One command's part of the page. `more` stands between the table and the notes."""

    title: str
    command: str
    rows: list[Row] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self, facts: Sequence[str]) -> str:
        said = "\n".join(f"- {line}" for line in (*facts, *self.notes))
        return "\n\n".join([f"## {self.title}", f"By `{self.command}`.", markdown(self.rows), *self.more, said])


def keep(title: str, text: str, order: Sequence[str]) -> None:
    """Put a section into the page, in its place among `order`."""
    page = RESULTS.read_text() if RESULTS.exists() else ""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    sections = {part.partition("\n")[0].removeprefix("## "): part.strip() for part in parts} | {title: text}
    RESULTS.write_text("\n\n".join([HEAD, *(sections[one] for one in order if one in sections)]) + "\n")
