"""Finds known unit names inside running text, longest first, for readers that meet a name between other words."""

import re
from functools import lru_cache

from models.rules.plain import plain
from models.rules.unit_forms import LEVELS, OFFICES, bare, learnt_tails, short_forms


class Spotter:
    """Knows a set of names; `at` looks for one of them at a place. Costs a few dictionary look-ups per place."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names: dict[str, str] = {}
        for name in sorted(names, key=len):
            level = bare(plain(name))
            if len(level) >= 2:
                self._names[level] = name
        levels = {level[0] for level in self._names if level[0] in LEVELS and len(level) > 2}
        for level, name in list(self._names.items()):
            for form in short_forms(level):
                self._names.setdefault(form, name)
                for above in levels - {form[0]}:
                    self._names.setdefault(above + form, name)
        self._lengths: dict[str, list[int]] = {}
        for form in self._names:
            self._lengths.setdefault(form[:2], []).append(len(form))
        for start, lengths in self._lengths.items():
            self._lengths[start] = sorted(set(lengths), reverse=True)
        tails = (*learnt_tails(self._names), *OFFICES)
        self._tail = re.compile("(?:" + "|".join(map(re.escape, tails)) + ")?")

    def at(self, text: str, place: int) -> tuple[str, int] | None:
        """The name at `place` of a levelled text, as the caller spells it, and where it ends, its office included."""
        for length in self._lengths.get(text[place : place + 2], ()):
            name = self._names.get(text[place : place + length])
            if name is not None:
                tail = self._tail.match(text, place + length)
                return name, tail.end() if tail else place + length
        return None

    def begin_with(self, start: str) -> bool:
        """Whether any of the names begins so: 「公安」 does where there is a 公安局."""
        return any(form.startswith(start) for form in self._names)


@lru_cache(maxsize=16)
def spotter(names: frozenset[str]) -> Spotter:
    """The spotter for these names, built once per set."""
    return Spotter(names)
