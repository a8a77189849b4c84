"""The empty 200 that almost every callback is answered with: but for its Date the same bytes each time."""

from email.utils import formatdate
from functools import lru_cache

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE


class EmptyAnswer(web.Response):
    """What aiohttp would write, written at once. `now` is in seconds since 1970.

    To gather its headers, look for cookies, compression and chunks, and put them together again took as long as to
    verify and decrypt a message. Whoever wants the connection closed, or leaves answers unread, gets it the long way.
    """

    def __init__(self, now: int) -> None:
        super().__init__()
        self._now, self._written = now, False

    @property
    def keep_alive(self) -> bool | None:
        return True if self._written else super().keep_alive

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        transport = request.transport
        usual = request.version == HttpVersion11 and request.keep_alive and not self.headers
        if not usual or transport is None or transport.is_closing() or transport.get_write_buffer_size():
            return await super().prepare(request)
        self._written = True
        transport.write(_whole(self._now))
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        if not self._written:
            await super().write_eof(data)


@lru_cache(maxsize=2)
def _whole(now: int) -> bytes:
    head = ("HTTP/1.1 200 OK", "Content-Length: 0", f"Date: {formatdate(now, usegmt=True)}")
    return "\r\n".join([*head, f"Server: {SERVER_SOFTWARE}", "", ""]).encode()
