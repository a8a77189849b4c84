"""The nightly backup. When it is due stands in the database, so that a restart neither forgets nor repeats it."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot import backup
from bot.clock import Clock
from bot.tracing import origin
from models import alarms, marks
from models.store import Store

log = logging.getLogger(__name__)
DUE, ALARM = "backup due", "backup"
AGAIN = timedelta(hours=1)


@dataclass
class Nightly:
    """`look` is called every minute or so; on the first call ever it only sets a date with the next night."""

    store: Store
    clock: Clock
    plan: backup.Plan
    at: time
    zone: ZoneInfo

    async def look(self) -> None:
        async with self.store.read() as session:
            due = await marks.read_time(session, DUE)
        now = self.clock.now()
        if due is None:
            await self.store.write(lambda session: marks.write_mark(session, DUE, self._next(now).isoformat()))
        elif due <= now:
            await self.make()

    async def make(self) -> None:
        """One backup; what goes wrong is an alarm until one succeeds, and is tried again in an hour."""
        now, trouble = self.clock.now(), ""
        try:
            made = await asyncio.to_thread(backup.make, self.plan, now)
            log.info("backup of %d bytes made", made.size)
        except backup.BackupFailed as fault:
            trouble = str(fault)
        except Exception as fault:
            trouble = f"备份没有做成（{origin(fault)}），请检查备份目录和磁盘"
        if trouble:
            log.error("the nightly backup failed")

        async def unit(session: AsyncSession) -> None:
            await marks.write_mark(session, DUE, (now + AGAIN if trouble else self._next(now)).isoformat())
            if trouble:
                await alarms.raise_alarm(session, now, ALARM, trouble)
            else:
                await alarms.clear_alarm(session, now, ALARM)

        await self.store.write(unit)

    def _next(self, now: datetime) -> datetime:
        at = datetime.combine(now.astimezone(self.zone).date(), self.at, tzinfo=self.zone)
        return at if at > now else at + timedelta(days=1)
