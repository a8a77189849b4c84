"""The command line: `shoudao demo`, `run`, `check`, `roster import`, `say`, `days import`, `lead keygen`, `backup`, `restore`."""

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

import uvloop

from bot.siblings import strangers

# What argparse says in English, in the words of those who read it. The pattern's group is what they typed.
USAGE_FAULTS = {
    r"the following arguments are required: (.+)": "还缺 {}",
    r"argument .*: invalid choice: '(.*)' \(choose from .*\)": "没有 {} 这个命令",
    r"argument (\S+): invalid int value: .*": "{} 后面应是整数",
    r"argument (\S+): expected one argument": "{} 后面要跟一个值",
    r"unrecognized arguments: (.+)": "多出了 {}；带空格的话请加引号",
    r"argument \S+: (.+)": "{}",
}


class Parser(argparse.ArgumentParser):
    """argparse, with its faults said in Chinese and its help one command away."""

    def error(self, message: str) -> NoReturn:
        for pattern, sentence in USAGE_FAULTS.items():
            if found := re.fullmatch(pattern, message):
                message = sentence.format(found[1])
                break
        self.exit(2, f"{message}（用法见 {self.prog} --help）\n")


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point of the `shoudao` command; exits 1 with one clear sentence when something is wrong."""
    if wrong := strangers():
        print("\n".join(wrong), file=sys.stderr)
        sys.exit(1)
    from bot.commands import CommandFailed  # only now is it certain whose `handlers` and `models` are imported

    logging.raiseExceptions = False  # a log for which there is no room is not told so at length
    arguments = parser().parse_args(argv)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(arguments.run(arguments))
    except CommandFailed as fault:
        print(fault, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `shoudao check | head`
        sys.stderr.close()
        sys.exit(1)


def parser() -> argparse.ArgumentParser:
    from bot import backup_commands, commands, lead_commands

    top = Parser(prog="shoudao", description="收到：工作群里的通知台账助手")
    top.add_argument("--version", action="version", version=_version())
    verbs = top.add_subparsers(required=True, metavar="命令")

    demo = verbs.add_parser("demo", help="不用配置，在浏览器里试一个示例办公室")
    demo.add_argument("--port", type=_port, default=8080, help="端口（默认 8080；0 为任选）")
    demo.add_argument("--host", type=_loopback, default="127.0.0.1", help="监听地址，只能是本机的（默认 127.0.0.1）")
    demo.add_argument("--data", type=Path, help="数据目录；不给则用完即删")
    demo.add_argument("--roster", type=Path, help="换成自己的名单（.xlsx 或 .csv）")
    demo.add_argument("--at", type=_instant, help="演示时钟从何时起，如 2026-11-18T15:00+08:00")
    demo.add_argument("--no-browser", action="store_true", help="不自动打开浏览器")
    demo.set_defaults(run=commands.demo)

    run = verbs.add_parser("run", help="运行服务")
    check = verbs.add_parser("check", help="检查配置、数据库和各通道，说明哪里不对、怎么改")
    say = verbs.add_parser("say", help="在命令行里说一句话，看助手怎么答")
    say.add_argument("text", help="要说的话")
    say.add_argument("--as", dest="person", metavar="ID", required=True, help="以谁的身份（账号）")
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
    lead_commands.add_to(lead, verbs)
    backup_commands.add_to(verbs)

    for verb, run_it in (
        (run, commands.run),
        (check, commands.check),
        (say, commands.say),
        (bring, commands.import_roster),
        (table, commands.import_days),
        (keygen, commands.keygen),
    ):
        verb.add_argument("--config", type=Path, help="配置文件（默认 config.toml，没有则用默认值）")
        verb.set_defaults(run=run_it)
    return top


def _version() -> str:
    try:
        return f"shoudao {version('shoudao')}"
    except PackageNotFoundError:
        return "shoudao（未安装，从源码目录运行）"


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} 不是时间，应如 2026-11-18T15:00+08:00") from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} 没有写时区，应如 2026-11-18T15:00+08:00")
    return at


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"端口 {text} 不对，应是0到65535的整数")
    return int(text)


def _loopback(text: str) -> str:
    """The demo's token is public, and whoever opens its page may be anybody: it stays on this machine."""
    if text not in {"localhost", "::1"} and not re.fullmatch(r"127(\.\d{1,3}){3}", text):
        raise argparse.ArgumentTypeError(f"演示不设防，只在本机监听：--host 不能是 {text}，可用 127.0.0.1")
    return text


if __name__ == "__main__":
    main()
