"""A process that has imported all of `shoudao` and forks it on demand: a start then costs what the start itself costs.

    warm.py LAUNCHER CLOCK-FILE

Reads a line of JSON for each start: `words` (the command), `environment`, `log`, `folder`. Says `pid N`, then what the
forked one says, then `ended N`. One at a time.
"""

import gc
import json
import os
import runpy
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported():
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
    import asyncpg  # noqa: F401
    import launched

    import bot.__main__
    import bot.channels.wecom.building
    import bot.service
    import models.migrations  # noqa: F401

    bot.__main__.parser()
    launched.die_with_parent()


def fork(launcher, clock, wanted):
    pid = os.fork()
    if pid:
        print(f"pid {pid}", flush=True)
        _, status = os.waitpid(pid, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(wanted["folder"])
    os.environ |= wanted["environment"]
    sys.argv = [launcher, clock, *wanted["words"]]
    runpy.run_path(launcher, run_name="__main__")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    imported()
    gc.collect()
    gc.freeze()  # the forked ones need no copies of what is never thrown away
    for line in sys.stdin:
        fork(sys.argv[1], sys.argv[2], json.loads(line))
