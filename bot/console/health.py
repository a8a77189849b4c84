"""Health and metrics: no token, nothing confidential."""

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text

from bot.app import Bot
from models import alarms, outbox


class Health:
    """`/healthz` says that the process answers, `/readyz` that it can do its work, and if not, why."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.registry = CollectorRegistry()
        gauge = {
            "stored": "messages stored since the start",
            "waiting": "messages waiting for their transaction",
            "parked": "messages parked after three tries since the start",
            "sent": "messages sent since the start",
        }
        self.gauges = {name: Gauge(f"shoudao_{name}", what, registry=self.registry) for name, what in gauge.items()}
        self.states = Gauge("shoudao_outbox", "outgoing messages by state", ["state"], registry=self.registry)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(self, _: web.Request) -> web.Response:
        reasons = []
        try:
            async with self.bot.store.read() as session:
                await session.execute(text("SELECT 1"))
                reasons = [a.what for a in await alarms.standing(session)]
        except Exception as trouble:  # whatever the database says, the answer is: not ready
            reasons.append(f"database: {type(trouble).__name__}")
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        dispatch, sender = self.bot.dispatch, self.bot.sender
        numbers = (dispatch.stored, dispatch.waiting, dispatch.parked, sender.sent)
        for gauge, value in zip(self.gauges.values(), numbers, strict=True):
            gauge.set(value)
        async with self.bot.store.read() as session:
            for state, count in (await outbox.by_state(session)).items():
                self.states.labels(state).set(count)
        return web.Response(body=generate_latest(self.registry), headers={"Content-Type": "text/plain; version=0.0.4"})
