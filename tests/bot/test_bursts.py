"""Cards in a burst: they follow a few times a second, and neither a crash nor a sick database leaves them behind."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slow_motion import eventually
from spine import Spine, message, organs, serving
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.batches import FEW
from bot.dispatch import SHOW_EVERY, Dispatch
from models.outbox import Outbox
from models.store import Store

MANY = [f"u{number:03}" for number in range(1, FEW + 5)]


@pytest.fixture
async def spine(database: str, tmp_path: Path) -> AsyncIterator[Spine]:
    async with organs(database, tmp_path / "data") as opened:
        yield opened


async def a_notice(spine: Spine, dispatch: Dispatch) -> None:
    for words in ("通知 各部门明天上午9点开会，请签收", "发"):
        await dispatch.submit(message(words, person="clerk", room=None))
        await spine.sender.quiet()


async def all_answer(dispatch: Dispatch) -> None:
    await asyncio.gather(*(dispatch.submit(message("收到", person=person)) for person in MANY))


async def card(spine: Spine) -> str:
    bodies = await spine.all(select(Outbox.body).where(Outbox.key.startswith("card:"), Outbox.room == "members"))
    return "\n".join(body for (body,) in bodies)


async def shows_all(spine: Spine) -> None:
    for _ in range(400):
        if f"{len(MANY)}/41" in await card(spine):
            return
        await asyncio.sleep(0.005)
    raise AssertionError(await card(spine))


async def test_cards_follow_a_burst_without_another_word(spine: Spine) -> None:
    async with serving(spine) as dispatch:
        await a_notice(spine, dispatch)
        await all_answer(dispatch)
        await shows_all(spine)


async def test_a_card_that_a_crash_left_behind_is_brought_up_to_date_at_the_next_start(spine: Spine) -> None:
    async with serving(spine) as dispatch:
        await a_notice(spine, dispatch)
        await all_answer(dispatch)
    async with serving(spine):
        await shows_all(spine)


async def test_a_start_does_not_say_again_what_stands(spine: Spine) -> None:
    async with serving(spine) as dispatch:
        await a_notice(spine, dispatch)
        await all_answer(dispatch)
        await shows_all(spine)
        await spine.sender.quiet()
    said = len(spine.door.posted)
    async with serving(spine) as dispatch:
        await dispatch.submit(message("你好", person="u018", room="members"))
        await asyncio.sleep(0)
        await eventually(lambda: not dispatch._unshown)
    await spine.sender.quiet()
    assert len(spine.door.posted) == said


async def test_a_database_that_cannot_take_the_cards_is_not_asked_without_end(
    spine: Spine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    asked = 0

    async def full(store: Store, unit: Any) -> Any:
        nonlocal asked
        asked += 1
        raise OperationalError("INSERT", {}, OSError("database or disk is full"), connection_invalidated=True)

    async with serving(spine) as dispatch:
        await a_notice(spine, dispatch)
        await all_answer(dispatch)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", full)
            await eventually(lambda: asked >= 2)
            before = asked
            for _ in range(200):  # turns of the loop, far less than the time that the next try waits
                await asyncio.sleep(0)
            assert asked - before <= 2, f"{asked} tries, and {SHOW_EVERY} s lie between two"
        await shows_all(spine)
