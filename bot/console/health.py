"""Health and metrics: no token, nothing confidential."""

from collections.abc import Iterable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text

from bot.app import Bot
from models import alarms, outbox

FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Figures(Collector):
    """What the organs count, and how many messages wait or need a person, as one scrape sees them."""

    def __init__(self, bot: Bot, states: Mapping[str, int], standing: int) -> None:
        self.bot, self.states, self.standing = bot, states, standing

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        dispatch, sender = self.bot.dispatch, self.bot.sender
        yield CounterMetricFamily("shoudao_stored", "messages stored since the start", dispatch.stored)
        yield CounterMetricFamily("shoudao_parked", "messages parked since the start", dispatch.parked)
        yield CounterMetricFamily("shoudao_sent", "messages sent since the start", sender.sent)
        yield GaugeMetricFamily("shoudao_waiting", "messages waiting for their transaction", dispatch.waiting)
        yield GaugeMetricFamily("shoudao_alarms", "alarms that say that something does not work now", self.standing)
        states = GaugeMetricFamily("shoudao_outbox", "outgoing messages not settled, by state", labels=["state"])
        for state, count in self.states.items():
            states.add_metric([state], count)
        yield states
        heard = CounterMetricFamily(
            "shoudao_door", "what came to a door, and what became of it", labels=["leg", "what"]
        )
        for door in self.bot.doors.channels.values():
            for leg, counts in getattr(door, "counted", {}).items():
                for what, count in sorted(counts.items()):
                    heard.add_metric([leg, what], count)
        yield heard


async def reasons(bot: Bot) -> list[str]:
    """Why it is not ready to work; nothing while all is well."""
    found = list(bot.troubles.now)
    try:
        async with bot.store.read() as session:
            await session.execute(text("SELECT 1"))
            found += [alarm.what for alarm in await alarms.standing(session) if alarm.what not in found]
    except Exception as trouble:  # whatever the database says, the answer is: not ready
        found.append(f"database: {type(trouble).__name__}")
    return found


class Health:
    """`/healthz` says that the process answers, `/readyz` that it can do its work, and if not, why."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(self, _: web.Request) -> web.Response:
        wrong = await reasons(self.bot)
        return web.json_response({"ready": not wrong, "reasons": wrong}, status=503 if wrong else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        async with self.bot.store.read() as session:
            states, standing = await outbox.by_state(session), len(await alarms.standing(session))
        registry = CollectorRegistry()
        registry.register(Figures(self.bot, states, standing))
        return web.Response(body=generate_latest(registry), headers={"Content-Type": FORMAT})
