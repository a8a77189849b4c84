"""Thirty days around the Spring Festival of 2026: days off, adjusted workdays, an outage, a duty, leave and a return."""

from datetime import datetime
from pathlib import Path
from typing import Any

from manners import small_roster
from wecom_world import WecomWorld
from world import ON_SQLITE, World

from models import chases

START = datetime.fromisoformat("2026-02-09T09:00+08:00")
NARROW = {"hears_all": False, "buttons": False, "edit": False}
CANARY = ("通道正常", "通道测试")


async def _quietly(office: Any, at: str) -> dict[str, str]:
    """Move on; gives what each was told, but for the auditor's daily line and the morning's trial of a real platform."""
    return _told(await office.until(at))


def _told(said: Any) -> dict[str, str]:
    said.all_to("auditor")
    told: dict[str, str] = {}
    for place, text in said.lines():
        if not any(word in text for word in CANARY):
            told[place] = told.get(place, "") + text + "\n"
    said.all_to()
    return told


async def test_thirty_days(database: str, tmp_path: Path) -> None:
    await _thirty_days(World(tmp_path / "data", database, small_roster(tmp_path)), buttons=True)


@ON_SQLITE
async def test_thirty_days_behind_a_door_that_can_do_less(database: str, tmp_path: Path) -> None:
    """No buttons, no edits, and only what is said to the bot is heard: the same days, message by message."""
    office = World(tmp_path / "data", database, small_roster(tmp_path), NARROW)
    await _thirty_days(office, buttons=False)


@ON_SQLITE
async def test_thirty_days_in_wecom(database: str, tmp_path: Path) -> None:
    """Over the fake platform: the bot by callback in the groups, the app in private, every byte through real sockets."""
    office = WecomWorld(tmp_path / "data", database, "both", "none", True, True, small_roster(tmp_path))
    await _thirty_days(office, buttons=True)


async def _thirty_days(office: Any, *, buttons: bool) -> None:
    await office.open(START)
    try:
        # a weekly duty, approved by its dates: the Friday in the holiday is brought forward to the Saturday that works
        preview = (await office.says("clerk", "定期 每周五17时前报进展，遇节假日提前，到3月31日为止")).to("clerk").text
        assert "2月13日（周五）17:00\n2月14日（周六）17:00\n2月27日（周五）17:00" in preview
        (await office.says("clerk", "启用")).all_to()
        await _quietly(office, "2026-02-11T09:00+08:00")
        assert [n.done_due for n in await office.notices()] == [datetime.fromisoformat("2026-02-13T17:00+08:00")]

        # Saturday 14 February works; a notice goes out on it, and its chase too
        await _quietly(office, "2026-02-14T08:30+08:00")
        (await office.says("clerk", "通知 节前请报值班安排，收到请回复。今天下班前")).all_to()
        said = await office.says("clerk", "发")
        assert "〔3号〕" in said.to("members").text
        said.all_to()
        (await office.says("u1", "收 3")).all_to()
        spoken = await _quietly(office, "2026-02-14T17:30+08:00")
        assert "〔3号〕" in spoken["u2"] and "〔3号〕" not in spoken.get("u1", "")

        # on a door without buttons the reminder says what to type instead
        assert ("回“收 3”即签收" in spoken["u2"]) is not buttons

        # the festival is silent from the 15th to the 23rd, whatever is owed
        assert await _quietly(office, "2026-02-24T07:59+08:00") == {}

        # the first working day after it: the second reminder of the half-day, then the office's turn
        spoken = await _quietly(office, "2026-02-24T08:30+08:00")
        assert "〔3号〕" in spoken["u2"] and "〔3号〕" not in spoken.get("u1", "")
        sheet = await _quietly(office, "2026-02-24T09:30+08:00")
        assert "〔3号〕" in sheet["clerk"]

        # a late answer, one sent back, one on leave with nobody to stand in
        assert "（迟）" in (await office.says("u2", "收 3")).to("u2").text
        (await office.says("clerk", "退 市司法局 3 没写带班领导 2月26日")).all_to()
        (await office.says("u3", "请假 2月25日-27日")).all_to()

        # a liaison hands over: what is owed is listed, and from that moment the other is asked and the old one is not
        (await office.says("u5", "移交 lead1")).all_to("u5")
        [asked] = [text for place, text in office.heard[-1].lines() if place == "lead1"]
        assert "凤台县联络员移交给您" in asked and "〔3号〕" in asked
        office.heard[-1].all_to()
        (await office.says("lead1", "接受")).all_to()
        assert "待办" not in (await office.says("u5", "收 3")).to("u5").text
        assert (await office.receipts(3))["凤台县"].acked_at is None

        # a correction of the due date is posted anew and asks everybody again, those who had answered too
        (await office.says("clerk", "更正 3 2月26日12点前")).all_to()
        said = await office.says("clerk", "发")
        assert "（更正，第2版）" in said.to("members").text
        said.all_to()
        police = (await office.receipts(3))["市公安局"]
        assert police.state == "待签收" and police.on_version == 1
        (await office.says("u1", "收 3")).all_to()
        assert (await office.receipts(3))["市公安局"].on_version == 2
        spoken = await _quietly(office, "2026-02-26T11:30+08:00")
        assert "〔3号〕" in spoken["lead1"] and "u5" not in spoken and "〔3号〕" not in spoken.get("u1", "")

        # an outage of two days over which steps fell due: it is done once, in working hours
        await office.is_down_until(datetime.fromisoformat("2026-02-27T20:00+08:00"))
        spoken = _told(await office.listen())
        assert not [who for who in spoken if who.startswith("u")]
        spoken = await _quietly(office, "2026-02-28T08:30+08:00")  # a Saturday that works
        assert spoken["u2"].count("提醒：") == 1

        # to the end of the thirty days nothing that is owed is without a future
        await _quietly(office, "2026-03-11T18:00+08:00")
        async with office.bot.store.read() as session:
            assert await chases.without_future(session) == []
        numbers = [notice.number for notice in await office.notices()]
        assert len(numbers) == len(set(numbers)) >= 5
    finally:
        await office.close()
