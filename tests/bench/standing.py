"""How a contender stands: the rate beside the floor, the same on new connections, and the burst that platforms make."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from acks import CONNECTIONS, Rate, measure
from others import Peer
from serving import copied, say
from storming import Storm, storm
from trying import Contender, Tried, tried
from visiting import visit

BURST_SECONDS, LIMIT = 15.0, 40.0
TROUBLES = (OSError, RuntimeError, TimeoutError)


@dataclass
class Standing:
    """What was found out about one of them; `kept` is how many of the burst are in its database exactly once."""

    way: Contender
    title: str
    rate: Rate
    tried: Tried | None = None
    newly: float = 0.0
    burst: Storm | None = None
    kept: int = 0
    troubles: list[str] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Seconds of processor time an answer."""
        return median(self.rate.costs or [0.0])

    @property
    def notes(self) -> list[str]:
        lost = self.way.lost if isinstance(self.way, Peer) else []
        void = [f"void: {why}" for why in self.rate.void]
        return [f"{self.title}: {one}" for one in dict.fromkeys([*self.troubles, *lost, *void])]


def measured(way: Contender, title: str, *, quick: bool, burst: bool) -> Standing:
    """Each part for itself: who breaks down in one still has the others."""
    found = Standing(way, title, Rate(title))
    slices, seconds = (1, 1.5) if quick else (3, 3.0)
    say(f"{title} …")
    try:
        found.tried = tried(way)
        found.rate = measure(way, slices=slices, floor_seconds=seconds * 2 / 3, seconds=seconds)
        found.newly = _on_new_connections(way, seconds)
    except TROUBLES as trouble:
        found.troubles.append(f"broke off: {_brief(trouble)}")
    if burst:
        say(f"{title}: the burst …")
        try:
            found.burst, found.kept = _burst(way, 10 if quick else 1)
        except TROUBLES as trouble:
            found.troubles.append(f"its burst broke off: {_brief(trouble)}")
    return found


def _on_new_connections(way: Contender, seconds: float) -> float:
    """Answers a second when every callback comes on a connection of its own."""
    with way.seeded() as folder, copied(folder) as data, way.served(data) as server:
        wires = way.wires(server.port)
        warm = visit(server.port, wires[:400], at_once=8, seconds=1)
        place = len(warm.latencies)
        load = visit(server.port, wires, at_once=CONNECTIONS, seconds=seconds, first=place)
        return len(load.answered) / load.seconds


def _burst(way: Contender, part: int) -> tuple[Storm, int]:
    """The whole burst, or the first of so many parts of it; then the server is killed, and what it kept is counted."""
    with way.seeded() as folder, copied(folder) as data, way.served(data) as server:
        wires = way.wires(server.port)
        wires = wires[: len(wires) // part]
        found = storm(server.port, wires, BURST_SECONDS / part, LIMIT / part)
        server.kill()
        return found, way.kept(Path(data))


def _brief(trouble: BaseException) -> str:
    return f"{type(trouble).__name__}: {str(trouble).strip()[-200:]}"
