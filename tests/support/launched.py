"""`shoudao` in a process of its own, with a clock that a test moves and, if asked, an end at a chosen point.

    launched.py CLOCK-FILE COMMAND …

CLOCK-FILE holds the seconds by which this process's clock is ahead of the machine's; it is read at each look.
"""

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


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    shift_clock(Path(sys.argv[1]))
    from bot.__main__ import main

    main(sys.argv[2:])
