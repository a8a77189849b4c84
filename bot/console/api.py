"""The read API: what the ledger says, as JSON, for those who hold a token."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.app import Bot
from bot.console.access import Grant, role_of
from bot.faults import Fault
from models import alarms, attachments, leads, notices, outbox, receipts, reports, tallies
from models.attachments import ReportFile
from models.notices import Notice, NoticeState
from models.outbox import OutState
from models.people import Role
from models.permissions import ROUTES, may_fetch
from models.receipts import Receipt, ReceiptEvent
from models.roster import Roster
from models.rules.lead_totals import shown

READERS = {route.removeprefix("GET "): may_fetch(route) for route in ROUTES if route.startswith("GET ")}
INSIDE = frozenset({Role.CLERK, Role.HEAD, Role.LEAD_OFFICER})  # who sees small numbers of leads
FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)


class Api:
    """Read-only; each route names the roles that may, and nobody else may."""

    def __init__(self, bot: Bot, known: Sequence[Grant]) -> None:
        self.bot, self.known = bot, known
        self.zone = bot.around.office.zone

    def add_to(self, app: web.Application) -> None:
        routes = {
            "/api/notices": self.notices,
            "/api/notices/{number}": self.notice,
            "/api/units": self.units,
            "/api/reports": self.reports,
            "/api/photos/{name}": self.photo,
            "/api/files/{name}": self.file,
            "/api/leads/counts": self.lead_counts,
            "/api/outbox": self.outbox,
            "/api/alarms": self.alarms,
        }
        for path, handler in routes.items():
            app.router.add_get(path, self._guarded(path, handler))

    def _guarded(self, path: str, handler: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if role_of(request, self.known) not in READERS[path]:
                raise Fault(403, "这个令牌的角色不能看这一项")
            answer = await handler(request)
            if isinstance(answer, web.StreamResponse):
                return answer
            return web.json_response(answer, dumps=lambda value: json.dumps(value, ensure_ascii=False))

        return guarded

    async def _roster(self, session: Any) -> Roster:
        return (await self.bot.around.load(session)).roster

    def _time(self, at: datetime | None) -> str | None:
        return None if at is None else at.astimezone(self.zone).isoformat(timespec="seconds")

    async def notices(self, request: web.Request) -> list[dict[str, Any]]:
        state = request.query.get("state", "open")
        known = {str(s): (s,) for s in NoticeState} | {"all": tuple(NoticeState)}
        if state not in known:
            raise Fault(400, f"state 应是 {'、'.join(known)} 之一")
        async with self.bot.store.read() as session:
            found = await notices.in_state(session, *known[state])
            counts = await tallies.counts(session, [n.id for n in found])
        return [self._notice(n, counts.get(n.id, (len(n.audience), 0, 0))) for n in found]

    def _notice(self, notice: Notice, counts: tuple[int, int, int]) -> dict[str, Any]:
        total, acked, done = counts
        return {
            "number": notice.number,
            "version": notice.version,
            "kind": notice.kind,
            "text": notice.text,
            "state": notice.state,
            "issued_at": self._time(notice.issued_at),
            "ack_due": self._time(notice.ack_due),
            "done_due": self._time(notice.done_due),
            "total": total,
            "acked": acked,
            "done": done,
        }

    async def notice(self, request: web.Request) -> dict[str, Any]:
        number = _number(request.match_info["number"])
        async with self.bot.store.read() as session:
            notice = await notices.by_number(session, number) if number is not None else None
            if notice is None:
                raise Fault(404, "没有这条通知")
            roster = await self._roster(session)
            rows = {r.unit_id: r for r in await receipts.of_notice(session, notice.id)}
            events = await receipts.events_of(session, notice.id)
            counts = (await tallies.counts(session, [notice.id])).get(notice.id, (len(notice.audience), 0, 0))
        per_unit: dict[int, list[ReceiptEvent]] = {}
        for event in events:
            per_unit.setdefault(event.unit_id, []).append(event)
        ledger = [
            self._receipt(unit.name, rows[unit.id], per_unit.get(unit.id, []))
            for unit in (*roster.units.values(), *roster.former.values())
            if unit.id in rows
        ]
        return self._notice(notice, counts) | {"receipts": ledger}

    def _receipt(self, unit: str, row: Receipt, events: list[ReceiptEvent]) -> dict[str, Any]:
        return {
            "unit": unit,
            "state": row.state,
            "marks": row.marks,
            "acked_at": self._time(row.acked_at),
            "acked_by": row.acked_by,
            "how": row.how,
            "on_version": row.on_version,
            "events": [
                {
                    "at": self._time(e.at),
                    "what": e.what,
                    "by": e.by,
                    "how": e.how,
                    "message": int(e.message) if e.message and e.message.isdigit() else e.message or None,
                    **({"note": e.note} if e.note else {}),
                }
                for e in events
            ],
        }

    async def units(self, _: web.Request) -> list[dict[str, Any]]:
        async with self.bot.store.read() as session:
            roster = await self._roster(session)
        found = []
        for unit in roster.units.values():
            liaison = roster.liaisons.get(unit.id)
            found.append(
                {
                    "number": unit.number,
                    "unit": unit.name,
                    "full": unit.full,
                    "kind": unit.kind,
                    "aliases": list(unit.aliases),
                    "rooms": list(unit.rooms),
                    "liaison": {"id": liaison.id, "name": liaison.name} if liaison is not None else None,
                    "stand_in": liaison.stand_in or None if liaison is not None else None,
                    "leave": [day.isoformat() for day in liaison.leave] if liaison and liaison.leave else None,
                }
            )
        return found

    async def reports(self, request: web.Request) -> list[dict[str, Any]]:
        since, until = self._day(request, "from"), self._day(request, "to")
        if since is not None and until is not None and since > until:
            raise Fault(400, "from 不能晚于 to")
        async with self.bot.store.read() as session:
            roster = await self._roster(session)
            unit = request.query.get("unit")
            if unit and unit not in roster.by_name:
                raise Fault(404, "没有这个单位")
            units = roster.lineage(roster.by_name[unit].id) if unit else None
            found = await reports.between(session, since, until + timedelta(days=1) if until else None, units)
            figures = await reports.figures_of(session, [r.id for r in found])
            files = await attachments.of_reports(session, [r.id for r in found])
            numbers = {
                n.id: n.number
                for n in (await notices.of_ids(session, [r.notice_id for r in found if r.notice_id])).values()
            }
        return [
            {
                "id": r.id,
                "unit": teller.name if (teller := roster.unit_of(r.unit_id)) is not None else None,
                "by": r.by,
                "at": self._time(r.at),
                "text": r.text,
                "notice": numbers.get(r.notice_id) if r.notice_id is not None else None,
                "figures": [_figure(f, f.message or r.source_message) for f in figures[r.id] if not f.corrected],
                "photos": [f"/api/photos/{name}" for name in r.photos],
                **({"files": [_file(f) for f in files[r.id]]} if files[r.id] else {}),
            }
            for r in found
        ]

    def _day(self, request: web.Request, name: str) -> datetime | None:
        """The first instant of a day in the office's zone."""
        text = request.query.get(name)
        if text is None:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if not FIRST <= day <= LAST:  # beyond them another zone's day may not exist
            raise Fault(400, f"{name} 应写成日期，如 2026-11-18")
        return datetime.combine(day, time(), tzinfo=self.zone)

    async def photo(self, request: web.Request) -> web.StreamResponse:
        path = self.bot.media.path(request.match_info["name"])
        async with self.bot.store.read() as session:
            known = path is not None and await reports.shown(session, path.name)
        if path is None or not known:
            raise Fault(404, "没有这张图片")
        return web.FileResponse(path, headers={"Cache-Control": "private, no-store"})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """To be saved, never to be shown: what is in it is its sender's."""
        path = self.bot.media.path_of_file(request.match_info["name"])
        async with self.bot.store.read() as session:
            known = await attachments.shown(session, path.name) if path is not None else None
        if path is None or known is None:
            raise Fault(404, "没有这个文件")
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(known.title, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        }
        return web.FileResponse(path, headers=headers)

    async def lead_counts(self, request: web.Request) -> dict[str, Any]:
        month = self.bot.clock.now().astimezone(self.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        async with self.bot.store.read() as session:
            numbers = await leads.counts(session, month)
        inside = role_of(request, self.known) in INSIDE
        total, this_month, by_stage = numbers if inside else shown(*numbers)
        return {"total": total, "this_month": this_month, "by_stage": by_stage}

    async def outbox(self, request: web.Request) -> list[dict[str, Any]]:
        state = request.query.get("state")
        if state is not None and state not in tuple(OutState):
            raise Fault(400, f"state 应是 {'、'.join(OutState)} 之一")
        async with self.bot.store.read() as session:
            rows = await outbox.in_state(session, OutState(state) if state else None)
            numbers = {
                n.id: n.number
                for n in (await notices.of_ids(session, [r.notice_id for r in rows if r.notice_id])).values()
            }
        return [
            {
                "id": r.id,
                "kind": r.kind,
                "room": r.room,
                "person": r.person,
                "notice": numbers.get(r.notice_id) if r.notice_id is not None else None,
                "state": r.state,
                "created_at": self._time(r.created_at),
                "reason": r.reason,
            }
            for r in rows
        ]

    async def alarms(self, _: web.Request) -> list[dict[str, Any]]:
        async with self.bot.store.read() as session:
            found = await alarms.latest(session)
        return [
            {"at": self._time(a.at), "what": a.what, "detail": a.detail, "cleared_at": self._time(a.cleared_at)}
            for a in found
        ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _file(file: ReportFile) -> dict[str, Any]:
    return {"name": file.title, "size": file.size, "url": f"/api/files/{file.name}"}


def _figure(figure: Any, message: str) -> dict[str, Any]:
    value = int(figure.value) if float(figure.value).is_integer() else figure.value
    return {
        "label": figure.label,
        "value": value,
        "vagueness": figure.vagueness,
        "measure": figure.measure,
        "basis": figure.basis,
        "source_message": int(message) if message.isdigit() else message or None,
    }
