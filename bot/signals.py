"""What the office must hear of when messages do not leave: no failure is silent for more than five minutes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import AWAITS, PACED
from models import alarms, fates
from models.freezing import HELD
from models.outbox import OutState
from models.rules.retrying import worth_saying

NO_DOOR = "通道未开"
UNKNOWN, FAILED = "unknown:", "failed:"
REMEMBERED = timedelta(days=1)
SOON = timedelta(minutes=5)


async def about(session: AsyncSession, ends: Sequence[tuple[Any, Mapping[str, Any]]], now: datetime) -> None:
    """Raise and clear alarms for rows as they were and the values that they were given."""
    sent = {row.channel for row, new in ends if new["state"] == OutState.SENT}
    for channel in sorted(sent) if sent and await alarms.any_stands(session) else ():
        await alarms.clear_alarm(session, now, f"late:{channel}")
        await alarms.clear_alarm(session, now, "door", _closed(channel))
    for row, new in ends:
        if new["reason"].startswith(AWAITS):
            continue
        match new["state"]:
            case OutState.FAILED:
                detail = f"有消息没能发出（{row.kind}，通道 {row.channel}）：{new['reason']}"
                await alarms.raise_alarm(session, now, f"{FAILED}{row.channel}:{row.kind}", detail)
            case OutState.UNKNOWN:
                detail = f"第{row.id}号消息（{row.kind}）不知是否送达，等人确认"
                await alarms.raise_alarm(session, now, f"{UNKNOWN}{row.id}", detail)
            case OutState.PENDING if new["reason"] == NO_DOOR:
                await alarms.raise_alarm(session, now, "door", _closed(row.channel))
            case OutState.PENDING if new["reason"] == HELD:
                pass  # somebody wanted it so, and all have been told
            case OutState.PENDING if row.person and new["reason"].startswith(PACED) and new["due_at"] - now < SOON:
                pass  # whoever says thirty things a minute hears the answers to some of them a little later
            case OutState.PENDING if worth_saying(new["attempts"], now, new["due_at"]):
                detail = f"通道 {row.channel} 的消息迟迟发不出，仍在重试"
                await alarms.raise_alarm(session, now, f"late:{row.channel}", detail)


async def forget_settled(session: AsyncSession, now: datetime) -> None:
    """What people were asked about and is settled is no alarm any more; what failed is one for a day."""
    if not await alarms.any_stands(session):
        return
    for alarm in await alarms.named(session, UNKNOWN):
        if await fates.state_of(session, int(alarm.what.removeprefix(UNKNOWN))) != OutState.UNKNOWN:
            alarm.cleared_at = now
    for alarm in await alarms.named(session, FAILED):
        channel, _, kind = alarm.what.removeprefix(FAILED).partition(":")
        if alarm.at <= now - REMEMBERED or not await fates.has_failed(session, channel, kind):
            alarm.cleared_at = now


def _closed(channel: str) -> str:
    return f"通道 {channel} 没有打开，有消息在等它"
