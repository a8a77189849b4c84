"""What each subcommand does; the words it prints are for the administrator at the terminal.

The demo, the service and its settings are imported where they are wanted: one does not wait for what only the other
needs.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from bot import recipients, start_faults
from bot.control import Answer, Refused, perform
from bot.recipients import RecipientsError
from models.sealing import RECOVERY

if TYPE_CHECKING:
    from bot.settings import Settings

USUAL = Path("config.toml")
PATIENCE = aiohttp.ClientTimeout(total=60)


class CommandFailed(Exception):
    """A command cannot go on; the text is what its user reads."""


def out(text: str) -> None:
    print(text, flush=True)  # noqa: T201


async def demo(arguments: argparse.Namespace) -> None:
    """Run the demo until interrupted."""
    from bot import demo as demo_office

    with _plainly(f"{arguments.host}:{arguments.port}", arguments.data):
        await demo_office.serve(
            host=arguments.host,
            port=arguments.port,
            folder=arguments.data,
            roster=arguments.roster,
            at=arguments.at,
            browser=not arguments.no_browser and _has_screen(),
        )


async def run(arguments: argparse.Namespace) -> None:
    """Run the service until interrupted."""
    from bot import service

    settings = settings_of(arguments)
    with _plainly(settings.web.listen, settings.data.dir):
        await service.serve(settings, out)


async def check(arguments: argparse.Namespace) -> None:
    """Say what is wrong, and how to mend it; exit 1 if anything is."""
    from bot.checks import findings

    settings = settings_of(arguments)
    found = await findings(settings)
    for finding in found:
        out(("✗ " if finding.wrong else "✓ ") + finding.sentence)
    if any(finding.wrong for finding in found):
        raise CommandFailed("有需要处理的问题，见上。")


async def say(arguments: argparse.Namespace) -> None:
    """Say one thing and print the answer."""
    body = {"text": arguments.text, "as": arguments.person, "room": arguments.room}
    answer = await ask(settings_of(arguments), "say", body)
    out("\n\n".join(answer["answers"]) or "（没有答话）")


async def import_roster(arguments: argparse.Namespace) -> None:
    """Import a roster, or only check it with --dry-run."""
    body = {"file": str(arguments.file.resolve()), "dry_run": arguments.dry_run}
    answer = await ask(settings_of(arguments), "roster", body)
    if arguments.dry_run:
        out(f"名单没有问题，共{answer['rows']}个单位；未写入。")
    else:
        out(f"已导入{answer['rows']}个单位：新增{answer['new']}，更新{answer['kept']}，停用{answer['gone']}。")


async def import_days(arguments: argparse.Namespace) -> None:
    """Import a table of 休/班 days."""
    try:
        text = arguments.file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise CommandFailed(f"读不了 {arguments.file}：应是 UTF-8 文本文件") from None
    answer = await ask(settings_of(arguments), "days", {"text": text})
    out(f"已导入{answer['days']}天。")


async def keygen(arguments: argparse.Namespace) -> None:
    """Make the officers' keys and the list of recipients."""
    try:
        keys = recipients.make_keys(arguments.to, arguments.officer)
    except (RecipientsError, ValueError, OSError) as fault:
        raise CommandFailed(str(fault)) from None
    out(f"公钥名单：{keys.recipients}\n指纹（填入 [leads] fingerprint）：{keys.fingerprint}")
    for officer, path in keys.identities.items():
        keeper = "打印后由两个部门分开封存" if officer == RECOVERY else "交给本人离线保管"
        out(f"私钥 {officer}：{path}  ——{keeper}，然后从这台机器上删掉")


async def ask(settings: "Settings", act: str, body: dict[str, Any]) -> Answer:
    """Through the running service where there is one, else with the database opened here."""
    from bot import service

    path = service.socket_path(settings.data.dir)
    with _plainly(settings.web.listen, settings.data.dir):
        if path.exists():
            try:
                return await _over_socket(path, act, body)
            except TimeoutError:
                raise Refused("服务一分钟没有应答，请看它的日志") from None
            except aiohttp.ClientConnectorError:
                pass  # left behind by a service that was killed; the lock has the last word
            except aiohttp.ClientError:
                raise Refused("服务做到一半停了，不知道做成没有：等它起来，看过结果再说") from None
        async with service.opened(settings) as opened:
            return await perform(opened.bot, opened.terminal, act, body)


async def _over_socket(path: Path, act: str, body: dict[str, Any]) -> Answer:
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)), timeout=PATIENCE) as client,
        client.post(f"http://control/{act}", json=body) as response,
    ):
        if response.content_type != "application/json":
            raise Refused(f"服务没有做成（{response.status}），请看它的日志")
        answer: Answer = await response.json()
    if "refused" in answer:
        raise Refused(answer["refused"])
    return answer


@contextmanager
def _plainly(listen: str, folder: Path | None) -> Iterator[None]:
    """Let the faults that a start can meet come out as one sentence each."""
    try:
        yield
    except Exception as fault:
        said = start_faults.sentence(fault, listen=listen, folder=folder)
        if said is None:
            raise
        raise CommandFailed(said) from None


def _has_screen() -> bool:
    """Whether a browser can open here; on a bare terminal a text browser would take the terminal over."""
    return sys.platform in {"darwin", "win32"} or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def settings_of(arguments: argparse.Namespace) -> "Settings":
    from bot.settings import SettingsError, load_settings

    path = arguments.config or (USUAL if USUAL.exists() else None)
    try:
        return load_settings(path)
    except SettingsError as fault:
        raise CommandFailed(str(fault)) from None
