"""`make bench`: how fast Shoudao is on this machine, and how fast others are; written to RESULTS.md.

    python tests/bench/run.py [speed] [stages] [peers] [large] [steady] | all   [--quick] [--minutes N] [--only flask,werobot]

`speed`, which is meant when nothing is named, is Shoudao beside a bare handler (`speed`); `stages` is where the
microseconds of an ack go, from the request to its answer (`stages`); `peers` has others do the same
work and makes the plot (`peering`); `large` asks ten million receipts (`large`); `steady` watches memory and open files
under minutes of load (`steady`). Servers run on the first core, the load generator on the second.

`--quick` takes fewer and shorter slices and less of everything, and leaves RESULTS.md alone. Exits 1 when a figure that
a table asks for is not reached.
"""

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import large
import machine
import peering
import results
import speed
import stages
import steady
from serving import CLIENT, pin

ENOUGH_FILES = 8192
PARTS = {"speed": speed, "stages": stages, "peers": peering, "large": large, "steady": steady}
ORDER = [part.TITLE for part in PARTS.values()]


def main() -> None:
    asked = _arguments()
    pin(CLIENT)
    _many_connections()
    missed: list[str] = []
    with _compiled():
        for name in asked.parts:
            facts = machine.lines()
            section = PARTS[name].measured(asked)
            text = section.text(facts)
            print(text, flush=True)
            if not asked.quick:
                results.keep(section.title, text, ORDER)
            missed += [row.what for row in section.rows if not row.holds]
    if missed:
        sys.exit("not reached: " + "; ".join(missed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="The speed tables: speed takes about five minutes, peers fifteen, large five, steady as long as asked."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} or all; speed if none is named")
    parser.add_argument("--quick", action="store_true", help="a short run, for a first look; RESULTS.md stays as it is")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the steady load lasts")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="some peers, as in PEERS.toml")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - {*PARTS, "all"}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    asked.parts = list(PARTS) if "all" in asked.parts else asked.parts or ["speed"]
    asked.quick = asked.quick or bool(asked.only)  # a table with some peers is none to keep
    return asked


def _many_connections() -> None:
    """Two thousand at once are many for a usual login, on either side."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(ENOUGH_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


@contextmanager
def _compiled() -> Iterator[None]:
    """Let Python keep compiled files for the servers, in a folder of ours, as it does for whoever starts them twice."""
    with tempfile.TemporaryDirectory(prefix="shoudao-bench-") as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield


if __name__ == "__main__":
    main()
