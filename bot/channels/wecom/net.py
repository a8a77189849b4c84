"""The HTTP client of every leg: no proxy from the environment, our own authority where one is named, no redirects."""

import ssl

import aiohttp

from bot.channels.wecom.settings import WeComSection

CONNECT, TOTAL = 5.0, 15.0


def trust(section: WeComSection) -> ssl.SSLContext | bool:
    """Whom to believe: the system's authorities, or only that of `ca_file`. Raises OSError for a file that is none."""
    if section.ca_file is None:
        return True
    return ssl.create_default_context(cafile=str(section.ca_file))


def client(section: WeComSection, *, fresh: bool = False) -> aiohttp.ClientSession:
    """`fresh`: a new connection for each call, so that a dead one kept alive is no ambiguity."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust(section), force_close=fresh, limit=64),
        timeout=aiohttp.ClientTimeout(total=TOTAL, sock_connect=CONNECT),
        proxy=section.proxy or None,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )
