"""One heap for all threads.

glibc gives each thread a heap of its own, lest they wait for each other, and what one has freed no other takes: under ten
minutes of load the threads of SQLite and of the pictures held 20 MB that nobody used. Here one thread works at a time.
"""

import contextlib
import ctypes
import sys

M_ARENA_MAX = -8  # as <malloc.h> has it


def share_one_heap() -> None:
    """Called before the first thread starts. Does nothing where the C library is another."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
