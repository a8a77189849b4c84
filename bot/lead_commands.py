"""What officers and auditors do at the terminal: `lead open`, `lead rewrap`, `journal export`, `journal verify`."""

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import Any

from bot import attachments, lead_reading
from bot.commands import CommandFailed, ask, out, settings_of
from models.rules.chains import verify

SERVER, TOKEN = "SHOUDAO_LEAD_SERVER", "SHOUDAO_LEAD_TOKEN"
HERE = "http://127.0.0.1:8080"  # where the service listens by default


def add_to(lead: Any, verbs: Any) -> None:
    """Their places on the command line: `lead` and the top level are argparse's sub-parsers."""
    reading = lead.add_parser("open", help="在专员自己的电脑上取密文并打开")
    reading.add_argument("number", help="编号，如 L-0012")
    reading.add_argument("--pictures", type=Path, help="把图片存到这个目录")
    wrapping = lead.add_parser("rewrap", help="增减线索专员之后，用自己的私钥给所有线索换接收人")
    wrapping.add_argument("--recipients", type=Path, required=True, help="您手里的接收人名单")
    for one, run in ((reading, lead_open), (wrapping, lead_rewrap)):
        one.add_argument("--identity", type=Path, required=True, help="私钥文件，只在这台电脑上用")
        one.add_argument(
            "--server", help=f"服务地址，如 https://shoudao.example；不给则取环境变量 {SERVER}，再不然是本机"
        )
        one.add_argument("--token", help=f"令牌；不给则取环境变量 {TOKEN}，再不然当场问")
        one.set_defaults(run=run)
    journal = verbs.add_parser("journal", help="日志").add_subparsers(required=True, metavar="动作")
    export = journal.add_parser("export", help="把日志导出到新文件")
    export.add_argument("file", type=Path)
    verifying = journal.add_parser("verify", help="核对日志有没有被改：给文件则离线核对，不给则核对正在用的")
    verifying.add_argument("file", type=Path, nargs="?")
    verifying.add_argument("--head", help="审计员收到的末行校验值")
    for one, run in ((export, journal_export), (verifying, journal_verify)):
        one.add_argument("--config", type=Path, help="配置文件（默认 config.toml，没有则用默认值）")
        one.set_defaults(run=run)


async def journal_export(arguments: argparse.Namespace) -> None:
    """Write the journal to a new file, and verify it on the way."""
    if arguments.file.exists():
        raise CommandFailed(f"{arguments.file} 已存在，不会覆盖")
    answer = await ask(settings_of(arguments), "journal", {"file": str(arguments.file.resolve())})
    _say_verdict(answer["rows"], answer["broken"], answer["head"], None, answer["leads"])


async def journal_verify(arguments: argparse.Namespace) -> None:
    """Verify an export offline, or the live journal; `--head` is the hash that the auditor was sent."""
    if arguments.file is None:
        answer = await ask(settings_of(arguments), "journal", {})
        _say_verdict(answer["rows"], answer["broken"], answer["head"], arguments.head, answer["leads"])
        return
    try:
        with arguments.file.open(encoding="utf-8") as lines:
            verdict = verify(lines, arguments.head)
    except (OSError, UnicodeDecodeError):
        raise CommandFailed(f"读不了 {arguments.file}") from None
    _say_verdict(verdict.rows, verdict.broken, verdict.head, arguments.head if not verdict.passed else None, [])


def _say_verdict(rows: int, broken: list[str], head: str, wanted: str | None, leads: list[str]) -> None:
    out(f"日志{rows}行，末行校验值 {head}")
    if broken:
        raise CommandFailed(f"有{len(broken)}行被改动、缺失或次序不对，从这些行起：{'、'.join(broken[:20])}")
    if leads:
        raise CommandFailed(f"这些线索的密文与日志不符：{'、'.join(leads[:20])}")
    if wanted is not None and wanted.strip().lower() != head:
        raise CommandFailed("链条里没有您给的校验值：日志可能被整体替换或截短")
    out("没有发现改动。")


async def lead_open(arguments: argparse.Namespace) -> None:
    """Open one lead on this machine; pictures go into a folder only when one is named."""
    try:
        identity = lead_reading.read_identity(arguments.identity)
        parts = await lead_reading.open_lead(_officer(arguments), arguments.number, identity)
    except lead_reading.ReadingFailed as fault:
        raise CommandFailed(str(fault)) from None
    for number, part in enumerate(parts, 1):
        told_by = " ".join(filter(None, (part.at, part.unit, part.name, part.who))) if part.who else "（未留姓名）"
        out(f"—— 第{number}段 {told_by}\n{part.text}")
        for index, picture in enumerate(part.pictures, 1):
            kind = "png" if picture.startswith(b"\x89PNG") else "jpg"
            _put_aside(arguments, f"图片{index}", f"{number}-{index}.{kind}", picture)
        for index, (title, data) in enumerate(part.files, 1):
            kind = attachments.kind_named(title)
            _put_aside(arguments, f"附件{index} {title}", f"{number}-file{index}.{kind}", data)


def _put_aside(arguments: argparse.Namespace, called: str, name: str, data: bytes) -> None:
    """A name of ours: what an informant called a file is no path on an officer's machine."""
    if arguments.pictures is None:
        out(f"［{called}，加 --pictures 目录 可存下来看］")
        return
    arguments.pictures.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = arguments.pictures / f"{arguments.number}-{name}"
    path.write_bytes(data)
    out(f"［{called}：{path}，看完请删］")


async def lead_rewrap(arguments: argparse.Namespace) -> None:
    """Give the keys of all leads to the holders in this machine's copy of the list."""
    try:
        own = lead_reading.own_list(arguments.recipients)
        out(f"您手里的接收人名单指纹 {own.short}：{'、'.join(own.officers)}")
        identity = lead_reading.read_identity(arguments.identity)
        changed = await lead_reading.rewrap_all(_officer(arguments), own, identity, out)
    except lead_reading.ReadingFailed as fault:
        raise CommandFailed(str(fault)) from None
    out(f"已更新{changed}条线索的接收人。")


def _officer(arguments: argparse.Namespace) -> lead_reading.Client:
    server = arguments.server or os.environ.get(SERVER, "") or HERE
    token = arguments.token or os.environ.get(TOKEN, "")
    if not token and sys.stdin.isatty():
        token = getpass.getpass("令牌：")
    if not token:
        raise CommandFailed(f"请用 --token 或环境变量 {TOKEN} 给出令牌")
    return lead_reading.Client(server, token)
