"""SQLite without the locks that nobody here needs.

By default it takes a mutex for each value that is bound and each row that is stepped to, lest two threads use one
connection at once: a twenty-fifth of a burst. Here each connection lives in a thread of its own (`sqlite_driver`), for
which SQLite has its mode "multi-thread" (sqlite.org/threadsafe.html).
"""

import _sqlite3
import contextlib
import ctypes

MULTITHREAD = 2  # SQLITE_CONFIG_MULTITHREAD, as <sqlite3.h> has it


def keep_to_their_threads() -> None:
    """Called before the first connection is opened. Does nothing while one is, and where Python's module hides its SQLite."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_memory_used.restype = ctypes.c_int64
        if library.sqlite3_memory_used() == 0:
            library.sqlite3_shutdown()  # what is at work takes no settings
            library.sqlite3_config(MULTITHREAD)
            library.sqlite3_initialize()
