"""The quarterly test of each officer's key and the yearly one of the recovery key; and periods that are changed."""

import dataclasses
import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from world import START, World

from bot.app import _first_steps
from bot.journal_desk import look
from handlers import lead_drill
from models import drills, leads
from models.rules.lead_retention import Keep, Periods
from models.sealing import CannotOpen, Sealed, associated, unseal

DAY = timedelta(days=1)


async def code_in(office: World, number: int, holder: str) -> str:
    """What that holder finds inside."""
    key = (office.folder / "throw-away-keys" / f"{holder}.key").read_text().splitlines()[-1]
    async with office.demo.bot.store.read() as session:
        lead = await leads.by_number(session, number)
        assert lead is not None
        wraps = (await leads.wraps_of(session, [lead.id]))[lead.id]
    bound = associated(lead.token, lead.received_hour, lead.fingerprint)
    said = json.loads(
        unseal(Sealed(lead.nonce, lead.ciphertext, wraps, lead.algorithm), associated=bound, identity=key)
    )
    return str(said["text"].rpartition(" ")[2])


async def drilled(office: World, mark: str = lead_drill.OFFICERS_DUE) -> None:
    """Bring the next one forward to now."""
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE marks SET value = :now WHERE name = :mark"), {"now": office.now.isoformat(), "mark": mark}
        )


async def alarms(office: World) -> list[str]:
    return [a["detail"] for a in await office.api("/api/alarms") if a["cleared_at"] is None and "演练" in a["detail"]]


async def test_each_officer_opens_an_own_test_lead_each_quarter(office: World) -> None:
    office.demo.clock.move_to(START + 89 * DAY)
    assert {"lead1", "lead2"}.isdisjoint((await office.listen()).all_to())
    office.demo.clock.move_to(START + 90 * DAY)  # the 16th of February, a Tuesday
    said = await office.listen()
    for number, officer in ((1, "lead1"), (2, "lead2")):
        assert f"L-000{number}" in said.to(officer).text
    said.all_to()
    with pytest.raises(CannotOpen):
        await code_in(office, 1, "lead2")
    code = await code_in(office, 1, "lead1")
    assert "不对" in (await office.says("lead2", f"演练 {code}")).to("lead2").text
    assert "能用" in (await office.says("lead1", f"演练 {code}")).to("lead1").text
    assert "没有等您" in (await office.says("lead1", f"演练 {code}")).to("lead1").text
    assert (await office.api("/api/leads/counts"))["total"] == 0
    assert "不能用" in (await office.says("clerk", "演练 1")).to("clerk").text
    found = await look(office.demo.bot, None)
    assert found["broken"] == [] and found["leads"] == []


async def test_silence_is_an_alarm_until_the_lead_is_opened(office: World) -> None:
    await drilled(office)
    (await office.listen()).all_to("lead1", "lead2")
    (await office.says("lead2", f"演练 {await code_in(office, 2, 'lead2')}")).all_to("lead2")
    quiet = await office.until("2026-11-25T17:59+08:00")
    assert await alarms(office) == [] and "lead1" not in quiet.all_to()
    said = await office.until("2026-11-26T08:30+08:00")
    assert "线索专员一没有按期打开" in said.to("lead2").text
    assert "校验值" in said.to("auditor").text and "没有按期打开" in said.to("auditor").text
    said.all_to()
    assert len(await alarms(office)) == 1 and "线索专员一" in (await alarms(office))[0]
    assert "能用" in (await office.says("lead1", f"演练 {await code_in(office, 1, 'lead1')}")).to("lead1").text
    assert await alarms(office) == []


async def test_the_recovery_key_opens_one_that_no_officer_can(office: World) -> None:
    await drilled(office, lead_drill.RECOVERY_DUE)
    said = await office.listen()
    assert all("恢复密钥" in said.to(officer).text for officer in ("lead1", "lead2"))
    with pytest.raises(CannotOpen):
        await code_in(office, 1, "lead1")
    said = await office.says("lead2", f"演练 {await code_in(office, 1, 'recovery')}")
    assert "重新封存" in said.to("lead2").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_test_lead_is_no_lead_that_could_be_moved_or_followed(office: World) -> None:
    await drilled(office)
    (await office.listen()).all_to("lead1", "lead2")
    for words in ("研判 L-0001", "销毁 L-0001", "查 L-0001", "补充 L-0001 还有", "并案 L-0001 L-0002"):
        assert "没有这条线索" in (await office.says("lead1", words)).to("lead1").text
    assert "0条" in (await office.says("lead1", "线索清单")).to("lead1").text
    assert (await office.api("/api/leads/counts")) == {"total": 0, "this_month": 0, "by_stage": {}}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_ten_wrong_codes_shut_a_test_lead_and_the_next_quarter_makes_another(office: World) -> None:
    await drilled(office)
    (await office.listen()).all_to("lead1", "lead2")
    code = await code_in(office, 1, "lead1")
    for _ in range(10):
        (await office.says("lead1", "演练 00000000")).all_to("lead1")
    assert "不对" in (await office.says("lead1", f"演练 {code}")).to("lead1").text
    await drilled(office)
    (await office.listen()).all_to("lead1", "lead2")
    async with office.demo.bot.store.read() as session:
        assert [d.lead_id for d in await drills.open_for(session, ["lead1"])][1:] == [0]
    assert "能用" in (await office.says("lead1", f"演练 {await code_in(office, 3, 'lead1')}")).to("lead1").text


async def test_periods_that_are_changed_hold_for_leads_that_stand_already(office: World) -> None:
    for person in ("u018", "u019"):
        (await office.says(person, "线索 某地有人开赌场")).all_to()
    for number, outcome in ((1, "查否"), (2, "查实")):
        for step in ("研判", "移送", "签收", "核查", "反馈", "办结"):
            words = {"移送": f"移送 L-000{number} 公安", "反馈": f"反馈 L-000{number} {outcome}"}
            (await office.says("lead1", words.get(step, f"{step} L-000{number}"))).all_to()
    around = office.demo.bot.around
    keep = Keep(founded=Periods(4 * DAY, 8 * DAY), unfounded=Periods(1 * DAY, 2 * DAY))
    around.office, around._held = dataclasses.replace(around.office, keep=keep), None
    await office.demo.bot.store.write(lambda session: _first_steps(office.demo.bot, session))
    (await office.listen()).all_to()

    async def standing(number: int) -> tuple[bool, bool]:
        async with office.demo.bot.store.read() as session:
            lead = await leads.by_number(session, number)
            assert lead is not None
            return bool(lead.author), bool(lead.ciphertext)

    closed = office.now
    for days, unfounded, founded in (
        (0.9, (True, True), (True, True)),
        (1.0, (False, True), (True, True)),
        (2.0, (False, False), (True, True)),
        (3.9, (False, False), (True, True)),
        (4.0, (False, False), (False, True)),
        (7.9, (False, False), (False, True)),
        (8.0, (False, False), (False, False)),
    ):
        office.demo.clock.move_to(closed + days * DAY)
        (await office.listen()).all_to()
        assert (await standing(1), await standing(2)) == (unfounded, founded), days
    assert (await office.api("/api/leads/counts"))["total"] == 2
    assert "已于" in (await office.says("lead1", "查 L-0002")).to("lead1").text
