"""`shoudao backup` and `shoudao restore`: what the administrator does at the terminal for the worst day."""

import argparse
import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import pyrage

from bot import backup, lead_reading
from bot.backup import BackupFailed
from bot.clock import SystemClock
from bot.commands import CommandFailed, out, settings_of
from bot.restoring import Restored, restore


def add_to(verbs: Any) -> None:
    """Their places on the command line."""
    making = verbs.add_parser("backup", help="做一份加密备份（数据库、图片和文件）")
    making.add_argument("--new-key", type=Path, metavar="FILE", help="不做备份，只生成备份密钥：私钥写到 FILE")
    making.set_defaults(run=make)
    bringing = verbs.add_parser("restore", help="把备份恢复到一个空目录并检查：恢复演练也用它")
    bringing.add_argument("file", type=Path, nargs="?", help="备份文件；不给则取 [backup] dir 里最新的")
    bringing.add_argument("--identity", type=Path, required=True, help="备份密钥的私钥文件")
    bringing.add_argument("--to", type=Path, required=True, metavar="DIR", help="恢复到哪个空目录")
    bringing.set_defaults(run=bring_back)
    for one in (making, bringing):
        one.add_argument("--config", type=Path, help="配置文件（默认 config.toml，没有则用默认值）")


async def make(arguments: argparse.Namespace) -> None:
    """Make a backup now; whether the service runs makes no difference, for this only reads."""
    if arguments.new_key is not None:
        _new_key(arguments.new_key)
        return
    plan = settings_of(arguments).backup_plan
    if plan is None:
        raise CommandFailed("数据库是 PostgreSQL：请用 pg_dump 备份，办法见 README；图片在数据目录的 media 里")
    try:
        done = await asyncio.to_thread(backup.make, plan, SystemClock().now())
    except BackupFailed as fault:
        raise CommandFailed(str(fault)) from None
    except (OSError, sqlite3.Error) as fault:
        raise CommandFailed(f"备份没有做成（{fault}），请核对 [data] dir、[backup] dir 和磁盘") from None
    manifest = done.manifest
    out(f"备份好了：{done.path}，{done.size}字节，{_said(manifest['counts'], done.pictures)}")
    if manifest["journal"]["broken"]:
        raise CommandFailed("备份已做成，但日志里有被改动的行：请运行 shoudao journal verify")


async def bring_back(arguments: argparse.Namespace) -> None:
    """Restore into an empty folder, and say what stands there."""
    settings = settings_of(arguments)
    found = backup.backups(settings.backup.dir)
    file = arguments.file or (found[-1] if found else None)
    if file is None:
        raise CommandFailed(f"{settings.backup.dir} 里没有备份；请给出备份文件")
    try:
        identity = lead_reading.read_identity(arguments.identity)
        restored = await asyncio.to_thread(restore, file, identity, arguments.to)
    except (BackupFailed, lead_reading.ReadingFailed) as fault:
        raise CommandFailed(str(fault)) from None
    except OSError as fault:
        raise CommandFailed(f"没有恢复（{fault}），请核对路径、权限和空间") from None
    _report(restored)


def _report(restored: Restored) -> None:
    counts = restored.counts
    out(f"已恢复到 {restored.folder}（{restored.made_at} 的备份）：{_said(counts, restored.pictures)}")
    out(f"完整性检查通过；日志{restored.journal}行")
    out("安装密钥不在备份里：请把另存的 key 文件放回这个目录，再用 [data] dir 指向它")
    if restored.broken:
        raise CommandFailed(f"备份之前日志就有被改动的行：{'、'.join(restored.broken[:20])}")


def _said(counts: dict[str, int], pictures: int) -> str:
    return f"{counts['units']}个单位、{counts['notices']}件通知、{counts['leads']}条线索、{pictures}个图片和文件"


def _new_key(path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise CommandFailed(f"{path} 已存在，不会覆盖") from None
    except OSError as fault:
        raise CommandFailed(f"写不进 {path}：{fault.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"# public key: {public}\n{identity}\n")
    out(f"公钥（填入 [backup] recipients）：{public}")
    out(f"私钥：{path}  ——打印或存到两个地方，然后从这台机器上删掉；没有它，备份谁也打不开")
