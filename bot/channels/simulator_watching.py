"""The page's own event stream: the markup of what changes for one person, while they look."""

from bot.channels.simulator_sight import Sight, Stage
from bot.channels.simulator_streaming import PING, STILL_HERE, event
from bot.channels.simulator_streams import Told


class Fragments:
    """`known` is the state of things when the page was made: if they have changed since, it is told everything anew."""

    def __init__(self, stage: Stage, sight: Sight, known: str) -> None:
        self.stage, self.sight, self._known = stage, sight, known
        self._shown = stage.now()

    def patience(self) -> float:
        """Up to the next minute, for the clock on the page shows it."""
        return min(PING, 60 - self.stage.now().second)

    async def greeting(self) -> bytes:
        now = self.stage.state()
        await self.sight.read()
        missed = self._everything() if now != self._known else b""
        return missed + self._time() + event("read", "1")

    async def tell(self, waiting: list[Told]) -> bytes:
        now = self.stage.now()
        if now.date() != self._shown.date():  # yesterday is another day
            await self.sight.read()
            return self._everything() + self._time()
        fragments = b"".join([event(name, markup) for name, markup in await self.sight.hear(waiting)])
        if (now.hour, now.minute) != (self._shown.hour, self._shown.minute):
            fragments += self._time()
        return fragments or STILL_HERE

    def _everything(self) -> bytes:
        rows = [self.sight.row(one) for one in self.sight.conversations.values()]
        log = [("log", self.sight.log())] if self.sight.open is not None else []
        return b"".join(event(name, markup) for name, markup in (*log, *rows))

    def _time(self) -> bytes:
        self._shown = self.stage.now()
        return event("time", self.sight.time())
