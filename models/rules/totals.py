"""Adding up figures without losing their vagueness: a total over 余 and 约 says so."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One figure of one unit. `covers` are the units that it spoke for when it was said: itself, and those that had
    become part of it. `today` is the unit that it counts under now."""

    unit: int
    label: str
    value: float
    vagueness: str
    measure: str
    basis: str | None
    covers: frozenset[int] = frozenset()
    today: int | None = None


@dataclass(frozen=True)
class Total:
    """`prefix` is 至少 when only 余 is in it, 约 when anything else is not exact."""

    label: str
    measure: str
    value: float
    units: int
    vague: bool
    prefix: str


def standing(parts: Iterable[Part]) -> list[Part]:
    """What still counts of one name's figures, in order of reporting: a 累计 takes the place of what stood for the units
    that it speaks for, others add to it. So two units that have become one are not counted twice."""
    held: dict[int, list[Part]] = {}
    for part in parts:
        if part.basis == "累计":
            for unit in (part.unit, *part.covers):
                held.pop(unit, None)
        held.setdefault(part.unit, []).append(part)
    return [part for parts_ in held.values() for part in parts_]


def add_up(parts: Iterable[Part]) -> list[Total]:
    """Totals by label and measure in order of first appearance."""
    named: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        named.setdefault((part.label, part.measure), []).append(part)
    found = []
    for (label, measure), same in named.items():
        held = standing(same)
        kinds = {part.vagueness for part in held}
        units = {part.unit if part.today is None else part.today for part in held}
        total = sum(part.value for part in held)
        found.append(Total(label, measure, total, len(units), kinds != {"exact"}, prefix_of(kinds)))
    return found


def prefix_of(kinds: Collection[str]) -> str:
    """What a total over figures of these vaguenesses must say before its number."""
    vague = set(kinds) - {"exact"}
    return "" if not vague else "至少" if vague == {"余"} else "约"
