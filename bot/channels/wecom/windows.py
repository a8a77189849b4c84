"""Chances to answer that pass: a click wants its card changed within 5 seconds, a message may be answered for a day.

They live in memory only, because they die with the connection; what could not be said in time lapses, or goes out as an
ordinary message.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels import Outcome
from bot.channels.wecom.pace import Pace
from bot.channels.wecom.passive import Answer

AT_ONCE, A_DAY = 4.5, 23 * 3600.0  # a little less than the platform's 5 s and 24 h
MOST = 20_000


@dataclass(frozen=True)
class Window:
    """`at_once` answers a click or a first step into the chat, once; `later` takes ordinary messages.

    `place` is a chat id, or `private(userid)`.
    """

    until: float
    place: str
    at_once: Callable[[Answer], Awaitable[Outcome]] | None = None
    later: Callable[[Mapping[str, Any]], Awaitable[Outcome]] | None = None


def private(userid: str) -> str:
    """The place of a private chat; no chat id contains a slash."""
    return f"private/{userid.strip().casefold()}"


class Windows:
    """By the platform's id of the message that opened them."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._open: OrderedDict[str, Window] = OrderedDict()

    def open(self, message: str, window: Window) -> None:
        self._open[message] = window
        self._open.move_to_end(message)
        while len(self._open) > MOST:
            self._open.popitem(last=False)

    def find(self, message: str | None) -> Window | None:
        window = self._open.get(message) if message else None
        if window is not None and message is not None and window.until <= self._pace.now():
            del self._open[message]
            return None
        return window

    def take(self, message: str | None) -> Window | None:
        """Find and close: what may be used once only."""
        window = self.find(message)
        if window is not None and message is not None:
            del self._open[message]
        return window

    def newest_in(self, place: str) -> str | None:
        """The id of the last message of a place that may still be answered."""
        now = self._pace.now()
        for message, window in reversed(self._open.items()):
            if window.place == place and window.later is not None and window.until > now:
                return message
        return None
