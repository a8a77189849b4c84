"""Ciphertexts for officers: listed, fetched and wrapped anew, each act with one row in the journal.

Nothing here can open a lead. The page does that in the officer's browser (`static/leads.js`), the command line on the
officer's machine (`bot.lead_reading`); neither ever sends an identity.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Bot
from bot.console.access import Grant, grant_of
from bot.faults import Fault
from models import alarms, envelopes, journal, leads
from models.leads import Lead, LeadWrap, Stage
from models.permissions import may_fetch
from models.rules.lead_stages import read_lead_number
from models.sealing import Recipients, Sealed, digest

PAGES = Path(__file__).resolve().parent.parent.parent / "templates" / "pages"
STATIC = PAGES / "static"
FILES = {
    "leads.js": STATIC / "leads.js",
    "leads-open.js": STATIC / "leads-open.js",
    "leads.css": STATIC / "leads.css",
    "age.js": STATIC / "vendor" / "age.js",
}
AGE = b"age-encryption.org/v1\n"
LARGEST_WRAP, AT_ONCE = 4096, 200


class LeadDesk:
    """The officers' own routes. A token reads as `lead_officer` or is refused."""

    def __init__(self, bot: Bot, known: Sequence[Grant]) -> None:
        self.bot, self.known = bot, known

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/leads", self.page)
        app.router.add_get("/leads/{name}", self.file)
        app.router.add_get("/api/leads", self.listing)
        app.router.add_get("/api/leads/recipients", self.recipients)
        app.router.add_get(r"/api/leads/{lead:[Ll]-?\d+}", self.fetch)
        app.router.add_post(r"/api/leads/{lead:[Ll]-?\d+}/wraps", self.rewrap)

    async def page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGES / "leads.html", headers={"Cache-Control": "no-store"})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """What the page loads; the service itself has no other static files."""
        path = FILES.get(request.match_info["name"])
        if path is None:
            raise Fault(404, "没有这个地址")
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def _officer(self, request: web.Request, route: str) -> str:
        """Who asks, as the journal names a token. Raises Fault 401 or 403; a known token that tries what it may not is
        written down, an unknown one is nobody's."""
        grant = grant_of(request, self.known)
        actor = f"token:{grant.digest[:12]}"
        if grant.role not in may_fetch(route):
            await self.bot.store.write(lambda session: self._write_down(session, actor, "refused", f"route:{route}"))
            raise Fault(403, "这个令牌的角色不能看这一项")
        return actor

    async def listing(self, request: web.Request) -> web.Response:
        """What stands in clear of each lead, by number."""
        actor = await self._officer(request, "GET /api/leads")
        after = request.query.get("after", "0")
        if not after.isdigit() or len(after) > 9:
            raise Fault(400, "after 应是线索编号的数字")

        async def unit(session: AsyncSession) -> list[dict[str, Any]]:
            await self._write_down(session, actor, "lead.list", "leads")
            return [self._clear(lead) for lead in await leads.listing(session, int(after), AT_ONCE)]

        return _json(await self.bot.store.write(unit))

    async def recipients(self, request: web.Request) -> web.Response:
        """The list that the server seals to; the client compares it with its own copy and never takes it from here."""
        await self._officer(request, "GET /api/leads/recipients")
        async with self.bot.store.read() as session:
            known = await self._known(session)
        return _json({"fingerprint": known.fingerprint, "keys": known.keys()})

    async def fetch(self, request: web.Request) -> web.Response:
        """All envelopes of one lead."""
        actor = await self._officer(request, "GET /api/leads/{lead}")

        async def unit(session: AsyncSession) -> dict[str, Any] | None:
            lead = await self._lead(session, request)
            if not await self._sound(session, actor, lead):
                return None
            await self._write_down(session, actor, "lead.fetch", f"lead:{lead.name}")
            parts = [lead, *await leads.parts_of(session, lead.id)]
            wraps = await leads.wraps_of(session, [one.id for one in parts])
            whole = [] if lead.erased_at is not None else [_envelope(one, wraps[one.id]) for one in parts]
            return self._clear(lead) | {"envelopes": whole}

        return _json(_unchanged(await self.bot.store.write(unit)))

    async def rewrap(self, request: web.Request) -> web.Response:
        """Wraps made by an officer's client for holders who have none yet; those of retired holders go."""
        actor = await self._officer(request, "POST /api/leads/{lead}/wraps")
        body = _wraps(await request.read())

        async def unit(session: AsyncSession) -> dict[str, Any] | None:
            lead = await self._lead(session, request)
            if not await self._sound(session, actor, lead):
                return None  # its digest would be noted anew, and the change with it
            if lead.stage == Stage.DRILL:
                raise Fault(409, "演练线索只给一个人，不换接收人")
            added: set[str] = set()
            gone: set[str] = set()
            for one in [lead, *await leads.parts_of(session, lead.id)]:
                new, old = await self._rewrap(session, one, body.get(one.token, {}))
                added, gone = added | new, gone | old
            digests = [one.digest for one in [lead, *await leads.parts_of(session, lead.id)]]
            detail = {"added": sorted(added), "gone": sorted(gone), "digests": digests}
            await self._write_down(session, actor, "lead.rewrap", f"lead:{lead.name}", detail)
            return {"added": sorted(added), "gone": sorted(gone)}

        return _json(_unchanged(await self.bot.store.write(unit)))

    async def _rewrap(self, session: AsyncSession, lead: Lead, given: Mapping[str, bytes]) -> tuple[set[str], set[str]]:
        active = set((await self._known(session)).keys())
        standing = (await leads.wraps_of(session, [lead.id]))[lead.id]
        if unknown := set(given) - active:
            raise Fault(400, f"{sorted(unknown)[0]} 不在接收人名单里")
        new = set(given) - set(standing)  # a wrap that stands is never replaced: it may be the last good one
        gone = set(standing) - active if active <= new | set(standing) else set()
        session.add_all(LeadWrap(lead_id=lead.id, key_id=key, wrapped=given[key]) for key in new)
        await leads.unwrap(session, lead.id, gone)
        await session.flush()
        wraps = (await leads.wraps_of(session, [lead.id]))[lead.id]
        lead.digest = digest(Sealed(lead.nonce, lead.ciphertext, wraps, lead.algorithm))
        return new, gone

    async def _sound(self, session: AsyncSession, actor: str, lead: Lead) -> bool:
        """Whether the stored envelopes are those that the journal noted; a changed one is written down, and an alarm."""
        if lead.erased_at is not None or await envelopes.as_noted(session, lead):
            return True
        await self._write_down(session, actor, "lead.changed", f"lead:{lead.name}")
        detail = f"线索 {lead.name} 存着的密文与日志登记的不符，可能被改动或调换，没有给出；请核对日志和备份"
        await alarms.raise_alarm(session, self.bot.clock.now(), f"lead changed:{lead.name}", detail)
        return False

    async def _lead(self, session: AsyncSession, request: web.Request) -> Lead:
        number, _ = read_lead_number(request.match_info["lead"])
        lead = await leads.by_number(session, number) if number is not None else None
        if lead is None:
            raise Fault(404, "没有这条线索")
        return lead

    async def _known(self, session: AsyncSession) -> Recipients:
        """The list that leads are sealed to now; one that still waits for its second officer is nobody's to wrap to."""
        known = (await self.bot.around.load(session)).recipients
        if known is None:
            raise Fault(409, "接收人名单没有备齐")
        return known

    def _clear(self, lead: Lead) -> dict[str, Any]:
        zone = self.bot.around.office.zone
        return {
            "number": lead.name,
            "stage": lead.stage,
            "outcome": lead.outcome,
            "received": lead.received_hour.astimezone(zone).isoformat(timespec="minutes"),
            "size": lead.size,
            "digest": lead.digest,
            "erased": lead.erased_at is not None,
        }

    async def _write_down(
        self, session: AsyncSession, actor: str, act: str, about: str, detail: dict[str, Any] | None = None
    ) -> None:
        now = self.bot.clock.now()
        await journal.record(session, at=now, actor=actor, act=act, object=about, detail=detail or {})


def _unchanged(answer: dict[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        raise Fault(409, "存着的密文与登记时不符，可能被改动，没有给出；已记入日志并报警")
    return answer


def _envelope(lead: Lead, wraps: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "token": lead.token,
        "hour": lead.received_hour.strftime("%Y-%m-%dT%HZ"),
        "algorithm": lead.algorithm,
        "fingerprint": lead.fingerprint,
        "nonce": base64.b64encode(lead.nonce).decode(),
        "ciphertext": base64.b64encode(lead.ciphertext).decode(),
        "wraps": {key: base64.b64encode(data).decode() for key, data in sorted(wraps.items())},
        "digest": lead.digest,
    }


def _wraps(body: bytes) -> dict[str, dict[str, bytes]]:
    """`{"<token>": {"<key id>": "<base64>"}}`; anything else is a Fault."""
    try:
        given = json.loads(body)
        found = {
            str(token): {str(key): base64.b64decode(data, validate=True) for key, data in wraps.items()}
            for token, wraps in given.items()
        }
    except (ValueError, AttributeError, TypeError, RecursionError, binascii.Error):
        raise Fault(400, "请求体应是 信封、密钥、base64 三层的 JSON") from None
    if any(not w.startswith(AGE) or len(w) > LARGEST_WRAP for wraps in found.values() for w in wraps.values()):
        raise Fault(400, "有一个封包不是 age 格式")
    return found


def _json(value: object) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.json_response(value, headers=headers, dumps=lambda one: json.dumps(one, ensure_ascii=False))
