"""What a trial is: a name, a size for each tier, what is asked of it, and a function that says what it reached."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

TIERS = ("tiny", "quick", "full", "night")  # under a minute for `make test`, four minutes, twenty, and some hours


@dataclass
class Reached:
    """The figure, and every fault that was found; a trial without faults has reached what was asked."""

    figure: str = ""
    faults: list[str] = field(default_factory=list)

    def expect(self, true: object, fault: str) -> None:
        if not true:
            self.faults.append(fault)


@dataclass(frozen=True)
class Ground:
    """What a trial may use: an empty folder, its size, a chance that replays, and the URL of a fresh database (empty
    for SQLite in a folder of the trial's choosing)."""

    folder: Path
    size: int
    chance: random.Random
    database: str = ""


@dataclass(frozen=True)
class Trial:
    name: str
    title: str
    asked: str
    sizes: tuple[int, int, int, int]
    unit: str
    run: Callable[[Ground], Awaitable[Reached]]
    on_postgresql: bool = False


TRIALS: dict[str, Trial] = {}
Run = Callable[[Ground], Awaitable[Reached]]


def trial(
    name: str, title: str, *, asked: str, sizes: tuple[int, int, int, int], unit: str, on_postgresql: bool = False
) -> Callable[[Run], Run]:
    """Marks the function of a trial. `sizes` are those of the tiers, in their order; 0 leaves it out."""

    def mark(run: Run) -> Run:
        TRIALS[name] = Trial(name, title, asked, sizes, unit, run, on_postgresql)
        return run

    return mark
