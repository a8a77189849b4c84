"""`make peers`: the same work by others, each in its own idiom, in the same run as ours and the bare floor.

    python tests/bench/peering.py [--quick] [--only flask,werobot] [--slow]

1. Each peer is installed from PyPI into an environment of its own under .peers/ (see peers/PEERS.toml).
2. Slices by turns: floor, candidate, floor, candidate, …; a new connection for each callback, 64 at once, as the
   platform makes them. A candidate counts as a ratio to the two floor slices around it, and is killed at its end: a
   slice whose answers are not all in its database is marked.
3. The burst that platforms make: 25,000 answers in 15 seconds, five seconds of patience, three tries more.
4. `--slow` adds two milliseconds to every fsync, as on a cloud volume.

Writes PEERS.md and peers.svg beside RESULTS.md, unless --quick.
"""

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from urllib.parse import parse_qs

import callbacks
import machine
from envelopes import TOKEN, to_app
from load import percentile
from plot import bars
from serving import CLIENT, HERE, ROOT, SERVER, Server, _wait, copied, floor, free_port, pin
from visiting import Storm, storm, visit

PEERS, ENVIRONMENTS = HERE / "peers", ROOT / ".peers"
AT_ONCE, BURST, BURST_SECONDS, LIMIT = 64, 25_000, 15.0, 40.0
UNITS = callbacks.UNITS


@dataclass
class Candidate:
    """Ours or a peer's: how it is started, what is posted to it, and how many rows it kept."""

    name: str
    title: str
    start: Callable[[Path], object]
    wires: Callable[[int, int], list[bytes]]
    kept: Callable[[Path], int]
    folder: Callable[[], object]
    ratios: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resident: float = 0.0
    burst: Storm | None = None
    burst_kept: int = 0


def main() -> None:
    asked = _arguments()
    pin(CLIENT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    facts = machine.lines()
    with callbacks.seeded() as folder, _slower(asked.slow):
        candidates = [_ours(folder), *_peers(asked.only)]
        slices, seconds = (1, 1.5) if asked.quick else (3, 3.0)
        with floor() as bare:
            rates = _rounds(candidates, bare, slices, seconds)
        for one in candidates:
            _say(f"burst: {one.title} …")
            _burst(one, 10 if asked.quick else 1)
    text = _document(candidates, rates, facts, slow=asked.slow)
    print(text)
    if not asked.quick:
        name = "PEERS-slow-disk" if asked.slow else "PEERS"
        (HERE / f"{name}.md").write_text(text + "\n")
        if not asked.slow:
            (HERE / "peers.svg").write_text(_plot(candidates))


# -- candidates ------------------------------------------------------------------------------------------------------


def _ours(folder: Path) -> Candidate:
    def kept(data: Path) -> int:
        with closing(sqlite3.connect(data / "shoudao.sqlite3")) as file:
            return int(file.execute("SELECT count(*) FROM receipts WHERE acked_at IS NOT NULL").fetchone()[0])

    return Candidate(
        "shoudao",
        "Shoudao, by the app's callback",
        lambda data: callbacks.service(callbacks.APP, data),
        _sealed,
        kept,
        lambda: copied(folder),
    )


def _peers(only: Sequence[str]) -> list[Candidate]:
    found = []
    for name, said in tomllib.loads((PEERS / "PEERS.toml").read_text()).items():
        if only and name not in only:
            continue
        python = _installed(name, said["needs"])
        wires = {"wecom": _sealed, "werobot": _signed_twice, "telegram": _telegram, "onebot": _onebot}[said["wire"]]
        found.append(
            Candidate(
                name,
                said["title"],
                lambda data, python=python, name=name: _running(python, name, data),
                wires,
                _rows,
                lambda: tempfile.TemporaryDirectory(prefix="shoudao-peer-"),
            )
        )
    return found


def _installed(name: str, needs: Sequence[str]) -> Path:
    """The peer's own Python; made the first time."""
    place = ENVIRONMENTS / name
    stamp = place / hashlib.sha256("\n".join(needs).encode()).hexdigest()[:12]
    if not stamp.exists():
        _say(f"installing {name} …")
        if place.exists():
            shutil.rmtree(place)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        quiet = [str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", *needs]
        subprocess.run(quiet, check=True)
        stamp.touch()
    return place / "bin" / "python"


@contextmanager
def _running(python: Path, name: str, data: Path) -> Iterator[Server]:
    port, said = free_port(), tempfile.TemporaryFile()  # noqa: SIM115  # closed at the end
    since = time.perf_counter()
    process = subprocess.Popen(
        [str(python), str(PEERS / f"{name}_server.py"), str(port), str(data)],
        stdout=said,
        stderr=said,
        preexec_fn=lambda: pin(SERVER),  # noqa: PLW1509  # one thread here, and nothing held
    )
    try:
        _wait(process, port, "/healthz", said)
        yield Server(process, port, time.perf_counter() - since)
    finally:
        process.kill()
        process.wait()
        said.close()


def _rows(data: Path) -> int:
    with closing(sqlite3.connect(data / "peer.sqlite3")) as file:
        return int(file.execute("SELECT count(*) FROM receipts").fetchone()[0])


# -- what is posted --------------------------------------------------------------------------------------------------


def _people(count: int) -> Iterator[tuple[str, int, int]]:
    """Every unit's answer to the first notice, then to the second, and so on: userid, notice, message."""
    for index in range(count):
        yield f"u{index % UNITS + 1:03}", index // UNITS + 1, index + 1


def _sealed(port: int, count: int) -> list[bytes]:
    at = int(time.time())
    return [to_app(person, f"收 {notice}", name, at).wire(port, at) for person, notice, name in _people(count)]


def _signed_twice(port: int, count: int) -> list[bytes]:
    """公众平台 signs the address as well as the cipher."""
    found = []
    for wire in _sealed(port, count):
        line, _, rest = wire.partition(b" HTTP/1.1\r\n")
        query = parse_qs(line.partition(b"?")[2].decode())
        parts = sorted((TOKEN, query["timestamp"][0], query["nonce"][0]))
        signature = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
        found.append(line + f"&signature={signature} HTTP/1.1\r\n".encode() + rest)
    return found


def _json(port: int, path: str, body: dict[str, object], *headers: str) -> bytes:
    data = json.dumps(body, ensure_ascii=False).encode()
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data


def _telegram(port: int, count: int) -> list[bytes]:
    found = []
    for person, notice, name in _people(count):
        user = {"id": int(person[1:]), "is_bot": False, "first_name": person}
        chat = {"id": int(person[1:]), "type": "private"}
        message = {"message_id": name, "date": int(time.time()), "chat": chat, "from": user, "text": f"收 {notice}"}
        body: dict[str, object] = {"update_id": name, "message": message}
        found.append(_json(port, "/wecom/app", body, f"X-Telegram-Bot-Api-Secret-Token: {TOKEN}"))
    return found


def _onebot(port: int, count: int) -> list[bytes]:
    found = []
    for person, notice, name in _people(count):
        body: dict[str, object] = {
            "time": int(time.time()), "self_id": 1, "post_type": "message", "message_type": "private",
            "sub_type": "friend", "message_id": name, "user_id": int(person[1:]), "message": f"收 {notice}",
            "raw_message": f"收 {notice}", "font": 0, "sender": {"user_id": int(person[1:]), "nickname": person},
        }  # fmt: skip
        found.append(_json(port, "/onebot/v11/http", body, "X-Self-ID: 1"))
    return found


# -- measuring -------------------------------------------------------------------------------------------------------


def _rounds(candidates: Sequence[Candidate], bare: Server, slices: int, seconds: float) -> list[float]:
    wires = _sealed(bare.port, 2000)
    floors: list[float] = []

    def floor_slice() -> float:
        load = visit(bare.port, wires, at_once=AT_ONCE, seconds=seconds * 2 / 3, again=True)
        floors.append(load.rate)
        return load.rate

    floor_slice()
    for one in candidates:
        _say(f"slices: {one.title} …")
        before = floor_slice()
        for _ in range(slices):
            try:
                rate = _slice(one, seconds)
            except (OSError, RuntimeError, TimeoutError) as trouble:
                one.notes.append(f"broke off: {type(trouble).__name__}: {str(trouble)[-200:]}")
                break
            after = floor_slice()
            one.ratios.append(rate / mean((before, after)))
            one.rates.append(rate)
            before = after
    return floors


def _slice(one: Candidate, seconds: float) -> float:
    with one.folder() as made, one.start(Path(made)) as server:
        wires = one.wires(server.port, 12_000)
        warm = visit(server.port, wires[:400], at_once=8, seconds=1)
        done = len(warm.answered) + len(warm.failed)
        load = visit(server.port, wires, at_once=AT_ONCE, seconds=seconds, first=done)
        one.resident = max(one.resident, server.resident())
        server.kill()
        answered, kept = len(warm.answered) + len(load.answered), one.kept(Path(made))
        failed = len(warm.failed) + len(load.failed)
        if failed:
            one.notes.append(f"{failed} of {failed + answered} not answered 200")
        if kept < answered:
            one.notes.append(f"killed at the end, it had answered {answered} and kept {kept}")
        one.latencies += load.latencies
        return len(load.answered) / load.seconds


def _burst(one: Candidate, part: int) -> None:
    """The whole burst, or one part of so many of it."""
    count = BURST // part
    try:
        with one.folder() as made, one.start(Path(made)) as server:
            wires = one.wires(server.port, min(count, 12_000))
            wires = (
                (wires * (count // len(wires) + 1))[:count] if one.name == "shoudao" else one.wires(server.port, count)
            )
            one.burst = storm(server.port, wires, BURST_SECONDS / part, LIMIT / part)
            server.kill()
            one.burst_kept = one.kept(Path(made))
    except (OSError, RuntimeError, TimeoutError) as trouble:
        one.notes.append(f"burst broke off: {type(trouble).__name__}")


@contextmanager
def _slower(slow: bool) -> Iterator[None]:
    """A shim before every process that is started here, ours and theirs alike."""
    if not slow:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place:
        library = Path(place) / "slow_fsync.so"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(HERE / "slow_fsync.c"), "-ldl"], check=True
        )
        os.environ["LD_PRELOAD"] = str(library)
        try:
            yield
        finally:
            del os.environ["LD_PRELOAD"]


# -- the page --------------------------------------------------------------------------------------------------------


def _document(candidates: Sequence[Candidate], floors: Sequence[float], facts: Sequence[str], *, slow: bool) -> str:
    lines = [
        "# Ours and others" + (", with 2 ms more for every fsync" if slow else ""),
        "",
        "Written by `make peers`"
        + (" with `ARGS=--slow`" if slow else "")
        + ". A new connection for each callback, 64 at once; "
        "durable (synchronous=FULL), once for each id. The peers bring no store: theirs is [peers/keep.py](peers/keep.py).",
        "",
        "| what | × floor | a second | p50 ms | p99 ms | RSS MiB | burst: first try | burst: given up | burst: p99 | burst: max |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for one in candidates:
        lines.append("| " + " | ".join(_cells(one)) + " |")
    ours, best = candidates[0], max((median(c.ratios) for c in candidates[1:] if c.ratios), default=0)
    lines += [
        "",
        f"Burst: {BURST:,} callbacks in {BURST_SECONDS:.0f} s, 5 s of patience, 3 tries more, {LIMIT:.0f} s in all.",
    ]
    if best and ours.ratios:
        lines.append(f"Ours is {median(ours.ratios) / best:.1f} times the best peer.")
    lines += ["", f"- floor {min(floors):,.0f}–{max(floors):,.0f} a second", *(f"- {fact}" for fact in facts)]
    lines += [f"- {one.title}: {note}" for one in candidates for note in dict.fromkeys(one.notes)]
    return "\n".join(lines)


def _cells(one: Candidate) -> list[str]:
    cells = [one.title, *("–",) * 9]
    if one.ratios:
        cells[1:6] = [
            f"{median(one.ratios):.3f}",
            f"{median(one.rates):,.0f}",
            f"{percentile(one.latencies, 50):.0f}",
            f"{percentile(one.latencies, 99):.0f}",
            f"{one.resident:.0f}",
        ]
    if one.burst is not None and one.burst.latencies:
        burst = one.burst
        unanswered = burst.sent - len(burst.tries)
        p99, most = (percentile(burst.latencies, percent) for percent in (99, 100))
        cells[6:10] = [f"{burst.first:.1%}", f"{unanswered:,}", f"{p99:,.0f} ms", f"{most:,.0f} ms"]
    return cells


def _plot(candidates: Sequence[Candidate]) -> str:
    rows = [(one.title, median(one.ratios)) for one in candidates if one.ratios]
    return bars("Durable acks: part of what a bare aiohttp handler answers", rows)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The same work by others: about ten minutes.")
    parser.add_argument(
        "--quick", action="store_true", help="one short slice each and a tenth of the burst; no file is written"
    )
    parser.add_argument("--slow", action="store_true", help="two milliseconds more for every fsync")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    return parser.parse_args()


if __name__ == "__main__":
    main()
