"""What is wrong now and cannot be written into the database, because the database is what is wrong; in memory only.

`/readyz` shows it, and `bot/alarming.py` tells it to the log and to `alarm.url`.
"""

from collections.abc import Mapping


class Troubles:
    """`what` is a stable name such as `database`; the detail is a sentence without anybody's words in it."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    @property
    def now(self) -> Mapping[str, str]:
        return self._now

    def stands(self, what: str, detail: str) -> None:
        self._now[what] = detail

    def over(self, what: str) -> None:
        self._now.pop(what, None)
