"""Every row of the table of what may go wrong with a message on its way in, on its way out, or with what it carries, has
a test that says so: its id stands in the docstring of the test."""

import csv
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[3]
ROWS = TESTS / "corpus" / "wecom" / "rows.csv"
ID = re.compile(r"\b([IOM])-(\d\d)\b")
SPAN = re.compile(r"\b([IOM])-(\d\d) to \1-(\d\d)\b")
DOCSTRING = re.compile(r'def (test_\w+)\([^"]*?:\n\s+"""(.*?)"""', re.DOTALL)


def ids_in(text):
    found = {f"{kind}-{number}" for kind, number in ID.findall(text)}
    for kind, first, last in SPAN.findall(text):
        found |= {f"{kind}-{number:02}" for number in range(int(first), int(last) + 1)}
    return found


def test_every_row_has_a_test_and_every_test_its_row():
    with ROWS.open(encoding="utf-8", newline="") as file:
        rows = {row["id"] for row in csv.DictReader(file)}
    named = set()
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            for _, docstring in DOCSTRING.findall(path.read_text(encoding="utf-8")):
                named |= ids_in(docstring)
    assert rows - named == set(), "rows without a test"
    assert named - rows == set(), "tests of rows that are not there"


def test_a_span_of_ids_names_all_between():
    assert ids_in("O-05 to O-07 and M-01: …") == {"O-05", "O-06", "O-07", "M-01"}
