"""The empty 200, over sockets: nobody can tell it from the one that aiohttp writes."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import web

from bot.channels.wecom.empty_answer import EmptyAnswer

NOW = 1_790_000_000
DATE = re.compile(rb"Date: ([^\r]+)\r\n")
UNREAD = web.AppKey("unread", list[int])


async def ours(request: web.Request) -> web.StreamResponse:
    await request.read()
    if request.transport is not None:
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        request.app[UNREAD].append(request.transport.get_write_buffer_size())
    answer = EmptyAnswer(NOW)
    answer.headers.update({"X-Said": said} if (said := request.query.get("said")) else {})
    return answer


async def theirs(request: web.Request) -> web.StreamResponse:
    await request.read()
    return web.Response(headers={"X-Said": said} if (said := request.query.get("said")) else {})


@pytest.fixture
def unread() -> list[int]:
    """How many bytes of earlier answers waited when each question came."""
    return []


@pytest.fixture
async def port(unread: list[int]) -> AsyncIterator[int]:
    app = web.Application()
    app[UNREAD] = unread
    app.router.add_post("/ours", ours)
    app.router.add_post("/theirs", theirs)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def said(port: int, wire: bytes, answers: int) -> tuple[bytes, bool]:
    """So many answers' heads, without their dates, and whether the connection was closed behind the last."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(wire)
    found = b"".join([await reader.readuntil(b"\r\n\r\n") for _ in range(answers)])
    writer.write(b"POST /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
    try:
        closed = await reader.read(1) == b""
    except ConnectionResetError:
        closed = True
    writer.close()
    return DATE.sub(b"", found), closed


@pytest.mark.parametrize(
    "head",
    [
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "POST {} HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST {}?said=more HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
        "POST {} HTTP/1.0\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "POST {} HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
        "POST {} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
async def test_it_is_what_aiohttp_writes_whatever_was_asked(port: int, head: str) -> None:
    answers = 2 if "Expect" in head else 1
    assert await said(port, head.format("/ours").encode(), answers) == await said(
        port, head.format("/theirs").encode(), answers
    )


async def test_its_date_is_the_second_in_which_it_was_given(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /ours HTTP/1.1\r\nHost: x\r\n\r\n")
    found = DATE.search(await reader.readuntil(b"\r\n\r\n"))
    assert found is not None
    assert found[1] == b"Mon, 21 Sep 2026 14:13:20 GMT"
    writer.close()


async def test_whoever_asks_and_never_reads_is_not_answered_without_end(port: int, unread: list[int]) -> None:
    many = 40_000  # whose answers are five megabytes
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=narrow)
    cast(asyncio.ReadTransport, writer.transport).pause_reading()
    writer.write(b"POST /ours HTTP/1.1\r\nHost: x\r\n\r\n" * many)
    for _ in range(20_000):  # turns of the loop, in each of which the server could answer
        await asyncio.sleep(0)
    assert 0 < max(unread) < 200_000
    cast(asyncio.ReadTransport, writer.transport).resume_reading()
    for _ in range(many):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()
