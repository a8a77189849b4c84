"""`shoudao` with a named point at which it dies (SIGKILL), before or after a commit, a send, a rename or an fsync.

    launch_failing.py CLOCK-FILE COMMAND …     FAIL_AT=commit:dispatch:after  FAIL_NTH=3

With FAIL_AT=list it writes each point that it passes, once, to the file FAIL_LIST instead.
"""

import functools
import os
import signal
import sys
from collections import Counter
from contextvars import ContextVar
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
AT, NTH = os.environ.pop("FAIL_AT", ""), int(os.environ.pop("FAIL_NTH", "1"))
LIST = os.environ.pop("FAIL_LIST", "")
passed: Counter[str] = Counter()
unit: ContextVar[str] = ContextVar("unit", default="")


def point(name):
    passed[name] += 1
    if AT == "list" and passed[name] == 1:
        with Path(LIST).open("a") as file:
            file.write(name + "\n")
    if name == AT and passed[name] == NTH:
        os.kill(os.getpid(), signal.SIGKILL)


def around(owner, name, label):
    """`label:before` and `label:after` around a coroutine function; `label` may be made of its arguments."""
    real = getattr(owner, name)

    @functools.wraps(real)
    async def wrapped(*args, **more):
        said = label(*args, **more) if callable(label) else label
        point(f"{said}:before")
        result = await real(*args, **more)
        point(f"{said}:after")
        return result

    setattr(owner, name, wrapped)


def around_plain(owner, name, label):
    real = getattr(owner, name)

    @functools.wraps(real)
    def wrapped(*args, **more):
        point(f"{label}:before")
        result = real(*args, **more)
        point(f"{label}:after")
        return result

    setattr(owner, name, wrapped)


def commits():
    """Each unit of work by the function that it came from: the commit is between the end of the unit and its return."""
    from models.store import Store

    write = Store.write

    async def wrapped(self, work):
        name = getattr(work, "__qualname__", "").split(".<locals>")[0].rpartition(".")[2].strip("_") or "unit"

        async def inner(session):
            point(f"commit:{name}:begin")
            result = await work(session)
            point(f"commit:{name}:before")
            return result

        result = await write(self, inner)
        point(f"commit:{name}:after")
        return result

    Store.write = wrapped


def plant():
    from bot.channels.wecom.app_api import AppApi
    from bot.channels.wecom.keeper import Keeper
    from bot.channels.wecom.push import Push
    from models.store import Store

    commits()
    around(Push, "post", "send:push")
    around(Keeper, "ask", lambda self, cmd, *rest, **more: f"send:{cmd}")
    around(AppApi, "send_text", "send:app text")
    around(AppApi, "send_card", "send:app card")
    around(Store, "migrate", "migrate")
    around_plain(os, "fsync", "fsync")
    around_plain(os, "rename", "rename")
    around_plain(os, "link", "link")


if __name__ == "__main__":
    from launched import shift_clock

    shift_clock(Path(sys.argv[1]))
    plant()
    from bot.__main__ import main

    main(sys.argv[2:])
