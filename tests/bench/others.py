"""A peer: installed from PyPI into an environment of its own under .peers/, served from there, its rows counted."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dialects import DIALECTS, Wires
from serving import HERE, ROOT, Server, free_port, say, started

PEERS, ENVIRONMENTS = HERE / "peers", ROOT / ".peers"
KEPT = """
    SELECT count(*) FROM (SELECT 1 FROM receipts JOIN events USING (notice, person) GROUP BY notice, person HAVING count(*) = 1)
"""


@dataclass(frozen=True)
class Peer:
    """A candidate of `acks`. `lost` says what in which slices was answered and not kept, or not answered."""

    name: str
    script: str
    python: Path
    wires: Wires
    tuned: bool
    lost: list[str] = field(default_factory=list)

    @contextmanager
    def seeded(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="shoudao-peer-") as place:
            (Path(place) / "data").mkdir()
            yield Path(place) / "data"

    def served(self, data: Path) -> AbstractContextManager[Server]:
        port = free_port()
        connection = "kept" if self.tuned else "new"
        arguments = [str(PEERS / f"{self.script}_server.py"), str(port), str(data), connection]
        return started(arguments, port, "/healthz", python=self.python)

    def kept(self, data: Path) -> int:
        """How many answers are there exactly once."""
        with closing(sqlite3.connect(data / "peer.sqlite3")) as file:
            return int(file.execute(KEPT).fetchone()[0])

    def check(self, data: Path, answers: Sequence[bytes], failed: Sequence[bytes]) -> str:
        """A slice counts also where something was lost or refused: it is said beside the figure."""
        kept = self.kept(data)
        if failed:
            self.lost.append(f"{len(failed):,} of {len(failed) + len(answers):,} in a slice were not answered as asked")
        if kept < len(answers):
            self.lost.append(f"killed at the end of a slice, it had answered {len(answers):,} and kept {kept:,}")
        return ""


def peers(only: Sequence[str] = ()) -> list[Peer]:
    """Those of peers/PEERS.toml, or some of them."""
    said = tomllib.loads((PEERS / "PEERS.toml").read_text())
    found = []
    for name, one in said.items():
        if only and name not in only:
            continue
        script = one.get("as", name)
        python = _installed(script, said[script]["needs"])
        wires = DIALECTS[said[script]["dialect"]]
        found.append(Peer(one["title"], script, python, wires, tuned=one.get("tuned", False)))
    return found


def _installed(name: str, needs: Sequence[str]) -> Path:
    """The peer's own Python; made the first time, and again when its needs change."""
    place = ENVIRONMENTS / name
    stamp = place / hashlib.sha256("\n".join(needs).encode()).hexdigest()[:12]
    if not stamp.exists():
        say(f"installing {name} …")
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "--no-input", *needs]
        done = subprocess.run(pip, check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name} could not be installed: {done.stderr.strip()[-500:]}")
        stamp.touch()
    return place / "bin" / "python"
