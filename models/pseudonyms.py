"""Names that say nobody: who told a lead is kept only as a keyed hash, and found again only in memory.

The key lies in a file beside the database, not in it: a stolen database or a dump names no one. Whoever holds the
database *and* that file can try every person of the roster; the file is therefore left out of backups.
"""

import hmac
from collections.abc import Iterable

MARK = "~"
_HEX = 32


class Pseudonyms:
    """`of` gives one name per person, for messages and questions; `author` one per lead, so that two leads of one
    person cannot be told to belong together."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, person: str) -> str:
        return MARK + self._hash(f"person|{person}")

    def author(self, token: str, person: str) -> str:
        return self._hash(f"author|{token}|{person}")

    def words(self, token: str, said: str) -> str:
        """Tells whether the same words come again while a question about them is open; it goes with the question."""
        return self._hash(f"words|{token}|{said}")

    def unit(self, token: str, unit_id: int) -> str:
        """A unit that a lead must be kept from, without saying in the database that the lead is about it."""
        return self._hash(f"unit|{token}|{unit_id}")

    def person(self, name: str, people: Iterable[str]) -> str | None:
        """Whom a name from `of` means; what is no such name is given back as it is, an unknown one as None."""
        if not name.startswith(MARK):
            return name
        return next((one for one in people if hmac.compare_digest(self.of(one), name)), None)

    def find_author(self, token: str, author: str, people: Iterable[str]) -> str | None:
        return next((one for one in people if hmac.compare_digest(self.author(token, one), author)), None)

    def _hash(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:_HEX]
