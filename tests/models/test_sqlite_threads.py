"""Seen in a connection itself: one that has no mutex to be locked."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import ctypes, sqlite3, sys
import _sqlite3
kept = [sqlite3.connect(":memory:").execute("SELECT 1") for _ in sys.argv[2:]]
if sys.argv[1:]:
    from models.sqlite_threads import keep_to_their_threads
    keep_to_their_threads()
library, database = ctypes.CDLL(_sqlite3.__file__), ctypes.c_void_p()
library.sqlite3_db_mutex.restype = ctypes.c_void_p
library.sqlite3_db_mutex.argtypes = [ctypes.c_void_p]
assert library.sqlite3_open(b":memory:", ctypes.byref(database)) == 0
assert sqlite3.connect(":memory:").execute("SELECT 1").fetchone() == (1,)
print(library.sqlite3_db_mutex(database) is not None)
"""


def locked(*asked: str) -> str:
    done = subprocess.run([sys.executable, "-c", ASK, *asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_connection_that_keeps_to_its_thread_has_no_lock() -> None:
    assert locked() == "True"
    assert locked("kept") == "False"


def test_while_a_connection_is_open_nothing_is_changed_under_it() -> None:
    assert locked("kept", "open") == "True"
