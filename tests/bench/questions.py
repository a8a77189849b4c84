"""Questions to a large ledger as rows of the table; asked by `ledger.py`, in a process of its own."""

import json
import tempfile
from pathlib import Path

from results import Section
from serving import say, script
from table import Row

UNITS, ROUNDS = 1000, 5
QUERY, LARGE, QUERY_LARGE, RAISE = 5, 1_000_000, 10, 500


def questions(section: Section, database: str, notices: int, url: str = "", summary: float | None = None) -> None:
    """On SQLite unless an address says where; every notice asks UNITS units."""
    say(f"a ledger of {UNITS * notices:,} receipts on {database} …")
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place:
        arguments = str(Path(place) / "data"), str(UNITS), str(notices), str(ROUNDS)
        found = json.loads(script("ledger.py", *arguments, *([url] if url else [])))
    count = int(found["receipts"])
    size = f"{count:,} receipts, {database}"
    section.rows += [
        Row(f"「谁没收到」 the query ({size})", found["missing"], "ms", QUERY_LARGE if count > LARGE else QUERY),
        Row(f"「谁没收到 N」 from message to commit ({size})", found["who"], "ms"),
        Row(f"「谁没收到」 the newest, from message to commit ({size})", found["who_newest"], "ms"),
        Row(f"the daily summary, made and queued ({size})", found["summary"], "ms", summary),
        Row(f"「发」: a notice goes out to {UNITS:,} units ({size})", found["raise"], "ms", RAISE),
    ]
    section.notes.append(
        f"{size}: all {notices:,} notices open, seeded in {found['seeding']:.0f} s, {found['size']:,.0f} MB."
    )
