"""The command line as a newcomer meets it: every mistake ends in one clear sentence and exit 1, never in a trace."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "sample"
CONFIG = """
[web]
listen = "127.0.0.1:{port}"
[[office.person]]
id = "clerk"
name = "经办"
roles = ["clerk"]
[[wecom.room]]
id = "members"
name = "成员单位群"
audience = ["成员单位"]
[[wecom.room]]
id = "counties"
name = "县区群"
audience = ["县区"]
"""


class Ended:
    """How a command ended: its exit code and all that it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Shoudao = Callable[..., Ended]


@pytest.fixture
def shoudao(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shoudao:
    """Run one command in this process, in an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Ended:
        code = 0
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ended(code, said.out, said.err)

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(port=free_port()), encoding="utf-8")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[web]\nlistn = "127.0.0.1:8080"\n', "配置项 web.listn：没有这一项，请检查拼写"),
        ('[wbe]\nlisten = "127.0.0.1:8080"\n', "配置项 wbe：没有这一项，请检查拼写"),
        ('[web]\nlisten = "8080"\n', "配置项 web.listen：应写成 地址:端口，如 127.0.0.1:8080"),
        ('[web]\nlisten = "127.0.0.1:80808"\n', "配置项 web.listen：应写成 地址:端口，如 127.0.0.1:8080"),
        ("[web]\nlisten = 8080\n", "配置项 web.listen：应是带引号的文字"),
        ("web = 3\n", "配置项 web：应是一节，写成 [节名] 另起一段"),
        ('[office]\nwork = "08:00-12:00"\n', '配置项 office.work：应是列表，如 ["甲", "乙"]'),
        ('[office]\nwork = ["12:00-08:00"]\n', "配置项 office.work：工作时间应从早到晚、互不重叠，如 08:00-12:00"),
        ('[office]\nsummary = "25:00"\n', "配置项 office.summary：时间 25:00 应写成 08:00 或 17:30"),
        ('[office]\ntimezone = "Mars"\n', "配置项 office.timezone：没有这个时区，如 Asia/Shanghai"),
        ('[[office.person]]\nid = "a"\nroles = []\n', "配置项 office.person（第1个）.name：缺少这一项"),
        (
            '[[office.person]]\nid = "a"\nname = "甲"\nroles = []\n[[office.person]]\nid = "a"\nname = "乙"\nroles = []\n',
            "配置项 office.person：有两人的 id 相同，请改成不同的",
        ),
        ('[database]\nurl = "postgresql://a:b@c/d"\n', "应以 postgresql+asyncpg:// 开头；留空则用 SQLite"),
        ('[[api.token]]\nrole = "clerk"\n', "配置项 api.token（第1个）：token 和 token_sha256 填一个，且只填一个"),
        ('[[wecom.room]]\nid = "a"\nname = "b"\nends_on = "晚些"\n', "应是日期，如 2027-12-31，不带引号"),
        ("[web\n", "不是有效的 TOML"),
    ],
)
def test_a_fault_in_the_configuration_is_named(shoudao: Shoudao, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(content, encoding="utf-8")
    ended = shoudao("check")
    assert ended.code == 1
    assert said in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_a_secret_in_a_wrong_place_is_not_printed(shoudao: Shoudao, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[database]\nurl = "mysql://u:hunter2@h/d"\n[wecom.app]\nsecret = ["hunter2"]\n'
    )
    assert "hunter2" not in shoudao("check").err


@pytest.mark.parametrize("content", [b"\xff\xfe", "[web]\n# 中文".encode("gbk")])
def test_a_configuration_in_another_encoding_is_named(shoudao: Shoudao, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    ended = shoudao("run")
    assert (ended.code, ended.err) == (1, "配置文件 config.toml 不是 UTF-8 文本，请另存为 UTF-8\n")


def test_a_missing_configuration_is_named(shoudao: Shoudao) -> None:
    ended = shoudao("run", "--config", "there.toml")
    assert (ended.code, ended.err) == (1, "找不到配置文件 there.toml；可从 config.example.toml 复制一份\n")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SHOUDAO_WEB__LISTEN", "x", "配置项 web.listen：应写成 地址:端口"),
        ("SHOUDAO_WEB__LISTN", "x", "配置项 web.listn：没有这一项"),
        ("SHOUDAO_WBE__LISTEN", "127.0.0.1:1", "环境变量 SHOUDAO_WBE__LISTEN：没有 wbe 这一节"),
        ("SHOUDAO_OFFICE__WORK", "08:00-12:00", "列表应写成 JSON"),
    ],
)
def test_a_fault_in_the_environment_is_named(
    shoudao: Shoudao, monkeypatch: pytest.MonkeyPatch, config: Path, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    ended = shoudao("check")
    assert ended.code == 1 and said in ended.err


def test_the_environment_wins_over_the_file(shoudao: Shoudao, monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    monkeypatch.setenv("SHOUDAO_DATA__DIR", "elsewhere")
    monkeypatch.setenv("SHOUDAO_OFFICE__SUMMARY", "16:30")
    assert "数据目录 elsewhere 还没有" in shoudao("check").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "还缺 命令（用法见 shoudao --help）"),
        (("serve",), "没有 serve 这个命令"),
        (("say", "你好"), "还缺 --as"),
        (("say", "你", "好", "--as", "clerk"), "多出了 好；带空格的话请加引号"),
        (("roster",), "还缺 动作"),
        (("demo", "--port", "abc"), "端口 abc 不对，应是0到65535的整数"),
        (("demo", "--port", "99999"), "端口 99999 不对，应是0到65535的整数"),
        (("demo", "--host", "0.0.0.0"), "演示不设防，只在本机监听"),
        (("demo", "--at", "明天"), "明天 不是时间，应如 2026-11-18T15:00+08:00"),
        (("demo", "--at", "2026-11-18T15:00"), "没有写时区"),
    ],
)
def test_a_mistyped_command_is_told_how(shoudao: Shoudao, words: tuple[str, ...], said: str) -> None:
    ended = shoudao(*words)
    assert ended.code == 2 and said in ended.err


def test_every_command_explains_itself(shoudao: Shoudao) -> None:
    for words in ((), ("demo",), ("run",), ("check",), ("say",), ("roster", "import"), ("days", "import")):
        ended = shoudao(*words, "--help")
        assert ended.code == 0 and "usage: shoudao" in ended.out


@pytest.mark.parametrize("name", ["roster.xlsx", "roster.csv"])
def test_a_roster_is_imported_and_people_of_it_can_speak(shoudao: Shoudao, config: Path, name: str) -> None:
    ended = shoudao("roster", "import", str(SAMPLE / name), "--dry-run")
    assert ended.out == "名单没有问题，共41个单位；未写入。\n"
    ended = shoudao("say", "待办", "--as", "u018")
    assert (ended.code, ended.err) == (1, "名单里没有账号 u018\n")
    ended = shoudao("roster", "import", str(SAMPLE / name))
    assert ended.out == "已导入41个单位：新增41，更新0，停用0。\n"
    assert shoudao("say", "待办", "--as", "u018").out == "市水利局没有待办。\n"
    ended = shoudao("say", "待办", "--as", "u018", "--room", "nowhere")
    assert (ended.code, ended.err) == (1, "没有编号为 nowhere 的群\n")
    assert "名单里有41个单位" in shoudao("check").out


def test_a_roster_with_errors_is_refused_whole_and_line_by_line(shoudao: Shoudao, config: Path) -> None:
    ended = shoudao("roster", "import", str(SAMPLE / "roster-with-errors.xlsx"))
    assert ended.code == 1
    lines = ended.err.splitlines()
    assert len(lines) >= 7 and all(line.startswith("第") and "；" in line for line in lines)
    assert "还没有名单" in shoudao("check").out


@pytest.mark.parametrize("file", ["nowhere.xlsx", ".", "config.toml"])
def test_a_file_that_is_no_roster_is_named(shoudao: Shoudao, config: Path, file: str) -> None:
    ended = shoudao("roster", "import", file)
    assert ended.code == 1 and len(ended.err.strip().splitlines()) == 1


def test_a_table_of_days_is_imported_or_refused_whole(shoudao: Shoudao, config: Path, tmp_path: Path) -> None:
    (tmp_path / "days.txt").write_text("2027-02-17 休\n某天 休\n", encoding="utf-8")
    ended = shoudao("days", "import", "days.txt")
    assert ended.code == 1 and ended.err.startswith("第2行")
    (tmp_path / "days.txt").write_text("2027-02-17 休\n", encoding="utf-8")
    assert shoudao("days", "import", "days.txt").out == "已导入1天。\n"
    assert shoudao("days", "import", "none.txt").code == 1


def test_keys_are_made_once_for_the_owners_eyes_and_never_overwritten(shoudao: Shoudao, tmp_path: Path) -> None:
    ended = shoudao("lead", "keygen", "zhang", "li")
    assert ended.code == 0 and "指纹" in ended.out
    for name in ("zhang", "li", "recovery"):
        assert stat.S_IMODE((tmp_path / "lead-keys" / f"{name}.key").stat().st_mode) == 0o600
    assert shoudao("lead", "keygen", "zhang", "li").code == 1
    assert shoudao("lead", "keygen", "zhang").err == "至少要两名不同的线索专员；请写明各人的标识\n"


def test_check_says_what_is_missing(shoudao: Shoudao) -> None:
    ended = shoudao("check")
    assert ended.code == 1
    for said in ("✗ 没有经办", "✗ 没有群", "✗ 没有通道", "还没有，首次运行会建立"):
        assert said in ended.out


def test_a_damaged_database_is_named(shoudao: Shoudao, config: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "shoudao.sqlite3").write_bytes(b"not a database, but long enough to look" * 40)
    for words in (("check",), ("run",), ("say", "待办", "--as", "clerk")):
        ended = shoudao(*words)
        assert ended.code == 1 and "数据库文件已损坏" in ended.out + ended.err


def test_a_database_that_cannot_be_reached_is_named(
    shoudao: Shoudao, monkeypatch: pytest.MonkeyPatch, config: Path
) -> None:
    monkeypatch.setenv("SHOUDAO_DATABASE__URL", f"postgresql+asyncpg://u:hunter2@127.0.0.1:{free_port()}/d")
    for command in ("run", "check"):
        ended = shoudao(command)
        assert ended.code == 1 and "数据库连不上" in ended.out + ended.err
        assert "hunter2" not in ended.out + ended.err


def test_a_port_in_use_is_named(shoudao: Shoudao, config: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = shoudao("demo", "--no-browser", "--port", port)
        assert (ended.code, ended.err) == (
            1,
            f"监听 127.0.0.1:{port} 失败：端口已被占用，请换一个端口，或停掉占用它的程序\n",
        )


def test_a_roster_that_the_demo_cannot_take_is_named(shoudao: Shoudao) -> None:
    ended = shoudao("demo", "--no-browser", "--port", "0", "--roster", str(SAMPLE / "roster-with-errors.xlsx"))
    assert ended.code == 1 and ended.err.startswith("名单没有导入，请改好再试：\n第")


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`shoudao run` in its own process, up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        assert "收到助手已启动" in (await process.stdout.readline()).decode()
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def test_the_other_commands_speak_to_the_running_service(shoudao: Shoudao, config: Path, tmp_path: Path) -> None:
    async with service(tmp_path) as process:
        assert "新增41" in (await asyncio.to_thread(shoudao, "roster", "import", str(SAMPLE / "roster.xlsx"))).out
        assert (await asyncio.to_thread(shoudao, "say", "待办", "--as", "u018")).out == "市水利局没有待办。\n"
        assert "✓ 服务正在运行" in (await asyncio.to_thread(shoudao, "check")).out
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert not (tmp_path / "data" / "control.sock").exists()


async def test_a_second_service_on_the_same_data_is_refused(shoudao: Shoudao, config: Path, tmp_path: Path) -> None:
    async with service(tmp_path):
        for words in (("run",), ("demo", "--no-browser", "--port", "0", "--data", "data")):
            ended = await asyncio.to_thread(shoudao, *words)
            assert ended.code == 1 and "另一个收到助手正在用数据目录 data" in ended.err


async def test_a_killed_service_leaves_nothing_in_the_way(shoudao: Shoudao, config: Path, tmp_path: Path) -> None:
    async with service(tmp_path) as process:
        process.kill()
        await process.wait()
    assert (tmp_path / "data" / "control.sock").exists()
    assert (await asyncio.to_thread(shoudao, "say", "待办", "--as", "clerk")).code == 0
    assert "服务正在运行" not in (await asyncio.to_thread(shoudao, "check")).out
    async with service(tmp_path):
        assert (await asyncio.to_thread(shoudao, "say", "待办", "--as", "clerk")).code == 0


def test_a_log_for_which_there_is_no_room_is_not_told_so_at_length(
    shoudao: Shoudao, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a full disk: the trace of each line that could not be written would be written to the same disk."""
    monkeypatch.setattr(logging, "raiseExceptions", True)
    shoudao("--version")
    with Path("/dev/full").open("w", buffering=1) as full:
        logger = logging.Logger("full")
        logger.addHandler(logging.StreamHandler(full))
        logger.error("no room")
        assert capsys.readouterr().err == ""
        with contextlib.suppress(OSError):
            full.close()


def test_a_service_that_ends_in_the_middle_of_a_command_is_said_in_one_sentence(
    shoudao: Shoudao, config: Path, tmp_path: Path
) -> None:
    """As when it is killed while it imports a roster."""
    folder = tmp_path / "data"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "control.sock"))
        listening.listen()

        def hang_up() -> None:
            listening.accept()[0].close()

        hangs_up = threading.Thread(target=hang_up)
        hangs_up.start()
        ended = shoudao("roster", "import", str(SAMPLE / "roster.csv"), "--config", str(config))
        hangs_up.join()
    assert ended.code == 1
    assert ended.err == "服务做到一半停了，不知道做成没有：等它起来，看过结果再说\n"
