"""What was measured on: a figure without its machine and versions says nothing."""

import os
import platform
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("aiohttp", "sqlalchemy", "aiosqlite", "jinja2", "opencc")


def lines() -> list[str]:
    """Hardware, system and versions, one fact a line."""
    model = next((x.split(":")[1].strip() for x in _cpuinfo() if x.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{os.cpu_count()} × {model}, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        f"fsync of 4 KiB in the temporary folder: {fsync() * 1e6:.0f} µs (median); load when started: {_load()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}",
    ]


def fsync(times: int = 200) -> float:
    """Median seconds: what a commit costs at least."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            since = time.perf_counter()
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - since)
    return statistics.median(taken)


def commit(times: int = 100) -> float:
    """Median seconds of a small transaction of SQLite with synchronous=FULL."""
    taken = []
    with (
        tempfile.TemporaryDirectory() as place,
        closing(sqlite3.connect(Path(place) / "a", isolation_level=None)) as file,
    ):
        file.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows (one INTEGER)")
        for number in range(times):
            since = time.perf_counter()
            file.execute("INSERT INTO rows VALUES (?)", (number,))
            taken.append(time.perf_counter() - since)
    return statistics.median(taken)


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    print(commit() * 1000)
