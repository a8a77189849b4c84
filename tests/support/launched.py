"""`shoudao` in a process of its own, with a clock that a test moves and, if asked, an end at a chosen point.

    launched.py CLOCK-FILE COMMAND …

CLOCK-FILE holds the seconds by which this process's clock is ahead of the machine's; it is read at each look. HELD in
the environment is the descriptor of a listening socket to be handed over as systemd does it.
"""

import ctypes
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path


def shift_clock(file):
    from bot.clock import SystemClock

    def now(self):
        try:
            ahead = float(file.read_text())
        except ValueError:  # being written just now
            return now(self)
        return datetime.now(UTC) + timedelta(seconds=ahead)

    SystemClock.now = now


def die_with_parent():
    """A test that is broken off leaves nothing running."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def hand_over(held):
    os.dup2(int(held), 3)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}


if __name__ == "__main__":
    die_with_parent()
    if held := os.environ.pop("HELD", ""):
        hand_over(held)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    shift_clock(Path(sys.argv[1]))
    from bot.__main__ import main

    main(sys.argv[2:])
