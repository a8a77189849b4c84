"""Threads share one heap: seen in the process's own map of its memory."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A heap of a thread is a reserved stretch of some 64 MB.
COUNT = """
import sys, threading
if sys.argv[1:]:
    from bot.one_heap import share_one_heap
    share_one_heap()
kept, done = [], threading.Event()
def work():
    kept.extend(bytearray(2000) for _ in range(200))
    done.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for one in threads: one.start()
while len(kept) < 800: pass
spans = [line.split() for line in open("/proc/self/maps")]
sizes = [[int(end, 16) for end in span[0].split("-")] for span in spans if span[1] == "---p" and len(span) == 5]
print(sum(60 << 20 < end - start <= 64 << 20 for start, end in sizes))
done.set()
"""


def heaps(*asked: str) -> int:
    said = subprocess.run([sys.executable, "-c", COUNT, *asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(said.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread a heap")
def test_threads_share_one_heap() -> None:
    assert heaps() > 0
    assert heaps("shared") == 0
