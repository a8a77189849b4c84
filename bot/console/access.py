"""Who may read what: bearer tokens, and one sentence for every refusal."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.faults import Fault
from bot.settings import Token
from models.people import Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True)
class Grant:
    """A token by its SHA-256, and the role it reads as."""

    digest: str
    role: Role


def grants(tokens: Sequence[Token]) -> list[Grant]:
    found = []
    for token in tokens:
        plain = token.token.get_secret_value()
        digest = hashlib.sha256(plain.encode()).hexdigest() if plain else token.token_sha256.lower()
        if digest:
            found.append(Grant(digest, token.role))
    return found


def role_of(request: web.Request, known: Sequence[Grant]) -> Role:
    """The role of the bearer. Raises Fault 401; every known token is compared, in constant time."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
    role = None
    for grant in known:
        if hmac.compare_digest(digest, grant.digest):
            role = grant.role
    if scheme.lower() != "bearer" or role is None:
        raise Fault(401, "需要有效的令牌（Authorization: Bearer …）")
    return role


@web.middleware
async def sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every fault is `{"error": …}`, and every answer carries the security headers."""
    try:
        response = await handler(request)
    except Fault as fault:
        response = _error(fault.status, fault.sentence)
    except web.HTTPRequestEntityTooLarge:
        response = _error(413, "内容太大")
    except web.HTTPNotFound:
        response = _error(404, "没有这个地址")
    except web.HTTPMethodNotAllowed as wrong:
        response = _error(405, "这个地址不支持这种请求方法")
        response.headers["Allow"] = ", ".join(sorted(wrong.allowed_methods))
    if not response.prepared:
        response.headers.update(SECURITY)
    return response


def _error(status: int, sentence: str) -> web.Response:
    body = json.dumps({"error": sentence}, ensure_ascii=False)
    response = web.Response(status=status, text=body, content_type="application/json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
