"""The officer's command line as it is typed, and a service whose list of recipients is unfit."""

import asyncio
from pathlib import Path

import pytest
import world
from pictures import photo

from bot import attachments, control, recipients, service
from bot.__main__ import parser
from bot.commands import CommandFailed
from bot.recipients import RecipientsError
from bot.settings import Settings
from models import alarms

WORDS = "淮滨路皇家棋牌室开设赌场"


async def typed(*words: str) -> None:
    arguments = parser().parse_args(list(words))
    await arguments.run(arguments)


async def test_a_lead_is_opened_by_the_command_as_the_officer_types_it(
    served: tuple[world.World, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office, address = served
    (await office.says("u018", f"线索 {WORDS}", pictures=(photo(),))).all_to()
    (await office.says("u018", "补充 L-0001 老板姓马")).all_to()
    key = str(office.folder / "throw-away-keys" / "lead1.key")
    monkeypatch.setenv("SHOUDAO_LEAD_TOKEN", "demo-lead")
    monkeypatch.setenv("SHOUDAO_LEAD_SERVER", address)
    await typed("lead", "open", "L-0001", "--identity", key)
    said = capsys.readouterr().out
    assert WORDS in said and "老板姓马" in said and "市水利局" in said and "2026-11-18T15:00" in said
    assert "图片1" in said and "已存" not in said
    await typed("lead", "open", "L-0001", "--identity", key, "--pictures", str(tmp_path / "seen"))
    assert [path.suffix for path in (tmp_path / "seen").iterdir()]
    (await office.says("u018", "补充 L-0001")).all_to()
    (await office.sends("u018", await attachments.check(b"%PDF-1.7 ledger", "../账本.pdf"))).all_to()
    await typed("lead", "open", "L-0001", "--identity", key, "--pictures", str(tmp_path / "seen"))
    assert "附件1 账本.pdf" in capsys.readouterr().out
    assert (tmp_path / "seen" / "L-0001-3-file1.pdf").read_bytes() == b"%PDF-1.7 ledger"
    await typed("lead", "open", "L-0001", "--identity", str(office.folder / "throw-away-keys" / "recovery.key"))
    assert WORDS in capsys.readouterr().out
    monkeypatch.setenv("SHOUDAO_LEAD_TOKEN", "demo")
    with pytest.raises(CommandFailed, match="403"):
        await typed("lead", "open", "L-0001", "--identity", key)
    monkeypatch.delenv("SHOUDAO_LEAD_TOKEN")
    with pytest.raises(CommandFailed, match="SHOUDAO_LEAD_TOKEN"):
        await typed("lead", "open", "L-0001", "--identity", key)


async def test_a_journal_is_verified_from_an_export_on_another_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [{"id": name, "name": name, "roles": [role]} for name, role in (("a", "clerk"), ("b", "auditor"))]
    settings = Settings(data={"dir": tmp_path / "data"}, office={"person": people})  # type: ignore[arg-type]
    file = tmp_path / "journal.jsonl"
    async with service.opened(settings) as opened:
        for words in ("代 市公安局 收到", "通知 x"):
            await control.say(opened.bot, opened.terminal, words, "b", None)
        head = (await control.perform(opened.bot, opened.terminal, "journal", {"file": str(file)}))["head"]
    await typed("journal", "verify", str(file), "--head", head)
    assert "没有发现改动" in capsys.readouterr().out
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(CommandFailed, match="替换或截短"):
        await typed("journal", "verify", str(file), "--head", head)
    file.write_text("\n".join([lines[0].replace('"b"', '"c"'), *lines[1:]]) + "\n")
    with pytest.raises(CommandFailed, match="1行被改动"):
        await typed("journal", "verify", str(file))


def with_list(folder: Path, content: str, fingerprint: str = "") -> Settings:
    import hashlib

    path = folder / "recipients.toml"
    path.write_text(content)
    people = [
        {"id": name, "name": name, "roles": [role]} for name, role in (("clerk", "clerk"), ("one", "lead_officer"))
    ]
    pinned = fingerprint or hashlib.sha256(path.read_bytes()).hexdigest()
    return Settings(
        data={"dir": folder / "data"},  # type: ignore[arg-type]
        office={"person": people},  # type: ignore[arg-type]
        leads={"recipients": path, "fingerprint": pinned},  # type: ignore[arg-type]
    )


async def test_with_fewer_than_two_officers_it_runs_takes_no_leads_and_says_so(tmp_path: Path) -> None:
    keys = await asyncio.to_thread(recipients.make_keys, tmp_path / "keys", ["one", "two"])
    blocks = keys.recipients.read_text().split("\n\n")
    async with service.opened(with_list(tmp_path, "\n\n".join([blocks[0], blocks[2]]))) as opened:
        said = await control.say(opened.bot, opened.terminal, f"线索 {WORDS}", "clerk", None)
        assert "还不能收线索" in said["answers"][0]
        async with opened.bot.store.read() as session:
            assert ["少于两名" in one.detail for one in await alarms.latest(session) if not one.cleared_at] == [True]
    async with service.opened(with_list(tmp_path, keys.recipients.read_text())) as opened:
        said = await control.say(opened.bot, opened.terminal, f"线索 {WORDS}", "clerk", None)
        assert "L-0001" in said["answers"][0]
        async with opened.bot.store.read() as session:
            assert [one for one in await alarms.latest(session) if not one.cleared_at] == []


async def test_a_list_that_is_not_the_pinned_one_stops_the_start(tmp_path: Path) -> None:
    keys = await asyncio.to_thread(recipients.make_keys, tmp_path / "keys", ["one", "two"])
    changed = with_list(tmp_path, keys.recipients.read_text() + "\n", keys.fingerprint)
    with pytest.raises(RecipientsError, match="指纹不符"):
        async with service.opened(changed):
            pass
