"""Who may read what: bearer tokens, and one sentence for every refusal."""

import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger
from sqlalchemy.exc import SQLAlchemyError

from bot.faults import Fault
from models.people import Role

if TYPE_CHECKING:  # pydantic takes a third of a second to import, and the demo has no configuration
    from bot.settings import Token

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Shown = TypeVar("Shown", bound=web.StreamResponse)
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


def grant(token: str, role: Role) -> Grant:
    return Grant(hashlib.sha256(token.encode()).hexdigest(), role)


def grants(tokens: "Sequence[Token]") -> list[Grant]:
    """The tokens of the configuration."""
    found = []
    for token in tokens:
        plain = token.token.get_secret_value()
        digest = hashlib.sha256(plain.encode()).hexdigest() if plain else token.token_sha256.lower()
        if digest:
            found.append(Grant(digest, token.role))
    return found


def role_of(request: web.Request, known: Sequence[Grant]) -> Role:
    """The role of the bearer. Raises Fault 401."""
    return grant_of(request, known).role


def grant_of(request: web.Request, known: Sequence[Grant]) -> Grant:
    """Whose token this is. Raises Fault 401; every known token is compared, in constant time."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
    found = None
    for grant in known:
        if hmac.compare_digest(digest, grant.digest):
            found = grant
    if scheme.lower() != "bearer" or found is None:
        raise Fault(401, "需要有效的令牌（Authorization: Bearer …）")
    return found


@web.middleware
async def sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every fault is `{"error": …}`, and every answer carries the security headers."""
    try:
        response = await handler(request)
    except Fault as fault:
        response = _error(fault.status, fault.sentence)
    except web.HTTPException as other:
        if other.status < 400:
            other.headers.update(SECURITY)
            raise
        response = _error(other.status, SENTENCES.get(other.status, "这个请求不对"))
        if "Allow" in other.headers:
            response.headers["Allow"] = other.headers["Allow"]
    except Exception as trouble:
        response = _failed(request, trouble)
    return response if response.prepared else secured(response, fixed=request.path.startswith("/static/"))


def secured(response: Shown, *, fixed: bool = False) -> Shown:
    """With the headers that say how a browser may show it; it keeps nothing but what is `fixed`, and that only to ask again."""
    response.headers.update(SECURITY)
    response.headers.setdefault("Cache-Control", "no-cache" if fixed else "no-store")
    return response


SENTENCES = {404: "没有这个地址", 405: "这个地址不支持这种请求方法", 413: "内容太大", 416: "没有这一段内容"}


def _failed(request: web.Request, trouble: Exception) -> web.Response:
    """Our own failure, unless whoever asked has gone. Neither the address nor the error's text goes into the log: either may quote a person."""
    resource = request.match_info.route.resource
    where = resource.canonical if resource is not None else "?"
    gone = request.transport is None or request.transport.is_closing()
    log.log(logging.INFO if gone else logging.ERROR, "%s %s failed: %s", request.method, where, type(trouble).__name__)
    if isinstance(trouble, SQLAlchemyError | OSError):
        return _error(503, "数据暂时存取不了，没有存下，请稍后再试")
    return _error(500, "出错了，没有办成，请稍后再试")


class _Quiet(logging.Filter):
    """aiohttp logs a traceback, with a part of the request, for rubbish on the socket: that is no error of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        trouble = record.exc_info[1] if record.exc_info else None
        return not isinstance(trouble, HttpProcessingError | ConnectionError)


server_logger.addFilter(_Quiet())


def _error(status: int, sentence: str) -> web.Response:
    body = json.dumps({"error": sentence}, ensure_ascii=False)
    response = web.Response(status=status, text=body, content_type="application/json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
