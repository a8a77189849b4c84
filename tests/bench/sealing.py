"""What sealing costs the server and opening costs an officer's machine; prints JSON.

    sealing.py FOLDER LEADS

`seal`: one envelope for two officers and the recovery key, milliseconds, median. `told`: a lead from the message to the
commit, median. `open`: LEADS envelopes as the server hands them out, checked and opened with one identity, seconds.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from seeding import START

from bot.app import installation_key
from bot.channels.simulator_posts import Posts
from bot.console.leads import _envelope
from bot.demo import Demo, open_demo
from bot.lead_reading import open_envelope, read_identity
from models import leads
from models.sealing import Recipients, associated, seal

WORDS = "线索 淮滨路皇家棋牌室长期开设赌场，老板绰号“老马”，每晚八点以后有二十多人聚赌，" * 6  # some 700 bytes


def sealing(known: Recipients, times: int) -> float:
    bound, content = associated("0" * 32, START, known.fingerprint), WORDS.encode()
    taken = []
    for _ in range(times):
        since = time.perf_counter()
        seal(content, associated=bound, recipients=known)
        taken.append(time.perf_counter() - since)
    return median(taken) * 1000


async def telling(demo: Demo, count: int) -> float:
    """Messages of one liaison after another, each awaited to its commit."""
    posts = Posts(
        demo.simulator,
        demo.bot.dispatch,
        demo.bot.store,
        demo.bot.around,
        demo.clock,
        installation_key(demo.bot.folder),
    )
    taken = []
    for number in range(count):
        body = {"from": f"u{number % 40 + 1:03d}", "room": None, "text": f"{WORDS}{number}"}
        since = time.perf_counter()
        await posts.message(body)
        taken.append(time.perf_counter() - since)
    return median(taken) * 1000


async def handed_out(demo: Demo) -> list[Mapping[str, Any]]:
    async with demo.bot.store.read() as session:
        found = await leads.listing(session, limit=100_000)
        wraps = await leads.wraps_of(session, [lead.id for lead in found])
        return [json.loads(json.dumps(_envelope(lead, wraps[lead.id]))) for lead in found]


def opening(envelopes: list[Mapping[str, Any]], identity: Path) -> float:
    key = read_identity(identity)
    since = time.perf_counter()
    for envelope in envelopes:
        assert WORDS[3:20] in json.loads(open_envelope(dict(envelope), key))["text"]
    return time.perf_counter() - since


async def main(folder: Path, count: int) -> dict[str, float]:
    async with open_demo(folder, at=START, frozen=True) as demo:
        known = demo.bot.around.recipients
        assert known is not None
        found = {"seal": sealing(known, count), "told": await telling(demo, count)}
        envelopes = await handed_out(demo)
        assert len(envelopes) == count
        return found | {"open": opening(envelopes, folder / "throw-away-keys" / "lead2.key")}


if __name__ == "__main__":
    place, number = sys.argv[1:]
    print(json.dumps(asyncio.run(main(Path(place), int(number)))))
