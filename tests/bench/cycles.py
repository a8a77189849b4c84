"""Where the processor's time goes while 64 acks at a time go through the app's callback, in this process; prints JSON.

    cycles.py CONFIG

aiohttp's server is given requests and asked for answers without a socket between, so that nothing is measured but what
Python does: a kernel's share is the same for every server. Microseconds an ack, in the fastest quarter of the rounds:
a machine that others use is never faster than itself.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import callbacks
import uvloop
from aiohttp import web

from bot import sender, service
from bot.collecting import spare_those_who_wait
from bot.process import prepare_process
from bot.settings import load_settings
from models.sqlite_driver import OneVisit

AT_ONCE, WARM = 64, 30  # acks in a round; rounds that do not count


class Connection(asyncio.Transport):
    """What a server would write into a socket."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def write(self, data: Any) -> None:
        if not self.answer.done():
            self.answer.set_result(bytes(data))

    def writelines(self, parts: Any) -> None:
        self.write(b"".join(parts))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """It is the process that ends."""

    def get_write_buffer_size(self) -> int:
        return 0

    pause_reading = resume_reading = close


class Server:
    """An application behind so many connections."""

    def __init__(self, server: web.Server) -> None:
        self._open = []
        for _ in range(AT_ONCE):
            protocol, connection = server(), Connection()
            protocol.connection_made(connection)
            self._open.append((protocol, connection))

    async def answers(self, wires: Sequence[bytes]) -> list[bytes]:
        loop = asyncio.get_running_loop()
        for (protocol, connection), wire in zip(self._open, wires, strict=True):
            connection.answer = loop.create_future()
            protocol.data_received(wire)
        return [await connection.answer for _, connection in self._open]


async def serving(app: web.Application) -> Server:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    return Server(runner.server)


async def bare(request: web.Request) -> web.Response:
    return web.Response(text="success")


class Spent:
    """Seconds of processor time by stage, for each round."""

    def __init__(self) -> None:
        self.rounds: list[dict[str, float]] = []
        self.stages: Counter[str] = Counter()  # of the round under way
        self.stored = 0.0  # when its last transaction had ended

    def watch_the_thread(self) -> None:
        one, commit = OneVisit._one, OneVisit._commit

        def timed(connection: OneVisit, how: str, sql: str, parameters: Any) -> Any:
            since = time.thread_time()
            try:
                return one(connection, how, sql, parameters)
            finally:
                self.stages["asked" if sql.startswith("SELECT") else "written"] += time.thread_time() - since

        def committed(connection: OneVisit, waiting: Any) -> None:
            since, written = time.thread_time(), self.stages["written"]
            commit(connection, waiting)
            self.stages["commit"] += time.thread_time() - since - (self.stages["written"] - written)

        OneVisit._one, OneVisit._commit = timed, committed  # type: ignore[method-assign]

    def watch_the_batches(self, dispatch: Any) -> None:
        drain = dispatch._drain

        async def timed(jobs: Any) -> None:
            since = time.process_time()
            await drain(jobs)
            self.stored = time.process_time()
            self.stages["loop"] += self.stored - since

        dispatch._drain = timed

    def ended(self, floor: float, since: float) -> None:
        """A round is over; what its stages took is known by what they left over."""
        now, stages = time.process_time(), self.stages
        thread = stages["asked"] + stages["written"] + stages["commit"]
        read = self.stored - since - stages["loop"]
        last = {"floor": floor, "read": read, "answered": now - self.stored, "all": now - since}
        self.rounds.append({**stages, **last, "loop": stages["loop"] - thread})
        self.stages = Counter()

    def figures(self) -> dict[str, float]:
        ordered = sorted(self.rounds[WARM:], key=lambda one: one["all"])
        fastest = ordered[: max(len(ordered) // 4, 1)]
        return {name: fmean(one[name] for one in fastest) / AT_ONCE * 1e6 for name in fastest[0]}


async def main(config: Path) -> dict[str, float]:
    prepare_process()
    settings, spent = load_settings(config), Spent()
    sender.GIVE_WAY = 1e9  # the answers that people are sent are not measured here
    spent.watch_the_thread()
    async with service.opened(settings, live=True) as opened:
        spent.watch_the_batches(opened.bot.dispatch)
        opened.bot.sender.busy = lambda: True
        ours = await serving(service._app(opened))
        plain = web.Application()
        plain.router.add_route("*", "/wecom/app", bare)
        floor = await serving(plain)
        spare_those_who_wait()
        wires = callbacks.APP.wires(80)
        for at in range(0, len(wires) - AT_ONCE + 1, AT_ONCE):
            said = wires[at : at + AT_ONCE]
            since = time.process_time()
            await floor.answers(said)
            beside, since = time.process_time() - since, time.process_time()
            answers = await ours.answers(said)
            spent.ended(beside, since)
            assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers), answers[0][:100]
    return spent.figures()


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(Path(sys.argv[1])))))
