"""Two milliseconds more for every fsync, as on a cloud volume: a shim before every process that is started within."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving import HERE, script

EXTRA = 2.0  # milliseconds, as slow_fsync.c has it


@contextmanager
def slow_disk() -> Iterator[float]:
    """Gives what a transaction of SQLite then takes, in milliseconds."""
    if not shutil.which("cc"):
        sys.exit("The slow disk needs a C compiler: apt install gcc libc6-dev.")
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place:
        library = Path(place) / "slow_fsync.so"
        source = str(HERE / "slow_fsync.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), source, "-ldl"], check=True)
        os.environ["LD_PRELOAD"] = str(library)
        try:
            took = float(script("machine.py"))
            assert took > EXTRA, f"the shim does not take hold: a commit takes {took:.2f} ms"
            yield took
        finally:
            del os.environ["LD_PRELOAD"]
