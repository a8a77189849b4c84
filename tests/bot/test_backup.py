"""A backup is whole, sealed, and comes back: the drill that one wants to have done before the worst day."""

import asyncio
import os
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyrage
import pytest
import world
from pictures import photo
from sqlalchemy import text
from world import World

from bot import backup
from bot.__main__ import main
from bot.backup import BackupFailed, Made, Plan
from bot.nightly import DUE, Nightly
from bot.restoring import restore
from models import alarms, journal, marks
from models.journal_guard import take_down

OWNER = pyrage.x25519.Identity.generate()
NOW = datetime.fromisoformat("2026-11-19T02:40+08:00")
SECRET = "机密标记七六五"


@pytest.fixture
async def lively(tmp_path: Path) -> AsyncIterator[World]:
    """An office with a notice, an answer, a report with a picture, and a lead."""
    async with world.opened(tmp_path / "data") as office:
        await office.says("clerk", f"通知 请报送{SECRET}方案，收到请回复。 明天下班前")
        await office.says("clerk", "发")
        await office.says("u018", "收到", room="members")
        await office.says("u018", "报 宣传单120份", pictures=(photo(),))
        await office.says("u019", "线索 有人强收停车费")
        yield office


def plan_of(folder: Path, *holders: pyrage.x25519.Identity, keep: int = 14) -> Plan:
    public = [str(one.to_public()) for one in holders]
    return Plan(folder / "shoudao.sqlite3", folder / "media", folder.parent / "backups", public, keep)


async def made(office: World, now: datetime = NOW, **more: int) -> Made:
    return await asyncio.to_thread(backup.make, plan_of(office.folder, OWNER, **more), now)


async def test_a_restored_office_goes_on_where_the_backup_was_made(lively: World, tmp_path: Path) -> None:
    done = await made(lively)
    await lively.says("u019", "收到", room="members")  # after the backup: this is what a restore loses
    restored = await asyncio.to_thread(restore, done.path, str(OWNER), tmp_path / "new")
    assert restored.counts["notices"] == 1 and restored.counts["leads"] == 1 and restored.pictures == 1
    (tmp_path / "new" / "key").write_bytes((lively.folder / "key").read_bytes())
    async with world.opened(tmp_path / "new") as again:
        await again.says("u020", "收到", room="members")
        async with again.demo.bot.store.read() as session:
            assert await journal.verify(session) == []
            assert (
                await session.execute(text("SELECT count(*) FROM receipts WHERE acked_at IS NOT NULL"))
            ).scalar() == 2
        name = next(iter((tmp_path / "new" / "media").glob("??/*"))).name
        assert again.demo.bot.media.path(name) is not None


async def test_nothing_of_it_is_ever_in_clear_on_the_disk(lively: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that is opened for writing meanwhile is looked into, and what stands at the end too."""
    written: list[Path] = []
    real = os.open

    def watched(path: str, flags: int, *rest: int, **more: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            written.append(Path(path))
        return real(path, flags, *rest, **more)

    before = set(lively.folder.rglob("*"))
    monkeypatch.setattr(os, "open", watched)
    done = await made(lively)
    assert [path.name for path in written] == [done.path.name + ".part"]
    assert set(lively.folder.rglob("*")) - before <= {lively.folder / "shoudao.sqlite3-shm"}
    sealed = done.path.read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n")
    assert SECRET.encode() not in sealed and b"SQLite format" not in sealed
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert list(done.path.parent.iterdir()) == [done.path]


async def test_a_backup_while_others_write_is_consistent(lively: World, tmp_path: Path) -> None:
    talking = asyncio.create_task(_talk(lively))
    dones = [await made(lively, NOW + timedelta(minutes=n)) for n in range(3)]
    await talking
    for number, done in enumerate(dones):
        restored = await asyncio.to_thread(restore, done.path, str(OWNER), tmp_path / f"r{number}")
        assert restored.broken == [] and restored.counts["inbox"] >= 5


async def _talk(office: World) -> None:
    for n in range(1, 31):
        await office.says(f"u{n:03}", "收到", room="members")


async def test_what_is_not_a_whole_backup_is_refused_and_leaves_nothing(lively: World, tmp_path: Path) -> None:
    data = (await made(lively)).path.read_bytes()
    flipped = data[:-50] + bytes([data[-50] ^ 1]) + data[-49:]
    stranger = pyrage.x25519.Identity.generate()
    cases = {"cut": data[:-100], "flip": flipped, "empty": b"", "text": b"x" * 99, "stranger": data, "nothing": None}
    for name, content in cases.items():
        file = tmp_path / f"{name}.tar.age"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(BackupFailed) as refused:
            await asyncio.to_thread(
                restore, file, str(stranger if name == "stranger" else OWNER), tmp_path / f"new {name}"
            )
        assert file.name in str(refused.value)
        assert list((tmp_path / f"new {name}").iterdir()) == []
        assert "restore" not in {thread.name for thread in threading.enumerate()}


async def test_a_folder_that_holds_something_is_not_touched(lively: World, tmp_path: Path) -> None:
    done = await made(lively)
    kept = {path: path.read_bytes() for path in lively.folder.rglob("*") if path.is_file()}
    with pytest.raises(BackupFailed, match="不是空目录"):
        await asyncio.to_thread(restore, done.path, str(OWNER), lively.folder)
    assert {path: path.read_bytes() for path in kept} == kept


async def test_a_damaged_database_makes_no_backup_and_the_old_ones_stay(lively: World) -> None:
    done = await made(lively, keep=1)
    await lively.close()
    path = lively.folder / "shoudao.sqlite3"
    data = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as file:
        (root,) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'ix_outbox_state'").fetchone()
        (size,) = file.execute("PRAGMA page_size").fetchone()
    data[(root - 1) * size : (root - 1) * size + 200] = bytes(200)
    path.write_bytes(bytes(data))
    with pytest.raises((BackupFailed, sqlite3.DatabaseError)):
        await made(lively, NOW + timedelta(days=1), keep=1)
    assert backup.backups(done.path.parent) == [done.path]
    assert list(done.path.parent.iterdir()) == [done.path]


async def test_a_journal_that_was_changed_is_saved_all_the_same_and_told(lively: World, tmp_path: Path) -> None:
    async with lively.demo.bot.store.engine.begin() as connection:
        await connection.run_sync(take_down)
        await connection.execute(text("UPDATE journal SET actor = 'somebody' WHERE id = 1"))
    done = await made(lively)
    restored = await asyncio.to_thread(restore, done.path, str(OWNER), tmp_path / "new")
    assert restored.broken == ["1"]


async def test_only_the_newest_are_kept_and_what_a_crash_left_goes(lively: World) -> None:
    folder = lively.folder.parent / "backups"
    folder.mkdir()
    (folder / "shoudao-20261101T000000Z.tar.age.part").write_bytes(b"half")
    dones = [await made(lively, NOW + timedelta(days=n), keep=2) for n in range(4)]
    assert sorted(folder.iterdir()) == [done.path for done in dones[2:]]


async def test_every_night_one_and_a_failure_is_an_alarm_until_one_succeeds(lively: World) -> None:
    clock, store, folder = lively.demo.clock, lively.demo.bot.store, lively.folder.parent / "backups"
    zone = ZoneInfo("Asia/Shanghai")
    nightly = Nightly(store, clock, plan_of(lively.folder, OWNER), time(2, 40), zone)

    async def standing() -> list[str]:
        async with store.read() as session:
            return [one.detail for one in await alarms.named(session, "backup")]

    await nightly.look()
    await nightly.look()
    assert not folder.exists()  # in the evening nothing is due
    clock.move_to(datetime.fromisoformat("2026-11-19T02:41+08:00"))
    await nightly.look()
    await nightly.look()
    assert len(backup.backups(folder)) == 1

    broken = Nightly(store, clock, plan_of(lively.folder), time(2, 40), zone)
    clock.move_to(datetime.fromisoformat("2026-11-20T02:41+08:00"))
    await broken.look()
    assert ["recipients" in one for one in await standing()] == [True]
    await nightly.look()
    assert len(backup.backups(folder)) == 1  # it is tried again in an hour, not at once
    clock.move_to(datetime.fromisoformat("2026-11-20T03:42+08:00"))
    await nightly.look()
    assert len(backup.backups(folder)) == 2 and await standing() == []
    async with store.read() as session:
        assert (await marks.read_mark(session, DUE) or "").startswith("2026-11-21T02:40")


@pytest.fixture
def shoudao(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run one command in the office's folder; gives all that it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, code: int = 0) -> str:
        ended = 0
        try:
            main(words)
        except SystemExit as end:
            ended = int(end.code or 0)
        said = capsys.readouterr()
        assert ended == code, said
        return said.out + said.err

    return run


def test_the_whole_drill_at_the_terminal(shoudao: Callable[..., str], tmp_path: Path) -> None:
    asyncio.run(_furnish(tmp_path / "data"))
    assert "没有填写 [backup] recipients" in shoudao("backup", code=1)
    said = shoudao("backup", "--new-key", "backup.key")
    public = next(word for word in said.split("：") if word.startswith("age1")).split()[0]
    assert stat.S_IMODE((tmp_path / "backup.key").stat().st_mode) == 0o600
    assert "不会覆盖" in shoudao("backup", "--new-key", "backup.key", code=1)
    (tmp_path / "config.toml").write_text(f'[backup]\nrecipients = ["{public}"]\n', encoding="utf-8")
    assert "41个单位、1件通知、0条线索、0个图片和文件" in shoudao("backup")
    drill = ("restore", "--identity", "backup.key", "--to", "drill")
    assert "完整性检查通过" in shoudao(*drill)
    assert "不是空目录" in shoudao(*drill, code=1)
    assert "找不到备份文件" in shoudao("restore", "none.age", *drill[1:-1], "other", code=1)


async def _furnish(folder: Path) -> None:
    async with world.opened(folder) as office:
        await office.says("clerk", "通知 请报送方案，收到请回复。 明天下班前")
        await office.says("clerk", "发")


def test_with_postgresql_its_own_tools_are_named(shoudao: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[database]\nurl = "postgresql+asyncpg://u@h/d"\n')
    assert "pg_dump" in shoudao("backup", code=1)
