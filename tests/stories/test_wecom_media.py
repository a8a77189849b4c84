"""Pictures, files and videos sent in 企业微信: fetched at once, once, and kept where they belong."""

import asyncio
import base64

from aiohttp.test_utils import TestClient, TestServer
from pictures import photo
from wecom_world import office, opens, userid

from bot.channels.wecom import intake


async def test_a_photo_is_fetched_at_once_and_one_that_cannot_be_had_is_said(database, tmp_path, caplog):
    async with office(database, tmp_path, caplog) as world:
        await opens(world, "u018")
        key = bytes(range(32))
        address = world.api.keep_encrypted(photo(), key)
        item = {"url": address, "aeskey": base64.b64encode(key).decode().rstrip("=")}
        parts = [{"msgtype": "text", "text": {"content": "报 宣传单500份"}}, {"msgtype": "image", "image": item}]
        await world.speak("u018", msgtype="mixed", mixed={"msg_item": parts})
        assert "图片1张" in (await world.listen()).to("u018").text
        gone = {"url": f"{world.fake.base}/media/nothing", "aeskey": item["aeskey"]}
        await world.speak("u018", msgtype="image", image=gone)
        said = await world.listen()
        assert any("重新发送" in m.text for m in said.messages)
        said.all_to("u018")
        await world.speak("u018", msgtype="file", file=gone)
        said = await world.listen()
        assert any("重新发送" in m.text for m in said.messages)
        said.all_to("u018")


def sent_file(world, data, title):
    """As the platform tells of a file: an address that dies, and a key of its own."""
    key = bytes(range(32))
    address = world.api.keep_encrypted(data, key, title=title)
    return {"url": address, "aeskey": base64.b64encode(key).decode().rstrip("=")}


async def test_a_file_belongs_to_what_was_just_reported_and_completes_a_notice_that_asks_for_one(
    database, tmp_path, caplog
):
    async with office(database, tmp_path, caplog) as world:
        await opens(world, "clerk", "u018", "lead1", "lead2")
        (await world.says("clerk", "通知 交件 市水利局：请报送工作总结（存档用） 明天下班前")).all_to("clerk")
        (await world.says("clerk", "发")).all_to()
        # alone it is not kept: nobody but its sender knows what it is
        await world.speak("u018", msgtype="file", file=sent_file(world, b"%PDF-1.7 secret", "名单.pdf"))
        assert "没有存下" in (await world.listen()).to("u018").text
        assert not list((world.folder / "media").rglob("*.pdf"))
        assert "还缺：文件" in (await world.says("u018", "回复 1 总结见附件")).to("u018").text
        await world.speak("u018", msgtype="file", file=sent_file(world, b"%PDF-1.7 summary", "工作总结.pdf"))
        said = await world.listen()
        assert "已附到刚才的上报〔1号〕：工作总结．pdf（1K）" in said.to("u018").text
        said.all_to("clerk")
        assert (await world.ledger(1))["市水利局"].done_at is not None
        [kept] = (world.folder / "media").rglob("*.pdf")
        # a wrong one is taken back, and its bytes with it
        await world.speak(
            "u018", msgtype="video", video=sent_file(world, b"\0\0\0\x18ftypmp42" + bytes(64), "现场.mp4")
        )
        assert "现场．mp4" in (await world.listen()).to("u018").text
        assert "现场．mp4 已删除" in (await world.says("u018", "不是附件")).to("u018").text
        assert list((world.folder / "media").rglob("*.*")) == [kept]
        # what could run is refused in words, and half an hour later nothing belongs any more
        await world.speak("u018", msgtype="file", file=sent_file(world, b"MZ" + bytes(90), "总结.exe"))
        said = await world.listen()
        assert any("只收 PDF" in m.text for m in said.messages)
        said.all_to("u018")
        world.move(minutes=31)
        await world.speak("u018", msgtype="file", file=sent_file(world, b"%PDF-1.7 late", "又一个.pdf"))
        assert "没有存下" in (await world.listen()).to("u018").text
        # a lead begun since: the file is part of it, sealed, and stays out of the report
        (await world.says("u018", "报 宣传单5份")).all_to("u018")
        (await world.says("u018", "线索")).all_to("u018")
        await world.speak("u018", msgtype="file", file=sent_file(world, b"%PDF-1.7 lead", "线索.pdf"))
        said = await world.listen()
        assert "已登记线索 L-0001" in said.to("u018").text
        said.all_to("lead1", "lead2")
        assert list((world.folder / "media").rglob("*.*")) == [kept]
        # whoever may read reports downloads it; it is never shown
        async with TestClient(TestServer(world.read_api())) as http:
            bearer = {"Authorization": "Bearer t"}
            [first] = [r for r in await (await http.get("/api/reports", headers=bearer)).json() if "files" in r]
            assert [(f["name"], f["size"]) for f in first["files"]] == [("工作总结.pdf", 16)]
            answer = await http.get(first["files"][0]["url"], headers=bearer)
            assert await answer.read() == b"%PDF-1.7 summary"
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment;")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert (await http.get(first["files"][0]["url"])).status == 401
            assert (await http.get("/api/files/" + "0" * 64 + ".pdf", headers=bearer)).status == 404


async def test_whoever_sends_too_much_in_a_day_is_told_so(tmp_path, caplog, monkeypatch):
    """M-03: a quota for each sender and day."""
    monkeypatch.setattr(intake, "A_DAY", 40)
    async with office("", tmp_path, caplog) as world:
        await opens(world, "u018", "u019")
        (await world.says("u018", "报 宣传单5份")).all_to("u018")
        for n in range(4):
            await world.speak("u018", msgtype="file", file=sent_file(world, b"%PDF-1.7 " + b"x" * 6, f"{n}.pdf"))
        said = await world.listen()
        texts = [m.text for m in said.messages]
        assert sum("已附到" in text for text in texts) == 3 and sum("超过" in text for text in texts) == 1
        said.all_to("u018")
        (await world.says("u019", "报 宣传单5份")).all_to("u019")
        await world.speak("u019", msgtype="file", file=sent_file(world, b"%PDF-1.7 other", "别人的.pdf"))
        assert "已附到" in (await world.listen()).to("u019").text


async def test_a_picture_that_comes_slowly_is_fetched_once_however_often_its_message_is_repeated(tmp_path, caplog):
    """M-01: the platform repeats what is answered late; the address may be dead by then."""
    async with office("", tmp_path, caplog, way="app") as world:
        world.api.members = {userid("u018"): {}}
        media_id, gate = world.api.keep_media(photo()), asyncio.Event()
        real, fetched = world.legs.door.app.media, []

        async def media(name, limit=0):
            fetched.append(name)
            await gate.wait()
            return await real(name)

        world.legs.door.app.media = media
        [callback] = world.legs.callbacks
        callback.store_within = 0.05
        await asyncio.gather(*(world.posts_picture("u018", media_id, msgid="77") for _ in range(3)))
        assert callback.counts["kept"] == 3 and len(fetched) == 1
        gate.set()
        await world.caught_up()
        await world.posts_picture("u018", media_id, msgid="77")
        assert len(fetched) == 1 and world.stored == 1
        assert "图片" in (await world.listen()).to("u018").text
