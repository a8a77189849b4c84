"""No core file, no dump: what is in memory for a moment must not be written to a disk by the system.

Python cannot wipe a text from memory, so whoever can read this process can read what passes through it. What can be
done is done here: the system writes no core of it, and no other process of the same user may look into it.
"""

import contextlib
import ctypes
import sys

PR_SET_DUMPABLE = 4


def keep_memory_in() -> None:
    """Called once by the commands that take leads."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no limits
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
