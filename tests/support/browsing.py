"""A real `shoudao demo` in its own process, and a real Chromium that looks at it.

`Demo` starts, kills and restarts the program; `Screen` is one window with the verbs of a person who uses the page.
"""

import asyncio
import io
import os
import re
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image, ImageDraw
from playwright.async_api import BrowserContext, Locator, Page, expect

ROOT = Path(__file__).resolve().parents[2]
WIDE, NARROW = (1280, 800), (390, 844)
FINGER = 40  # pixels that a finger needs
SOON = 8000.0  # milliseconds
ASKED = "SHOUDAO_SCREENSHOTS"
STORY = ("group", "closed")  # pictures taken when none are asked for

# What does not fit: pixels that stick out sideways, and touch targets smaller than a finger.
MEASURE = """finger => {
  const shown = (node) => node.getClientRects().length && getComputedStyle(node).visibility !== 'hidden';
  const name = (node) => node.id || node.className || node.tagName;
  const small = [...document.querySelectorAll('button, a, select, textarea')].filter(shown).filter((node) => {
    const { width, height } = node.getBoundingClientRect();
    return Math.min(width, height) < finger - 0.5;
  });
  const log = document.querySelector('#log').getBoundingClientRect();
  const wide = [...document.querySelectorAll('#log *')].filter(shown)
    .filter((node) => node.getBoundingClientRect().right > log.right + 0.5);
  const bar = document.querySelector('#input').getBoundingClientRect();
  return {
    sideways: document.documentElement.scrollWidth - innerWidth,
    small: small.map(name), wide: wide.map(name),
    bar: bar.top > log.top && bar.bottom <= innerHeight && bar.height > 0,
  };
}"""


@dataclass
class Demo:
    """The program as a newcomer starts it, on a port of its own choice."""

    folder: Path
    at: str
    port: int = 0
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, or start again on the same data and port."""
        self.folder.mkdir(exist_ok=True)
        options = ["--no-browser", "--port", str(self.port), "--data", str(self.folder / "data"), "--at", self.at]
        with (self.folder / "stderr").open("ab") as complaints:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "demo",
                *options,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=complaints,
            )
        assert self.process.stdout is not None
        line = (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/sim", line)
        assert found, f"no address: {line!r} {self.complaints()}"
        self.port = int(found[1])

    async def end(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await asyncio.wait_for(self.process.communicate(), 15)

    def complaints(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8")

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the simulator's door as another program would."""
        async with aiohttp.ClientSession(self.origin) as client:
            call = client.post(f"/sim/api/{path}", json=body) if body else client.get(f"/sim/api/{path}")
            async with call as answer:
                assert answer.status == 200, await answer.text()
                return await answer.json()


@dataclass
class Screen:
    """One window."""

    page: Page
    demo: Demo
    pictures: Path

    async def sit_down(self, person: str, chat: str) -> None:
        """Open the page as this person, in this conversation."""
        await self.page.goto(f"{self.demo.origin}/sim?as={person}&room={chat}")
        await self._has_read(chat)

    async def becomes(self, person: str, chat: str) -> None:
        """Choose another person and a conversation, by hand."""
        who = self.page.get_by_test_id("person-select")
        if await who.input_value() != person:
            await who.select_option(person)
        row = self.page.get_by_test_id(f"room-{chat}")
        # Else it is still the other person's list.
        await expect(row).to_have_attribute("href", f"/sim?as={person}&room={chat}")
        await row.click()
        await self._has_read(chat)

    async def _has_read(self, chat: str) -> None:
        """Wait until everything said so far stands in the open conversation."""
        await expect(self.page.locator(".row[aria-current]")).to_have_attribute("data-testid", f"room-{chat}")
        await expect(self.page.locator("#log")).to_have_attribute("aria-busy", "false")

    async def types(self, text: str, *, picture: Path | None = None) -> None:
        """Write into the input bar and press 发送; comes back when the message stands in the conversation."""
        own = self.page.locator(".message.own")
        before = await own.count()
        if picture is not None:
            await self.page.locator("#files").set_input_files(picture)
            await expect(self.page.locator(".preview")).to_be_visible()
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()
        await expect(own).to_have_count(before + 1, timeout=SOON)
        await expect(own.last).to_be_in_viewport()

    async def says(self, text: str, answer: str, *, picture: Path | None = None) -> str:
        """Say something in private, and give the bot's newest answer, which must contain `answer`."""
        bots = self.page.locator('.message[data-from="bot"]')
        before = await bots.count()
        await self.types(text, picture=picture)
        await expect(bots).not_to_have_count(before, timeout=SOON)
        await expect(bots.last).to_contain_text(answer, timeout=SOON)
        return await bots.last.inner_text()

    async def quotes(self, message: Locator, text: str) -> None:
        await message.hover()
        await message.get_by_text("引用", exact=True).click()
        await expect(self.page.locator("#quoting")).to_be_visible()
        await self.types(text)

    async def is_hidden(self, hidden: bool) -> None:
        """What a browser tells a page whose tab goes to the back, or comes to the front again."""
        await self.page.evaluate(
            "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )

    async def forwards(self, button: str, shows: str) -> None:
        """Press one of the clock's buttons and wait until the clock shows it."""
        await self.page.get_by_test_id(f"advance-{button}").click()
        await expect(self.page.get_by_test_id("clock")).to_contain_text(shows, timeout=2 * SOON)
        await expect(self.page.get_by_test_id("advance-hour")).to_be_enabled(timeout=2 * SOON)

    def messages(self, *, saying: str = "", by: str = "") -> Locator:
        found = self.page.locator(f'.message[data-from="{by}"]' if by else ".message")
        return found.filter(has_text=saying) if saying else found

    async def photograph(self, name: str) -> None:
        """At both widths nothing may stick out or be too small to press; a picture is kept of what tells the story."""
        for width, height in (NARROW, WIDE):
            await self.page.set_viewport_size({"width": width, "height": height})
            await self.page.mouse.move(1, 1)
            await self.page.wait_for_function(f"innerWidth === {width}")
            if name in STORY or ASKED in os.environ:
                await self.page.screenshot(path=self.pictures / f"{name}-{width}.png")
            found = await self.page.evaluate(MEASURE, FINGER if width == NARROW[0] else 30)
            assert found == {"sideways": 0, "small": [], "wide": [], "bar": True}, f"{name} at {width}: {found}"


@dataclass
class Watch:
    """Over all windows: where they send requests, and what they complain of."""

    origin: str
    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._asked(request.url))
        context.on("console", lambda said: self._said(said.type, said.text))
        context.on("weberror", lambda fault: self.complaints.append(str(fault.error)))
        context.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.origin + "/", "data:", f"blob:{self.origin}/")):
            self.complaints.append(f"request outside: {url}")

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")


def shots(folder: Path) -> Path:
    """Where screenshots go: SHOUDAO_SCREENSHOTS, else the test's own folder."""
    given = os.environ.get(ASKED)
    place = Path(given) if given else folder / "screenshots"
    place.mkdir(parents=True, exist_ok=True)
    return place


def a_photo(path: Path) -> Path:
    """A banner over a street, as a liaison might send it."""
    image = Image.new("RGB", (800, 600), (198, 212, 226))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 430, 800, 600), fill=(120, 122, 126))
    draw.rectangle((60, 150, 740, 260), fill=(196, 32, 32))
    for left in range(90, 700, 90):
        draw.rectangle((left, 180, left + 50, 230), fill=(250, 236, 160))
    data = io.BytesIO()
    image.save(data, "JPEG")
    path.write_bytes(data.getvalue())
    return path
