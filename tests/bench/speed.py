"""`make bench`: Shoudao beside a bare aiohttp handler on the same core.

1. Durable acks a second at 64 keep-alive connections, as a ratio to the floor, in alternating slices (`acks`).
2. The same by the two addresses that 企业微信 posts to, opened and answered by `shoudao run`; a thousand acks that arrive
   within ten seconds; presses of a card while two hundred messages a second come in (`callbacks`).
3. Questions to a ledger of a million receipts, on SQLite and PostgreSQL (`ledger`).
4. A tick of the chase over a thousand units that owe twenty matters each (`chasing`).
5. Sealing a lead, and opening a thousand on an officer's machine (`sealing`).
6. Cold start to the first answer, and what it weighs idle (`starting`).
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median

import acks
import callbacks
import starting
from postgres import postgres
from questions import questions
from results import Section
from serving import say, script
from table import Row

TITLE = "Shoudao and the floor"
RATIO, P99, APP_RATIO, APP_P99, BOT_P99 = 0.10, 60, 0.25, 40, 150
THOUSAND_MAX, PRESS_P99 = 1000, 500
SUMMARY, TICK, HOLD = 50, 2000, 50
SEAL, OPEN = 2, 3
START, RESIDENT = 1.2, 110


def measured(asked: argparse.Namespace) -> Section:
    section = Section(TITLE, "make bench")
    for part in (acks_by_the_simulator, acks_by_callback, bursts_and_presses, large_ledgers, chase, leads, start):
        part(section, asked.quick)
    return section


def acks_by_the_simulator(section: Section, quick: bool) -> None:
    """Durable acks, by number and plain."""
    for burst in (acks.BY_NUMBER, acks.PLAIN):
        _rate(section, burst, "durable acks, ", quick, ratio=RATIO, p99=P99)


def acks_by_callback(section: Section, quick: bool) -> None:
    """Acks by the addresses that the platform posts to."""
    _rate(section, callbacks.APP, "callback, ", quick, ratio=APP_RATIO, p99=APP_P99)
    _rate(section, callbacks.BOT, "callback, ", quick, ratio=RATIO, p99=BOT_P99)


def _rate(section: Section, way: acks.Candidate, what: str, quick: bool, *, ratio: float, p99: float) -> None:
    say(f"{what}{way.name} …")
    slices, seconds = (2, 2.0) if quick else (4, 3.0)
    rate = acks.measure(way, slices=slices, floor_seconds=seconds * 2 / 3, seconds=seconds)
    name = what + way.name
    section.rows += [
        Row(f"{name}: ratio to the floor", rate.ratio, "", ratio, least=True),
        Row(f"{name}: a second", rate.rate),
        Row(f"{name}: processor time of one", median(rate.costs or [0]) * 1e6, "µs"),
        Row(f"{name}: the same at the floor", median(rate.floor_costs) * 1e6, "µs"),
        Row(f"{name}: p50", rate.latency(50), "ms"),
        Row(f"{name}: p99", rate.latency(99), "ms", p99),
        Row(f"{name}: max", rate.latency(100), "ms"),
    ]
    floors = f"{min(rate.floors):,.0f}–{max(rate.floors):,.0f} req/s"
    section.notes.append(
        f"{way.name}: ratios of the slices {', '.join(f'{r:.3f}' for r in rate.ratios)}; floor {floors}; "
        f"the load generator used at most {rate.busiest:.0%} of its core; {len(rate.void)} void slices."
    )
    section.notes += [f"void: {why}" for why in rate.void]


def bursts_and_presses(section: Section, quick: bool) -> None:
    """What waits while much comes in."""
    say("callbacks: a thousand in ten seconds, and presses …")
    burst, why = callbacks.a_thousand_in_ten_seconds(callbacks.APP)
    pressed = callbacks.presses_while_messages_come_in(5 if quick else 20)
    failed = [why] if why else []
    failed += [f"{len(load.failed)} {name} were no 200" for name, load in pressed.items() if load.failed]
    if unanswered := sum(answer.endswith(b"\r\n\r\n") for answer in pressed["press"].answered):
        failed.append(f"{unanswered} presses were answered without a change of their card")
    section.rows += [
        Row("1,000 acks in 10 s by the app's address: max", burst.latency(100), "ms", 0 if why else THOUSAND_MAX),
        Row("a press beside 200 messages a second: p99", pressed["press"].latency(99), "ms", PRESS_P99),
        Row("a press beside 200 messages a second: max", pressed["press"].latency(100), "ms"),
        Row("presses and messages not answered as asked", len(failed), "", 0),
    ]
    section.notes += [f"void: {one}" for one in failed]


def large_ledgers(section: Section, quick: bool) -> None:
    """Questions to a large ledger on both databases."""
    notices = 300 if quick else 1000
    with postgres(quick) as servers:
        for name, url in {"SQLite": "", **servers}.items():
            questions(section, name, notices, url, summary=SUMMARY)


def chase(section: Section, quick: bool) -> None:
    """A morning on which every unit's reminder is due, on both databases."""
    units, matters = (300, 20) if quick else (1000, 20)
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place, postgres(quick) as servers:
        for name, url in {"SQLite": "", **servers}.items():
            say(f"a tick of the chase on {name} …")
            found = json.loads(script("chasing.py", str(Path(place) / name), str(units), str(matters), url))
            what = f"a tick of the chase over {units:,} units that owe {matters} each"
            section.rows += [
                Row(f"{what} ({name})", found["wall"], "ms", TICK),
                Row(f"{what}, processor time ({name})", found["tick"], "ms"),
                Row(f"{what}, longest hold of the writer ({name})", found["hold"], "ms", HOLD),
            ]


def leads(section: Section, quick: bool) -> None:
    """What secrecy costs."""
    count = 200 if quick else 1000
    say(f"{count:,} leads …")
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place:
        found = json.loads(script("sealing.py", place, str(count)))
    section.rows += [
        Row("sealing a lead to two officers and the recovery key", found["seal"], "ms", SEAL),
        Row("a lead, from message to commit", found["told"], "ms"),
        Row(f"opening {count:,} leads on an officer's machine", found["open"], "s", OPEN),
    ]


def start(section: Section, quick: bool) -> None:
    say("cold start …")
    times = 3 if quick else 5
    demo, bare = starting.measure(times), starting.bare(times)
    section.rows += [
        Row("`shoudao demo`, cold start to the first answer", demo.seconds, "s", START),
        Row("bare aiohttp, the same", bare.seconds, "s"),
        Row(f"`shoudao demo`, resident after {starting.IDLE:.0f} s idle", demo.resident, "MB", RESIDENT),
        Row("bare aiohttp, the same", bare.resident, "MB"),
    ]
    section.notes.append(
        "Cold start: a new process; schema, roster and throw-away keys made on the way; compiled files in the page cache."
    )
