"""Adding up figures without losing their vagueness: a total over 余 and 约 says so."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One figure of one unit, in order of reporting."""

    unit: int
    label: str
    value: float
    vagueness: str
    measure: str
    basis: str | None


@dataclass(frozen=True)
class Total:
    """`prefix` is 至少 when only 余 is in it, 约 when anything else is not exact."""

    label: str
    measure: str
    value: float
    units: int
    vague: bool
    prefix: str


def add_up(parts: Iterable[Part]) -> list[Total]:
    """Totals by label and measure in order of first appearance: per unit a 累计 replaces what stood, others add."""
    standing: dict[tuple[str, str], dict[int, list[Part]]] = {}
    for part in parts:
        units = standing.setdefault((part.label, part.measure), {})
        units[part.unit] = [part] if part.basis == "累计" else [*units.get(part.unit, []), part]
    found = []
    for (label, measure), units in standing.items():
        held = [part for parts_ in units.values() for part in parts_]
        kinds = {part.vagueness for part in held}
        total = sum(part.value for part in held)
        found.append(Total(label, measure, total, len(units), kinds != {"exact"}, prefix_of(kinds)))
    return found


def prefix_of(kinds: Collection[str]) -> str:
    """What a total over figures of these vaguenesses must say before its number."""
    vague = set(kinds) - {"exact"}
    return "" if not vague else "至少" if vague == {"余"} else "约"
