"""The store that every peer is given, for none brings one: the same rows as ours, one transaction a message, durable.

A connection for each message, as Flask's own documentation has it; with the argument `kept`, one for each thread.
"""

import sqlite3
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

PORT, FOLDER, KEPT = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "kept"
THREAD = threading.local()
DATABASE = FOLDER / "peer.sqlite3"
TOKEN, AES_KEY, CORP = "bench-token", "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt", "ww1234567890abcdef"


def prepare() -> None:
    with sqlite3.connect(DATABASE) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(
            """
            CREATE TABLE inbox (message TEXT PRIMARY KEY, person TEXT, at REAL);
            CREATE TABLE receipts (notice INTEGER, person TEXT, acked_at REAL, PRIMARY KEY (notice, person));
            CREATE TABLE events (id INTEGER PRIMARY KEY, notice INTEGER, person TEXT, at REAL, message TEXT);
            CREATE TABLE outbox (id INTEGER PRIMARY KEY, person TEXT, body TEXT);
            """
        )
    connection.close()


def acknowledge(message: str, person: str, words: str) -> str:
    """Once for each message id; gives what is to be answered."""
    verb, _, number = words.strip().partition(" ")
    if verb != "收" or not number.isdigit():
        return "没听懂"
    notice, now, body = int(number), time.time(), f"已签收〔{number}号〕。"
    with connected() as connection:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?)", (message, person, now)).rowcount:
            connection.execute("INSERT OR IGNORE INTO receipts VALUES (?, ?, ?)", (notice, person, now))
            row = (notice, person, now, message)
            connection.execute("INSERT INTO events (notice, person, at, message) VALUES (?, ?, ?, ?)", row)
            connection.execute("INSERT INTO outbox (person, body) VALUES (?, ?)", (person, body))
        connection.execute("COMMIT")
    return body


@contextmanager
def connected():
    connection = getattr(THREAD, "connection", None)
    if connection is None:
        connection = sqlite3.connect(DATABASE, timeout=30, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
    if KEPT:
        THREAD.connection = connection
    try:
        yield connection
    finally:
        if not KEPT:
            connection.close()
