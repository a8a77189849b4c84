"""Pictures and files that somebody sent: fetched at once, because their addresses die within five minutes.

An address is taken only from a decrypted payload, and only where it leads to an allowed host; what that host resolves
to must be public, and it is the address so judged that is connected to. The bytes are AES-256-CBC, padded to blocks of
32, the first 16 bytes of the key being the IV. Source: developer.work.weixin.qq.com/document/path/100719, official SDK.
"""

import base64
import binascii
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from urllib.parse import unquote

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from yarl import URL

from bot.channels.wecom.crypto import BLOCK, unpad

LARGEST = 20 << 20
SECONDS, STALL = 30.0, 10.0
_TITLE = re.compile(r"""filename(\*?)=(?:"([^"]{0,512})"|([^;\s"]{1,512}))""", re.IGNORECASE)
_KEY = re.compile(r"[0-9A-Za-z+/_-]{43}=?")


class MediaRefused(Exception):
    """It is not to be had from there, or not in that size; trying again is no use. The text is a Chinese sentence."""


class MediaGone(MediaRefused):
    """Its address has expired: whoever sent it must send it again."""


class MediaLater(Exception):
    """The server did not answer well; it may the next time."""


@dataclass(frozen=True)
class Fetched:
    """The bytes of a picture or file, and what its sender called it, if the platform told."""

    data: bytes = field(repr=False)
    title: str = ""


@dataclass(frozen=True)
class Rules:
    """Where media may come from. `*.example.com` is every host below it. Private addresses: private deployments only."""

    hosts: tuple[str, ...]
    private: bool = False
    largest: int = LARGEST


@dataclass(eq=False)
class MediaDoor:
    """Fetches by address. Open it with `media_door`, which makes the session that holds to the rules."""

    http: aiohttp.ClientSession = field(repr=False)
    rules: Rules
    seconds: float = SECONDS

    async def fetch(self, url: str, key: bytes | None) -> Fetched:
        """What is behind `url`, decrypted with `key` if there is one. Raises MediaRefused, MediaGone, MediaLater."""
        target = allowed(url, self.rules)
        timeout = aiohttp.ClientTimeout(total=self.seconds, sock_connect=5.0, sock_read=min(STALL, self.seconds))
        # The context of an error would hold the address, and that is all one needs to fetch a picture: see `_trouble`.
        try:
            async with self.http.get(target, allow_redirects=False, timeout=timeout) as response:
                _look_at(response)
                data = await _stream(response, self.rules.largest + BLOCK)
                title = title_of(response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            trouble = _trouble(fault)
        else:
            data = data if key is None else decrypt(data, key)
            if len(data) > self.rules.largest:
                raise MediaRefused("文件太大，最多20兆")
            return Fetched(data, title)
        raise trouble


@asynccontextmanager
async def media_door(
    rules: Rules, *, proxy: str | None = None, ssl: SSLContext | bool = True, resolver: AbstractResolver | None = None
) -> AsyncIterator[MediaDoor]:
    """A door with a session of its own. Behind a proxy it is the proxy that resolves names: there the hosts decide."""
    inner = _Judging(resolver or ThreadedResolver(), private=rules.private or proxy is not None)
    connector = aiohttp.TCPConnector(ssl=ssl, resolver=inner, use_dns_cache=False, limit=8)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=jar, trust_env=False, proxy=proxy, auto_decompress=False
    ) as http:
        yield MediaDoor(http, rules)


def allowed(url: str, rules: Rules) -> URL:
    """The address, if it may be called. Raises MediaRefused."""
    try:
        target = URL(url)
        host, port = (target.host or "").lower(), target.port
    except ValueError:
        raise MediaRefused("文件地址不对") from None
    schemes = ("https", "http") if rules.private else ("https",)
    plain = target.user is None and target.password is None and not set(url) & set("\\ \t\r\n")
    if target.scheme not in schemes or not plain or not any(_fits(host, pattern) for pattern in rules.hosts):
        raise MediaRefused("文件地址不在允许的范围内")
    if not rules.private and (port != 443 or not _is_name(host)):
        raise MediaRefused("文件地址不在允许的范围内")
    return target


def _fits(host: str, pattern: str) -> bool:
    pattern = pattern.lower()
    return host.endswith(pattern[1:]) and len(host) >= len(pattern) if pattern.startswith("*.") else host == pattern


def _is_name(host: str) -> bool:
    """A name, not an address in any writing: an address would be connected to without asking the resolver."""
    return bool(host) and not host[-1].isdigit() and ":" not in host and host.isascii()


class _NotPublic(OSError):
    """A name led to an address that is not public."""


class _Judging(AbstractResolver):
    """Lets only public addresses through. The connection is made to the very address that was judged here."""

    def __init__(self, inner: AbstractResolver, *, private: bool) -> None:
        self._inner, self._private = inner, private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not self._private and not all(is_public(result["host"]) for result in found):
            raise _NotPublic
        return found

    async def close(self) -> None:
        await self._inner.close()


def is_public(address: str) -> bool:
    """Whether an address may be connected to; one that wraps another (IPv4 in IPv6, 6to4, NAT64) is none."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        wraps = parsed.ipv4_mapped or parsed.sixtofour or parsed.teredo or parsed in _NAT64 or parsed in _COMPATIBLE
        if wraps:
            return False
    return parsed.is_global and not parsed.is_multicast


_NAT64, _COMPATIBLE = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96")


def _look_at(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status in (401, 403, 404, 410):
        raise MediaGone("文件已过期，请重新发送")
    if status in (408, 429) or status >= 500:
        raise MediaLater("暂时取不到文件")
    if status != 200 or response.headers.get("Content-Encoding", "identity") != "identity":
        raise MediaRefused("取不到文件")


async def _stream(response: aiohttp.ClientResponse, limit: int) -> bytes:
    if (response.content_length or 0) > limit:
        raise MediaRefused("文件太大，最多20兆")
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > limit:
            raise MediaRefused("文件太大，最多20兆")
    return bytes(data)


def _trouble(fault: BaseException) -> Exception:
    """What to raise in the place of an error whose text, cause and context hold the address."""
    if isinstance(fault, aiohttp.ClientConnectorError) and isinstance(fault.os_error, _NotPublic):
        return MediaRefused("文件地址不在允许的范围内")
    return MediaLater("暂时取不到文件")


def title_of(headers: Mapping[str, str]) -> str:
    """The name in a Content-Disposition: `filename*` before `filename`, which may be percent-encoded or raw UTF-8."""
    found = _TITLE.findall(headers.get("Content-Disposition", ""))
    values = {star: quoted or bare for star, quoted, bare in found}
    value = values.get("*", "").rpartition("''")[2] or values.get("", "")
    return unquote(value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def media_key(encoded: str) -> bytes:
    """The 32 bytes of an item's `aeskey`, or of an EncodingAESKey; its `=` may be missing. Raises MediaRefused."""
    if not _KEY.fullmatch(encoded):
        raise MediaRefused("文件密钥不对")
    try:
        key = base64.b64decode(encoded.rstrip("=").translate({45: 43, 95: 47}) + "=")
    except binascii.Error:
        raise MediaRefused("文件密钥不对") from None
    return key


def decrypt(data: bytes, key: bytes) -> bytes:
    """Raises MediaRefused where length or padding is not exactly as it must be."""
    if not data or len(data) % BLOCK:
        raise MediaRefused("文件不完整")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = unpad(decryptor.update(data) + decryptor.finalize())
    if plain is None:
        raise MediaRefused("文件解不开")
    return plain
