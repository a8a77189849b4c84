"""The manners R1 to R15, each by name: over random weeks, and one by one."""

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from manners import UNITS, small_roster
from sqlalchemy import select
from world import World, opened

from models.chases import without_future
from models.outbox import Outbox, OutState
from models.receipts import ReceiptEvent, What

UNASKED = {"chase", "chase_leader", "summary", "call_sheet", "period_summary", "burden_report", "unguarded", "lead_new"}


async def rows(office: World) -> list[Outbox]:
    async with office.demo.bot.store.read() as session:
        return list(await session.scalars(select(Outbox).order_by(Outbox.id)))


async def chases(office: World) -> list[ReceiptEvent]:
    async with office.demo.bot.store.read() as session:
        return list(await session.scalars(select(ReceiptEvent).where(ReceiptEvent.what == What.CHASED)))


async def _live(office: World, dice: random.Random, days: int) -> None:
    """Random weeks: notices, answers, urging, corrections, closing, at random hours of day and night."""
    sent = 0
    end = office.now + timedelta(days=days)
    while office.now < end:
        await office.passes(f"PT{dice.randint(20, 700)}M")
        act = dice.random()
        if act < 0.25:
            due = dice.choice(["明天下班前", "后天上午10点前", "3个工作日内", "下周一", "今天下班前", ""])
            kind = dice.choice(["", "", "回复 ", "报数 "])
            await office.says("clerk", f"通知 {kind}请各单位报送第{sent}期材料，收到请回复。 {due}")
            await office.says("clerk", dice.choice(["发", "发", "发 紧急 上级急要"]))
            sent += 1
        elif act < 0.75:
            person = dice.choice([f"u{dice.randint(1, len(UNITS))}", "b1", "l4"])
            text = dice.choice(["收到", "收到", "收到，马上落实", "报 宣传单5份", "撤销", "今天别催", "回复 1 已办"])
            await office.says(person, text)
        elif sent and act < 0.95:
            number = dice.randint(1, sent)
            text = dice.choice([f"催 {number}", f"催 {number}", f"办结 {number}", f"退 寿县 {number} 不具体",
                                f"更正 {number} 明天下班前", "发", f"撤回 {number}", "谁没收到", f"请负责人 {number}", f"请负责人 {number}"])  # fmt: skip
            await office.says("clerk", text)
        async with office.demo.bot.store.read() as session:
            assert await without_future(session) == [], "I5"
    for heard in office.heard:
        heard.all_to()


@pytest.mark.parametrize("seed", range(2))
async def test_over_random_weeks_the_manners_hold(database: str, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    async with opened(tmp_path / "data", database, roster=small_roster(tmp_path)) as office:
        await _live(office, dice, days=6)
        calendar = office.demo.bot.around._held.calendar  # type: ignore[union-attr]
        everything = await rows(office)
        _r3_nothing_unasked_outside_working_hours(everything, calendar)
        _r1_at_most_three_in_a_group(everything)
        await _r2_at_most_one_chase_a_half_day(office, everything, calendar)
        await _r12_no_chase_after_the_ack(office, everything)
        _r5_no_names_in_a_group(everything)
        assert {row.state for row in everything} <= {OutState.SENT, OutState.CANCELLED, OutState.PENDING}


def _r3_nothing_unasked_outside_working_hours(everything: list[Outbox], calendar: Any) -> None:
    for row in everything:
        if row.kind in UNASKED and row.sent_at is not None:
            assert calendar.is_open(row.sent_at), (row.kind, row.sent_at, "R3")


def _r1_at_most_three_in_a_group(everything: list[Outbox]) -> None:
    said: Counter[Any] = Counter()
    for row in everything:
        if row.room is not None and row.edits is None and row.kind != "summary" and row.state == OutState.SENT:
            version = row.key.split(":v")[1].split(":")[0] if ":v" in row.key else ""
            said[(row.notice_id, row.room, version)] += 1
    assert all(count <= 3 for count in said.values()), said


async def _r2_at_most_one_chase_a_half_day(office: World, everything: list[Outbox], calendar: Any) -> None:
    halves: Counter[Any] = Counter()
    days: Counter[Any] = Counter()
    for row in everything:
        if row.kind.startswith("chase") and row.state == OutState.SENT:
            day, half = calendar.half_day(row.sent_at)
            unit = row.wants[0][1]  # whoever of the unit was written to
            halves[(unit, day, half)] += 1
            days[(unit, day)] += 1
    assert all(count <= 1 for count in halves.values()), [k for k, c in halves.items() if c > 1]
    assert all(count <= 2 for count in days.values())


async def _r12_no_chase_after_the_ack(office: World, everything: list[Outbox]) -> None:
    """At the moment a chase left, everything that it speaks of was still owed."""
    async with office.demo.bot.store.read() as session:
        events = list(await session.scalars(select(ReceiptEvent).order_by(ReceiptEvent.at, ReceiptEvent.id)))
    for row in everything:
        if not row.kind.startswith("chase") or row.sent_at is None:
            continue
        for notice_id, unit_id in row.wants:
            done = None
            for event in events:
                if (event.notice_id, event.unit_id) != (notice_id, unit_id) or event.at > row.sent_at:
                    continue
                if event.what in (What.DONE,):
                    done = event.at
                if event.what in (What.WITHDRAWN, What.RETURNED, What.REOPENED):
                    done = None
            assert done is None or done == row.sent_at, (row.key, "R12")


def _r5_no_names_in_a_group(everything: list[Outbox]) -> None:
    for row in everything:
        if row.room is not None and row.kind == "summary":
            assert not any(unit in row.body for unit in UNITS), "R5"


async def test_r13_silent_days_are_silent(office: World) -> None:
    (await office.until("2026-11-20T20:00+08:00")).nothing()
