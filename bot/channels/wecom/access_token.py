"""The access token of the self-built app: fetched once for however many ask, and given up for a while when refused."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.channels.wecom.errcodes import sentence
from bot.clock import since_start

EARLY = 300.0  # seconds before its end at which a token is no longer used
PAUSE = 60.0  # seconds for which nobody asks again after a refusal: asking often is itself punished


class NoToken(Exception):
    """There is no token to be had now. `errcode` is None when nobody answered; `wait` is in seconds."""

    def __init__(self, errcode: object, says: str, wait: float) -> None:
        super().__init__(says)
        self.errcode, self.says, self.wait = errcode, says, wait


@dataclass(eq=False)
class AccessToken:
    """`fetch` makes one call of gettoken and gives its answer; it raises NoToken when nobody answered."""

    fetch: Callable[[], Awaitable[Mapping[str, Any]]]
    now: Callable[[], float] = since_start
    fetched: int = 0
    _token: str = field(default="", repr=False)
    _until: float = 0.0
    _shut: NoToken | None = None
    _shut_until: float = 0.0
    _flight: "asyncio.Task[str] | None" = None

    @property
    def trouble(self) -> str:
        """Why there is no token, in one sentence for the office; empty when all is well."""
        return self._shut.says if self._shut is not None else ""

    async def get(self) -> str:
        """A token that should still be good. Raises NoToken."""
        if self._token and self.now() < self._until:
            return self._token
        self._look_at_circuit()
        if self._flight is None:
            self._flight = asyncio.ensure_future(self._fly())
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)

    def spoiled(self, token: str) -> None:
        """The platform refused this token. A newer one, which another call has fetched meanwhile, stays."""
        if token == self._token:
            self._token = ""

    def give_up(self, errcode: object) -> NoToken:
        """Two tokens in a row were refused: ask for no more until the pause is over."""
        self._token = ""
        return self._shut_with(NoToken(errcode, sentence(errcode), PAUSE))

    def _look_at_circuit(self) -> None:
        left = self._shut_until - self.now()
        if self._shut is not None and left > 0:
            raise NoToken(self._shut.errcode, self._shut.says, left)

    def _shut_with(self, trouble: NoToken) -> NoToken:
        self._shut, self._shut_until = trouble, self.now() + trouble.wait
        return trouble

    async def _fly(self) -> str:
        self.fetched += 1
        answer = await self.fetch()
        errcode, token, lasts = answer.get("errcode", 0), answer.get("access_token"), answer.get("expires_in")
        if errcode != 0 or not isinstance(token, str) or not token:
            raise self._shut_with(NoToken(errcode, sentence(errcode if errcode != 0 else None), PAUSE))
        seconds = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else 7200.0
        self._token, self._until = token, self.now() + max(seconds - EARLY, seconds / 2)
        self._shut = None
        return token

    def _landed(self, flight: "asyncio.Task[str]") -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()
