"""A lead opened in a real browser: the officer's identity never leaves it."""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import world
from pictures import photo
from playwright.async_api import Page, Request, async_playwright, expect

from bot import attachments

VENDOR = Path(__file__).resolve().parents[2] / "templates" / "pages" / "static" / "vendor"
WORDS = "淮滨路皇家棋牌室开设赌场 <img src=x onerror=alert(1)> ${7*7}"


def test_what_is_vendored_is_what_its_list_says() -> None:
    listed = dict(reversed(line.split()) for line in (VENDOR / "VERSIONS").read_text().splitlines() if line[:1] != "#")
    assert set(listed) == {path.name for path in VENDOR.iterdir()} - {"VERSIONS"}
    for name, digest in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", ["age.js", "leads.js", "leads-open.js", "sim.js", "sim-composer.js"])
def test_no_script_evaluates_text_or_calls_outside(name: str) -> None:
    path = next(VENDOR.parent.rglob(name))
    script = path.read_text()
    assert not re.search(
        r"\beval\(|new Function|document\.write|innerHTML|localStorage|sessionStorage|indexedDB", script
    )
    assert name == "age.js" or "http" not in script.replace("https://age", "")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("SHOUDAO_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert found, "no Chromium: install one, or name it in SHOUDAO_CHROMIUM"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page()
        page.set_default_timeout(15_000)
        yield page
        await browser.close()


async def _enter(page: Page, address: str, identity: Path) -> None:
    await page.goto(f"{address}/leads")
    await page.fill("#token", "demo-lead")
    await page.set_input_files("#identity", str(identity))
    await page.click("text=列出线索")


async def test_a_lead_is_opened_in_the_browser_and_no_request_carries_the_identity(
    served: tuple[world.World, str], page: Page
) -> None:
    office, address = served
    (await office.says("u018", f"线索 {WORDS}", pictures=(photo(),))).all_to()
    (await office.says("u018", "补充 L-0001 老板姓马")).all_to()
    (await office.says("u018", "补充 L-0001")).all_to()
    (await office.sends("u018", await attachments.check(b"%PDF-1.7 ledger", "账本.pdf"))).all_to()
    identity = office.folder / "throw-away-keys" / "lead1.key"
    secret = identity.read_text().splitlines()[-1]
    sent: list[str] = []

    async def look(request: Request) -> None:
        sent.append(f"{request.method} {request.url} {await request.all_headers()} {request.post_data or ''}")

    page.on("request", look)
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    await _enter(page, address, identity)
    await expect(page.locator("#list li")).to_have_count(1)
    await expect(page.locator("#fingerprint")).to_contain_text(office.demo.bot.around.recipients.short)  # type: ignore[union-attr]
    await page.click("#list button")
    await expect(page.locator("#open pre").first).to_have_text(WORDS)
    await expect(page.locator("#open pre").nth(1)).to_have_text("老板姓马")
    await expect(page.locator("#open img")).to_have_count(1)
    assert await page.evaluate("document.querySelector('#open img').naturalWidth") == 64
    await expect(page.locator("#open .meta").first).to_have_text("市水利局 · 市水利局联络员 · u018 · 2026-11-18 15:00")
    async with page.expect_download() as saving:
        await page.click("#open button.file")
    saved = await saving.value
    assert saved.suggested_filename == "账本.pdf"
    assert await asyncio.to_thread((await saved.path()).read_bytes) == b"%PDF-1.7 ledger"
    await page.fill("#search", "棋牌室")
    await expect(page.locator("#open article")).to_have_count(1)
    assert len(sent) >= 8 and not faults, faults
    for one in sent:
        assert one.split()[1].startswith(address)
        assert secret not in one and secret[15:40] not in one and "AGE-SECRET" not in one and "棋牌室" not in one
    assert await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie].join()") == "0,0,"
    await page.click("#forget")
    assert "棋牌室" not in await page.content() and secret not in await page.content()


async def test_an_officer_who_was_never_named_and_a_changed_envelope_open_nothing(
    served: tuple[world.World, str], page: Page, tmp_path: Path
) -> None:
    office, address = served
    (await office.says("u018", f"线索 {WORDS}")).all_to()
    stranger = tmp_path / "stranger.key"
    import pyrage

    stranger.write_text(str(pyrage.x25519.Identity.generate()))
    await _enter(page, address, stranger)
    await page.click("#list button")
    await expect(page.locator("#say")).to_contain_text("打不开")
    assert "棋牌室" not in await page.content()


async def test_the_pages_headers_let_nothing_out(served: tuple[world.World, str]) -> None:
    _, address = served
    async with aiohttp.ClientSession() as client, client.get(f"{address}/leads") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        body = await answer.text()
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", body)
    async with aiohttp.ClientSession() as client:
        for path in ("/leads/..%2F..%2Fsim.html", "/leads/VERSIONS", "/leads/age.LICENSE.txt"):
            async with client.get(address + path) as answer:
                assert answer.status == 404


async def test_each_fetch_leaves_one_row_in_the_journal(served: tuple[world.World, str]) -> None:
    office, address = served
    (await office.says("u018", f"线索 {WORDS}")).all_to()

    async def acts() -> list[str]:
        from sqlalchemy import text

        async with office.demo.bot.store.read() as session:
            return [f"{r.actor[:6]} {r.act} {r.object}" for r in await session.execute(text("SELECT * FROM journal"))]

    before = len(await acts())
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer demo-lead"}) as client:
        for _ in range(2):
            async with client.get(f"{address}/api/leads/L-0001") as answer:
                assert answer.status == 200 and WORDS not in await answer.text()
        async with client.get(f"{address}/api/leads/L-0009") as answer:
            assert answer.status == 404
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer demo"}) as client,
        client.get(f"{address}/api/leads/L-0001") as answer,
    ):
        assert answer.status == 403
    refused = "token: refused route:GET /api/leads/{lead}"
    assert (await acts())[before:] == [*["token: lead.fetch lead:L-0001"] * 2, refused]


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)], ids=["phone", "desk"])
async def test_all_are_opened_to_be_searched_and_everything_fits(
    served: tuple[world.World, str], page: Page, width: int, height: int
) -> None:
    office, address = served
    for words in ("甲村有人开赌场", "乙镇有人强拿硬要", "丙路有人放高利贷" * 40):
        (await office.says("u018", f"线索 {words}")).all_to()
    await page.set_viewport_size({"width": width, "height": height})
    await _enter(page, address, office.folder / "throw-away-keys" / "lead2.key")
    await page.click("#all")
    await expect(page.locator("#open article")).to_have_count(3)
    await page.fill("#search", "强拿硬要")
    await expect(page.locator("#open article h2")).to_have_text("L-0002")
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    small = "[...document.querySelectorAll('button, input')].filter(n => n.getClientRects().length && n.getBoundingClientRect().height < 40).length"
    assert await page.evaluate(small) == 0
    assert await page.evaluate("document.querySelector('#open').getBoundingClientRect().top < innerHeight")
