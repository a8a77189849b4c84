"""Patterns that are compiled when they are first asked for.

Compiled with their modules, those of the rules take an eighth of a start that the first answer waits for.
"""

import re
import sys
from collections.abc import Iterator
from functools import cached_property


class LatePattern:
    """A `re.Pattern` of which only the words are known so far."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def match(self, text: str, at: int = 0) -> re.Match[str] | None:
        return self._compiled.match(text, at)

    def fullmatch(self, text: str, at: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        return self._compiled.fullmatch(text, at, end)

    def search(self, text: str) -> re.Match[str] | None:
        return self._compiled.search(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        return self._compiled.finditer(text)

    def sub(self, new: str, text: str) -> str:
        return self._compiled.sub(new, text)

    def split(self, text: str) -> list[str]:
        return self._compiled.split(text)
