"""`make peers`: the same work by others, each in its own idiom, in the same run as ours and the bare floor.

1. Each peer is installed from PyPI into an environment of its own (`others`, peers/PEERS.toml).
2. It is tried: a forged callback is to be refused, one that comes twice is to be kept once (`trying`).
3. Slices by turns with the floor, as ours are measured; the same on new connections; then the burst that platforms make:
   25,000 answers in 15 seconds, five seconds of patience, three tries more (`standing`).
4. Slices again, and the burst for ours, with two milliseconds more for every fsync (`slow_disk`).

The plot is peers.svg, beside RESULTS.md.
"""

import argparse
from collections.abc import Sequence

import callbacks
from comparison import bursts, honesty, plot, rates
from others import Peer, peers
from results import Section
from serving import HERE, say
from slow_disk import slow_disk
from standing import BURST_SECONDS, LIMIT, Standing
from standing import measured as stand
from storming import PATIENCE, TRIES
from table import Row

TITLE = "Shoudao and others"
OURS = "Shoudao, by the app's callback"
TIMES, TIMES_SLOW = 5, 20
USUAL, SLOW = "this disk", "2 ms more for every fsync"


def measured(asked: argparse.Namespace) -> Section:
    usual = [stand(callbacks.APP, OURS, quick=asked.quick, burst=True)]
    usual += [stand(one, one.name, quick=asked.quick, burst=True) for one in peers(asked.only)]
    with slow_disk() as commit:
        say(f"{SLOW} …")
        slow = [stand(callbacks.APP, OURS, quick=asked.quick, burst=True)]
        slow += [stand(one, one.name, quick=asked.quick, burst=False) for one in peers(asked.only)]
    if not asked.quick:
        (HERE / "peers.svg").write_text(plot({USUAL: usual, SLOW: slow}))
    return Section(
        TITLE,
        "make peers",
        rows=[*_rows(usual, USUAL, TIMES), *_rows(slow, SLOW, TIMES_SLOW)],
        more=[
            "![Durable answers, as a part of what a bare aiohttp handler answers](peers.svg)",
            rates(USUAL, usual),
            rates(SLOW, slow),
            bursts("the burst", usual),
            honesty(usual),
        ],
        notes=_notes(usual, slow, commit),
    )


def _rows(found: Sequence[Standing], disk: str, times: float) -> list[Row]:
    """What is asked of ours beside the best of the others, and of the burst."""
    ours, others = found[0], found[1:]
    as_written = max((one.rate.ratio for one in others if not _tuned(one)), default=0.0)
    by_us = max((one.rate.ratio for one in others if _tuned(one)), default=0.0)
    rows = [Row(f"{disk}: times the best peer", ours.rate.ratio / (as_written or float("inf")), "", times, least=True)]
    if by_us:
        rows.append(Row(f"{disk}: times the best peer that we tuned", ours.rate.ratio / by_us))
    if burst := ours.burst:
        name = f"{disk}: the burst of {burst.sent:,}"
        rows += [
            Row(f"{name}, not answered at the first try", burst.sent - burst.first, "", 0),
            Row(f"{name}, not in the ledger exactly once", burst.sent - ours.kept, "", 0),
            Row(f"{name}, p50", burst.latency(50), "ms"),
            Row(f"{name}, p99", burst.latency(99), "ms"),
            Row(f"{name}, max", burst.latency(100), "ms"),
        ]
    return rows


def _tuned(one: Standing) -> bool:
    return isinstance(one.way, Peer) and one.way.tuned


def _notes(usual: Sequence[Standing], slow: Sequence[Standing], commit: float) -> list[str]:
    floors = [rate for one in (*usual, *slow) for rate in one.rate.floors]
    busiest = max((one.rate.busiest for one in (*usual, *slow)), default=0.0)
    return [
        "Rates: 64 connections kept open, verified, opened, read, committed with synchronous=FULL, answered; then killed "
        "and counted. The last column has a new connection for each.",
        f"The burst: {BURST_SECONDS:.0f} s, a new connection for each, {PATIENCE:.0f} s of patience, {TRIES - 1} tries "
        f"more, {LIMIT:.0f} s in all; latencies from the due time.",
        "The peers bring no store: theirs is peers/keep.py, a connection for each message as Flask's documentation has "
        "it. Tuned by us: a connection kept by each thread.",
        f"With {SLOW} a transaction of SQLite took {commit:.1f} ms.",
        f"Floor {min(floors):,.0f}–{max(floors):,.0f} a second; the load generator used at most {busiest:.0%} of its core.",
        *(note for one in usual for note in one.notes),
        *(f"{SLOW}: {note}" for one in slow for note in one.notes),
    ]
