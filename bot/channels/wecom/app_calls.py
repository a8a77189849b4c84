"""One call of the server API by the self-built app, with its token; no address or secret ever stands in an error.

aiohttp's own errors hold the address, and the address holds token or secret: they are turned into sentences here and
let go. Sources: developer.work.weixin.qq.com/document/path/91039 (gettoken), 90313 (codes).
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.channels import Outcome, refused
from bot.channels.wecom.access_token import AccessToken, NoToken
from bot.channels.wecom.errcodes import Meaning, code, failure, from_status, sentence
from bot.clock import since_start

Answer = dict[str, Any]
LARGEST_ANSWER = 1 << 20
SECONDS = 8.0
AT_ONCE = 24  # calls under way: of two hundred replies begun in one breath, whoever speaks just then would feel it
_TOKEN_REFUSED = (Meaning.TOKEN, Meaning.SECRET)


class Unanswered(Exception):
    """No usable answer came. `ended` says what that means for a message; the text is a sentence without an address."""

    def __init__(self, ended: Outcome) -> None:
        super().__init__(ended.reason)
        self.ended = ended


class ApiRefused(Exception):
    """The platform answered with an error code; the text is a sentence for the office."""

    def __init__(self, errcode: object) -> None:
        super().__init__(sentence(errcode))
        self.errcode = errcode


@dataclass(eq=False)
class AppCalls:
    """`http` comes from `net.client`, which sets proxy and authority; it is not closed here. `base` has no end slash."""

    http: aiohttp.ClientSession = field(repr=False)
    base: str
    corp_id: str
    agent_id: int
    secret: str = field(repr=False)
    seconds: float = SECONDS
    now: Callable[[], float] = since_start
    access: AccessToken = field(init=False)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False, repr=False)

    def __post_init__(self) -> None:
        self.access = AccessToken(self._gettoken, self.now)

    async def called(self, method: str, path: str, **more: Any) -> Answer:
        """One call with a token; a refused token is replaced once, then the circuit opens.

        `params` are added to the address; the body is `data`, or what `form()` makes anew for each try. With `raw` the
        bytes come as `{"raw": …}`. Raises NoToken or Unanswered.
        """
        for last in (False, True):
            token = await self.access.get()
            async with self._room:
                answer = await self._http(method, path, token=token, **more)
            if code(answer.get("errcode")).meaning not in _TOKEN_REFUSED:
                return answer
            self.access.spoiled(token)
            if last:
                break
        raise self.access.give_up(answer.get("errcode"))

    async def asked(self, method: str, path: str, **more: Any) -> Answer:
        """As `called`, for questions: an error code raises ApiRefused."""
        answer = await self.called(method, path, **more)
        if answer.get("errcode") != 0:
            raise ApiRefused(answer.get("errcode"))
        return answer

    async def _gettoken(self) -> Mapping[str, Any]:
        params = {"corpid": self.corp_id, "corpsecret": self.secret}
        try:
            return await self._http("GET", "/cgi-bin/gettoken", params=params)
        except Unanswered as trouble:
            raise NoToken(None, trouble.ended.reason, 2.0) from None

    async def _http(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        form: Callable[[], aiohttp.FormData] | None = None,
        limit: int = LARGEST_ANSWER,
        raw: bool = False,
    ) -> Answer:
        query = dict(params or {}) | ({"access_token": token} if token is not None else {})
        headers = {"Content-Type": "application/json"} if data is not None else {}
        body = form() if form is not None else data
        timeout = aiohttp.ClientTimeout(total=self.seconds, sock_connect=min(self.seconds, 5.0))
        # `from None`, and raised outside the handler: the cause and the context would both hold the address.
        try:
            async with self.http.request(
                method,
                self.base + path,
                params=query,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                ended = from_status(response.status)
                if ended is None:
                    return _read(await _capped(response, limit), raw=raw)
        except (aiohttp.ClientError, TimeoutError, OSError) as trouble:
            ended = failure(trouble)
        raise Unanswered(ended)


async def _capped(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise Unanswered(refused("企业微信的答复太大"))
    return bytes(body)


def _read(body: bytes, *, raw: bool) -> Answer:
    """The JSON of an answer, empty if it is none. A file comes as its bytes, an error in its place as JSON."""
    try:
        found = json.loads(body) if not raw or body[:1] == b"{" else None
    except (ValueError, RecursionError):
        found = None
    if raw:
        return found if isinstance(found, dict) and "errcode" in found else {"raw": body, "errcode": 0}
    return found if isinstance(found, dict) else {}
