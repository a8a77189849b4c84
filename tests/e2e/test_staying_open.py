"""A page that stays open while things happen to it and to the server."""

import signal
from collections.abc import Awaitable, Callable

from browsing import Demo, Screen, Watch
from playwright.async_api import expect

NewScreen = Callable[[], Awaitable[Screen]]


async def test_a_reload_keeps_everything_and_the_stream_comes_back_after_a_kill(
    new_screen: NewScreen, demo: Demo, watch: Watch
) -> None:
    screen = await new_screen()
    await screen.sit_down("u018", "members")
    await demo.ask("messages", {"from": "clerk", "room": None, "text": "通知 请各单位自查，收到请回复。 明天下班前"})
    await demo.ask("messages", {"from": "clerk", "room": None, "text": "发"})
    await expect(screen.messages(by="bot", saying="〔1号〕")).to_be_visible()
    await screen.types("收到")
    await expect(screen.page.locator(".count")).to_have_text("已签收 1/41")
    before = await screen.page.locator("#log").inner_text()
    await screen.page.reload()
    await expect(screen.messages()).to_have_count(2)
    assert await screen.page.locator("#log").inner_text() == before

    await screen.is_hidden(True)
    await demo.ask("messages", {"from": "u020", "room": "members", "text": "没人看时说的"})
    await screen.is_hidden(False)
    await expect(screen.messages(by="u020")).to_be_in_viewport()

    await demo.end(signal.SIGKILL)
    await expect(screen.page.locator("#offline")).to_be_visible(timeout=10_000)
    await screen.page.get_by_test_id("composer").fill("还在吗")
    await screen.page.get_by_test_id("send").click()
    await expect(screen.page.get_by_test_id("toast")).to_contain_text("未发出")
    await expect(screen.page.get_by_test_id("composer")).to_have_value("还在吗")
    await demo.start()
    await demo.ask("messages", {"from": "u019", "room": "members", "text": "收到"})
    await expect(screen.page.locator("#offline")).to_be_hidden(timeout=15_000)
    await expect(screen.messages(by="u019")).to_contain_text("收到")
    await expect(screen.page.locator(".count")).to_have_text("已签收 2/41")
    await screen.page.get_by_test_id("send").click()
    await expect(screen.messages(by="u018", saying="还在吗")).to_have_count(1)
    expected = ("error: Failed to load resource", "error: htmx:", "error: [object Event]")
    watch.complaints = [c for c in watch.complaints if not c.startswith(expected)]
