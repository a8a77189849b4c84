"""`make bench ARGS=stages`: where the microseconds of an ack go, from the request to its answer (`cycles`)."""

import argparse
import json

import callbacks
from results import Section
from serving import copied, free_port, say, script
from table import Row

TITLE = "Where the microseconds of an ack go"
STAGES = {
    "floor": "a bare aiohttp handler, without its socket",
    "read": "read, verified, opened, understood, and waiting for its transaction",
    "loop": "the transaction: who and which notice, the ledger's new rows, the reply",
    "asked": "SQLite's thread: questions",
    "written": "SQLite's thread: rows",
    "commit": "SQLite's thread: commit, with synchronous=FULL",
    "answered": "answered",
    "all": "all of ours",
}


def measured(asked: argparse.Namespace) -> Section:
    section = Section(TITLE, "make bench ARGS=stages")
    say("the stages of an ack …")
    notices = 10 if asked.quick else callbacks.NOTICES
    with callbacks.seeded(notices) as folder, copied(folder) as data:
        config = callbacks.configured(callbacks.APP, data, free_port(), free_port())
        found = json.loads(script("cycles.py", str(config)))
    section.rows += [Row(said, found[name], "µs") for name, said in STAGES.items()]
    section.notes.append("Processor time of one of 64 at a time, by the app's callback; the reply is stored, not sent.")
    return section
