"""The command line: `shoudao demo`, `run`, `check`, `roster import`, `say`, `days import`, `lead keygen`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot import commands
from bot.commands import CommandFailed


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point of the `shoudao` command; exits 1 with one clear sentence when something is wrong."""
    arguments = parser().parse_args(argv)
    try:
        asyncio.run(arguments.run(arguments))
    except CommandFailed as fault:
        print(fault, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="shoudao", description="收到：工作群里的通知台账助手")
    verbs = top.add_subparsers(required=True, metavar="命令")

    demo = verbs.add_parser("demo", help="不用配置，在浏览器里试一个示例办公室")
    demo.add_argument("--port", type=int, default=8080, help="端口（默认 8080；0 为任选）")
    demo.add_argument("--host", default="127.0.0.1", help="监听地址（默认只在本机）")
    demo.add_argument("--data", type=Path, help="数据目录；不给则用完即删")
    demo.add_argument("--roster", type=Path, help="换成自己的名单（.xlsx 或 .csv）")
    demo.add_argument("--at", type=_instant, help="演示时钟从何时起，如 2026-11-18T15:00+08:00")
    demo.add_argument("--no-browser", action="store_true", help="不自动打开浏览器")
    demo.set_defaults(run=commands.demo)

    run = verbs.add_parser("run", help="运行服务")
    check = verbs.add_parser("check", help="检查配置、数据库和各通道，说明哪里不对、怎么改")
    say = verbs.add_parser("say", help="在命令行里说一句话，看助手怎么答")
    say.add_argument("text", help="要说的话")
    say.add_argument("--as", dest="person", required=True, help="以谁的身份（账号）")
    say.add_argument("--room", help="在哪个群；不给则是私聊")

    roster = verbs.add_parser("roster", help="名单").add_subparsers(required=True, metavar="动作")
    bring = roster.add_parser("import", help="导入名单：有一处错就整个不导，并逐行说明")
    bring.add_argument("file", type=Path)
    bring.add_argument("--dry-run", action="store_true", help="只检查，不写入")

    days = verbs.add_parser("days", help="调休表").add_subparsers(required=True, metavar="动作")
    table = days.add_parser("import", help="导入休/班日期表，如 2027-02-17 休")
    table.add_argument("file", type=Path)

    lead = verbs.add_parser("lead", help="线索密钥").add_subparsers(required=True, metavar="动作")
    keygen = lead.add_parser("keygen", help="生成线索专员的密钥和公钥名单")
    keygen.add_argument("officer", nargs="+", help="线索专员账号，至少两名")
    keygen.add_argument("--to", type=Path, default=Path("lead-keys"), help="写到哪个目录（默认 lead-keys）")
    keygen.set_defaults(run=commands.keygen)

    for verb, run_it in (
        (run, commands.run),
        (check, commands.check),
        (say, commands.say),
        (bring, commands.import_roster),
        (table, commands.import_days),
    ):
        verb.add_argument("--config", type=Path, help="配置文件（默认 config.toml，没有则用默认值）")
        verb.set_defaults(run=run_it)
    return top


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} 不是时间，应如 2026-11-18T15:00+08:00") from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} 没有写时区，应如 2026-11-18T15:00+08:00")
    return at


if __name__ == "__main__":
    main()
