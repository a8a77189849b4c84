"""Servers under test: each a process of its own on the first core, stopped with its folder thrown away."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SERVER, CLIENT = 0, 1  # cores
ENOUGH = 2
PATIENCE = 60.0


def pin(core: int) -> None:
    """Stay on one core, where there are two to choose from."""
    cores = sorted(os.sched_getaffinity(0) | {SERVER, CLIENT}) if (os.cpu_count() or 1) >= ENOUGH else []
    if core in cores:
        os.sched_setaffinity(0, {core})


@dataclass(frozen=True)
class Server:
    """A running server. `ready` is how long it took from its start to its first answer, in seconds."""

    process: subprocess.Popen[bytes]
    port: int
    ready: float

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def cpu(self) -> float:
        """Seconds of processor time so far, which a busy machine changes less than it does the clock's."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> float:
        """Resident memory in MB, of a million bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6

    def files(self) -> int:
        """How many files, sockets among them, it has open."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())


@contextmanager
def started(
    arguments: Sequence[str], port: int, path: str, *, core: int = SERVER, python: Path | None = None
) -> Iterator[Server]:
    """Run our Python, or another, with `arguments` until `path` answers 200; stopped at the end, whatever happens."""
    environment = os.environ | ({} if python else {"PYTHONPATH": str(ROOT)})
    said = tempfile.TemporaryFile()  # noqa: SIM115  # closed at the end
    since = time.perf_counter()
    process = subprocess.Popen(
        [str(python or sys.executable), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=said,
        stderr=said,
        preexec_fn=lambda: pin(core),  # noqa: PLW1509  # one thread here, and nothing held
    )
    try:
        _wait(process, port, path, said)
        yield Server(process, port, time.perf_counter() - since)
    except (OSError, TimeoutError) as trouble:
        if process.poll() is None:
            raise
        raise RuntimeError(_ended(process, said)) from trouble
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        said.close()


@contextmanager
def floor() -> Iterator[Server]:
    port = free_port()
    with started([str(HERE / "floor.py"), str(port)], port, "/healthz") as server:
        yield server


@contextmanager
def demo(folder: Path | None = None) -> Iterator[Server]:
    """`shoudao demo` over a folder's data, or as a newcomer starts it."""
    port = free_port()
    data = [] if folder is None else ["--data", str(folder)]
    with started(["-m", "bot", "demo", "--no-browser", "--port", str(port), *data], port, "/sim/api/state") as server:
        yield server


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """The same data again, to be spoilt."""
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as place:
        yield Path(shutil.copytree(folder, Path(place) / "data"))


def script(name: str, *arguments: str) -> str:
    """Run one of the scripts of this folder to its end on the servers' core; gives what it printed."""
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=lambda: pin(SERVER),
    )
    return done.stdout.decode()


def say(what: str) -> None:
    """What is going on, to whoever waits."""
    print(what, file=sys.stderr, flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, path: str, said: IO[bytes]) -> None:
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError(_ended(process, said))
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError):
            time.sleep(0.005)
    raise TimeoutError("the server did not answer")


def _ended(process: subprocess.Popen[bytes], said: IO[bytes]) -> str:
    said.seek(0)
    return f"the server ended with {process.returncode}: {said.read()[-2000:].decode(errors='replace')}"
