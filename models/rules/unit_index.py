"""A roster's unit names, taken apart once so that a name can be looked up among a thousand units in microseconds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from models.rules.pinyin import syllables
from models.rules.plain import plain
from models.rules.unit_forms import (
    KINDS,
    LEVELS,
    OFFICES,
    bare,
    in_order,
    is_fair_short,
    learnt_tails,
    may_be_same_kind,
    short_forms,
    without_joints,
    without_level,
)

_MANY = 12


@dataclass(frozen=True)
class UnitName:
    """One unit as the roster writes it: `name` is what answers give back; `full` and `aliases` are other spellings."""

    name: str
    full: str = ""
    aliases: tuple[str, ...] = ()


class UnitIndex:
    """Looks a levelled name up: exactly, by characters in order, by sound, by a shared piece."""

    def __init__(self, roster: Sequence[UnitName]) -> None:
        self.roster = tuple(roster)
        written = [self._written(unit) for unit in self.roster]
        self.tails = (*learnt_tails(form for forms in written for form in forms), *OFFICES)
        self._levels = {form[0] for forms in written for form in forms if form[0] in LEVELS and len(form) > 2}
        # Who is called exactly so, by how surely: the roster's own name before another spelling, both before a guess.
        self._exact: tuple[dict[str, set[int]], dict[str, set[int]], dict[str, set[int]]] = ({}, {}, {})
        for unit, forms in enumerate(written):
            self._add(unit, forms)
        self.longest = max((len(form) for tier in self._exact for form in tier), default=0) + max(map(len, self.tails))
        self._forms = [(form, unit) for unit, forms in enumerate(written) for form in self._to_search(forms)]
        self._holding: dict[str, int] = {}
        for at, (form, _) in enumerate(self._forms):
            for char in set(form):
                self._holding[char] = self._holding.get(char, 0) | 1 << at

    @staticmethod
    def _written(unit: UnitName) -> list[str]:
        forms = (bare(plain(form)) for form in (unit.name, unit.full, *unit.aliases))
        return list(dict.fromkeys(form for form in forms if form))

    def _add(self, unit: int, forms: list[str]) -> None:
        for tier, form in enumerate(forms):
            self._exact[min(tier, 1)].setdefault(form, set()).add(unit)
        own_level = {form[0] for form in forms[:1] if form[0] in self._levels and without_level(form) != form}
        for form in forms:
            for short in short_forms(form):
                for prefix in ("", *own_level):
                    self._exact[2].setdefault(short if short.startswith(prefix) else prefix + short, set()).add(unit)

    @staticmethod
    def _to_search(forms: Iterable[str]) -> set[str]:
        return {without_joints(form) for form in forms}

    def called(self, name: str) -> set[int]:
        """The units called exactly `name`, with or without the office behind it; several when the roster says so."""
        for form in self._without_tails(name):
            for tier in self._exact:
                if form in tier:
                    return tier[form]
        return set()

    def _without_tails(self, name: str) -> Iterator[str]:
        yield name
        for _ in range(2):
            tail = next((tail for tail in self.tails if name.endswith(tail) and len(name) >= len(tail) + 2), None)
            if tail is None:
                return
            name = name.removesuffix(tail)
            yield name

    def abbreviated(self, name: str) -> set[int]:
        """The units of which `name` may be an abbreviation: its characters in order, from the first that matters.

        A unit that only holds the characters (资源局: 自然资源, but also 人力资源) does not win, but it spoils the win.
        """
        for short in map(without_joints, self._without_tails(name)):
            holding = [(long, unit) for long, unit in self._in_order(short) if may_be_same_kind(short, long)]
            if any(is_fair_short(short, long) for long, _ in holding):
                return {unit for _, unit in holding}
        return set()

    def _in_order(self, short: str) -> Iterator[tuple[str, int]]:
        """The forms that hold `short` in order, in roster order; once they are many, the rest would change nothing."""
        seen: set[int] = set()
        # One bit a form: those that hold every character, before the order is looked at.
        left = -1 if short else 0
        for char in set(short):
            left &= self._holding.get(char, 0)
        while left and len(seen) < _MANY:
            at = (left & -left).bit_length() - 1
            left &= left - 1
            long, unit = self._forms[at]
            if in_order(short, long):
                seen.add(unit)
                yield long, unit

    def akin(self, name: str) -> set[int]:
        """The units that hold the characters of `name` in order, fairly or not: for asking only."""
        core = without_level(name) if len(name) > 2 else name
        return {unit for form in {name, core} for _, unit in self._in_order(without_joints(form))}

    def sharing(self, name: str) -> list[int]:
        """The units that share a telling piece of two characters with `name`, most first: for asking only."""
        pieces = {name[at : at + 2] for at in range(len(name) - 1)}
        points: dict[int, int] = {}
        for piece in pieces - self._common:
            for unit in self._pieces.get(piece, ()):
                points[unit] = points.get(unit, 0) + 1
        return sorted(points, key=lambda unit: (-points[unit], unit))

    @cached_property
    def _pieces(self) -> dict[str, set[int]]:
        pieces: dict[str, set[int]] = {}
        for form, unit in self._forms:
            for at in range(len(form) - 1 - (form[-1] in KINDS)):
                pieces.setdefault(form[at : at + 2], set()).add(unit)
        return pieces

    @cached_property
    def _common(self) -> set[str]:
        """Pieces that tell nothing: what many units share, and the tails."""
        often = {piece for piece, units in self._pieces.items() if len(units) > max(3, len(self.roster) // 8)}
        return (
            often | {tail[at : at + 2] for tail in self.tails for at in range(len(tail) - 1)} | {"市委", "委员", "员会"}
        )

    def sounding(self, name: str) -> set[int]:
        """The units one of whose spellings sounds like `name`, however it is written: for asking only."""
        return set().union(*(self._sounds.get(syllables(form), set()) for form in self._without_tails(name)))

    @cached_property
    def _sounds(self) -> dict[str, set[int]]:
        sounds: dict[str, set[int]] = {}
        for tier in self._exact:
            for form, units in tier.items():
                sounds.setdefault(syllables(form), set()).update(units)
        return sounds
