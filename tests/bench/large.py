"""`make bench ARGS=large`: the same questions to ten million receipts, on SQLite."""

import argparse

from questions import questions
from results import Section

TITLE = "Ten million receipts"


def measured(asked: argparse.Namespace) -> Section:
    section = Section(TITLE, "make bench ARGS=large")
    questions(section, "SQLite", 2000 if asked.quick else 10_000)
    return section
