"""Chromium in front of a running demo. A missing browser fails: what a person sees must have been looked at."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from browsing import WIDE, Demo, Screen, Watch, shots
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The browser's path: SHOUDAO_CHROMIUM, else the first of the usual names."""
    given = os.environ.get("SHOUDAO_CHROMIUM")
    found = given or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("no Chromium: install one (Debian: apt-get install chromium), or name it in SHOUDAO_CHROMIUM")
    return found


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """A demo that starts on a Wednesday at four in the afternoon; whatever it writes to stderr fails the test."""
    running = Demo(tmp_path / "demo", at="2026-11-18T16:00+08:00")
    try:
        await running.start()
        yield running
    finally:
        await running.end(signal.SIGTERM)
    assert not running.complaints()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture
def watch(demo: Demo) -> Iterator[Watch]:
    """A request to anywhere else, an error on the console, a refused script: each fails the test."""
    watching = Watch(demo.origin)
    yield watching
    assert not watching.complaints


@pytest.fixture
def new_screen(demo: Demo, browser: Browser, watch: Watch, tmp_path: Path) -> Callable[[], Awaitable[Screen]]:
    """Opens the page of one more person, in a window of its own: a tab in the background draws once a second."""
    pictures = shots(tmp_path)

    async def opened() -> Screen:
        context = await browser.new_context(locale="zh-CN", viewport={"width": WIDE[0], "height": WIDE[1]})
        watch.over(context)
        return Screen(await context.new_page(), demo, pictures)

    return opened
