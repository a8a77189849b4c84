"""Time: moved on, never back; and a ticker that goes on ticking whatever happens."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import DemoClock, SystemClock, Ticker

START = datetime.fromisoformat("2026-11-18T15:00+08:00")


def test_a_frozen_clock_stands_and_speaks_utc() -> None:
    clock = DemoClock(START, frozen=True)
    assert clock.now() == clock.now() == START
    assert clock.now().utcoffset() == timedelta(0)


def test_a_demo_clock_runs() -> None:
    clock = DemoClock(START)
    first = clock.now()
    assert START <= first <= clock.now() < START + timedelta(minutes=1)


def test_a_demo_clock_is_moved_on_and_never_back() -> None:
    clock = DemoClock(START, frozen=True)
    clock.move_to(START + timedelta(hours=2))
    clock.move_to(START + timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=2)


def test_the_system_clock_has_a_zone() -> None:
    assert SystemClock().now().tzinfo is UTC


async def test_a_ticker_beats_at_once_and_survives_a_bad_beat(caplog: pytest.LogCaptureFixture) -> None:
    beaten = asyncio.Event()

    async def wake() -> None:
        beaten.set()
        raise RuntimeError("秘密线索")

    ticker = Ticker(wake)
    ticker.start()
    async with asyncio.timeout(5):
        await beaten.wait()
    await asyncio.sleep(0)
    await ticker.stop()
    assert "a beat failed: RuntimeError" in caplog.text
    assert "秘密线索" not in caplog.text
