"""The torture itself can fail: its checker finds what is broken by hand, and a small round of it runs here."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import world

HERE = Path(__file__).resolve().parent

# What is done to a sound database, and the beginning of the sentence that must come of it.
BREAKS = {
    "UPDATE receipts SET acked_at = issued FROM (SELECT id, issued_at AS issued FROM notices) n "
    "WHERE n.id = notice_id AND acked_at IS NULL": "I2: an acknowledgement without",
    "INSERT INTO receipt_events (notice_id, unit_id, at, what, note) SELECT notice_id, unit_id, at, what, note "
    "FROM receipt_events WHERE what = 'acked'": "I2: an acknowledgement counted twice",
    "INSERT INTO reports (unit_id, by, at, text, source_message, photos, withdrawn) SELECT unit_id, by, at, text, "
    "source_message, photos, withdrawn FROM reports": "I2: two reports",
    "UPDATE outbox SET state = 'failed', due_at = NULL WHERE id = 1": "I4: a message failed",
    "UPDATE outbox SET state = 'unknown' WHERE id = 1": "I4: a message of unknown fate",
    "UPDATE outbox SET due_at = created_at WHERE state = 'sent'": "I4: a settled message",
    "UPDATE outbox SET state = 'pending', due_at = NULL WHERE id = 1": "I4: a message that waits",
    "UPDATE receipts SET chase_at = NULL WHERE acked_at IS NULL; UPDATE notices SET sheet_at = NULL": "I5",
    "UPDATE inbox SET text = 'x' WHERE room IS NULL": "I6: private words",
    "DELETE FROM lead_wraps WHERE key_id = (SELECT min(key_id) FROM lead_wraps)": "I6: a lead without",
    "UPDATE receipts SET acked_by = 'u030' WHERE acked_by = 'u018'": "I8",
    "DROP TRIGGER journal_kept; DELETE FROM journal": "I9: a notice sent without",
    "DROP TRIGGER journal_unchanged; UPDATE journal SET actor = 'head'": "I9: the journal's chain",
    "DELETE FROM receipts WHERE unit_id = 7": "a receipt outside",
    "UPDATE inbox SET state = 'parked' WHERE id = 1": "a message parked",
}


@pytest.fixture
async def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    monkeypatch.syspath_prepend(str(HERE))
    async with world.opened(tmp_path / "data") as office:
        await office.says("clerk", "通知 请报送方案，收到请回复。 明天下班前")
        await office.says("clerk", "发")
        await office.says("u018", "收到", room="members")
        await office.says("u018", "报 宣传单120份")
        await office.says("u019", "线索 有人强收停车费")
    yield tmp_path / "data" / "shoudao.sqlite3"


async def test_the_checker_finds_each_thing_that_is_broken_by_hand(sound: Path, tmp_path: Path) -> None:
    from checker import undeclared, wrong_in

    assert await wrong_in(f"sqlite+aiosqlite:///{sound}") == []
    for number, (statement, sentence) in enumerate(BREAKS.items()):
        broken = tmp_path / f"broken-{number}.sqlite3"
        shutil.copy(sound, broken)
        with closing(sqlite3.connect(broken)) as file:
            file.executescript(statement)
            file.commit()
        found = await wrong_in(f"sqlite+aiosqlite:///{broken}")
        assert any(one.startswith(sentence) for one in found), (sentence, found)
    assert undeclared("all is well\nlong connection lost", "long connection") == ["log: all is well"]


@pytest.mark.timeout(240)
def test_a_small_round_ends_with_its_table(tmp_path: Path) -> None:
    """The trials that take no time; `make torture` has the others."""
    command = (sys.executable, str(HERE / "run.py"), "--tier", "tiny", "--seed", "7")
    chosen = ("--only", "tokens,fuzz,words")
    ended = subprocess.run([*command, *chosen], capture_output=True, text=True, env=os.environ, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "seed 7" in ended.stdout and ended.stdout.count("| ✓ |") == 3
    assert ended.stderr == ""
