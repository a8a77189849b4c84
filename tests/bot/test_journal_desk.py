"""The live journal and what it says of the stored leads."""

from pathlib import Path

import pytest
from sqlalchemy import text
from world import World

from bot.journal_desk import look
from models.journal_guard import take_down
from models.rules.chains import verify

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def test_it_is_verified_live_and_offline_from_an_export(office: World, tmp_path: Path) -> None:
    (await office.says("u018", "线索 甲")).all_to()
    (await office.says("u018", "补充 L-0001 乙")).all_to()
    said = await look(office.demo.bot, str(tmp_path / "journal.jsonl"))
    assert said["broken"] == [] and said["leads"] == [] and said["rows"] == 2
    with (tmp_path / "journal.jsonl").open(encoding="utf-8") as lines:
        verdict = verify(lines, said["head"])
    assert verdict.whole and verdict.passed
    with pytest.raises(FileExistsError):
        await look(office.demo.bot, str(tmp_path / "journal.jsonl"))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE leads SET number = 3 - number WHERE number IS NOT NULL AND number > 0",
        "UPDATE leads SET ciphertext = (SELECT ciphertext FROM leads WHERE number = 2) WHERE number = 1",
        "UPDATE lead_wraps SET wrapped = x'00' WHERE key_id = 'lead1'",
        "INSERT INTO lead_wraps SELECT lead_id, 'eve', wrapped FROM lead_wraps WHERE key_id = 'lead1'",
        "DELETE FROM lead_wraps WHERE key_id = 'lead2'",
    ],
)
async def test_a_replaced_or_swapped_lead_is_named(office: World, tampering: str) -> None:
    (await office.says("u018", "线索 甲")).all_to()
    (await office.says("u019", "线索 乙")).all_to()
    async with office.demo.bot.store.engine.begin() as connection:
        if "3 - number" in tampering:
            await connection.execute(text("UPDATE leads SET number = -number"))
            await connection.execute(text("UPDATE leads SET number = 3 + number"))
        else:
            await connection.execute(text(tampering))
    assert (await look(office.demo.bot, None))["leads"]


async def test_a_changed_row_is_named(office: World) -> None:
    (await office.says("u018", "线索 甲")).all_to()
    (await office.says("u019", "线索 乙")).all_to()
    async with office.demo.bot.store.engine.begin() as connection:
        await connection.run_sync(take_down)
        await connection.execute(text("UPDATE journal SET actor = 'eve' WHERE id = 1"))
    assert (await look(office.demo.bot, None))["broken"] == ["1"]
