"""What lies where: the top of the repository, the wheel, the four folders, and the constraints."""

import ast
import re
import subprocess
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from bot.siblings import FOLDERS, strangers

ROOT = Path(__file__).resolve().parent.parent
TOP = {
    *FOLDERS,
    ".ci",
    "tests",
    "pyproject.toml",
    "config.example.toml",
    "constraints.txt",
    "Makefile",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
}


def kept() -> list[Path]:
    """The files of the project: what git keeps or would keep; in an unpacked archive, all but what was made since."""
    asked = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(asked, capture_output=True, check=True).stdout.decode()
        names = [Path(name) for name in answer.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    made = {".venv", "__pycache__", "data", "dist", "build"}
    return [name for name in names if not made.intersection(name.parts) and (ROOT / name).is_file()]


def test_nothing_else_lies_at_the_top() -> None:
    found = {name.parts[0] for name in kept()}
    assert {name for name in found - TOP if not name.startswith(".") and name != "config.toml"} == set()
    assert found >= TOP


def test_the_wheel_holds_the_four_folders_and_what_they_need(tmp_path: Path) -> None:
    wheel = Path(next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))))
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(FOLDERS)
    for needed in (
        "templates/zh/notice.md.j2",
        "templates/pages/sim.html",
        "templates/pages/sim/window.html",
        "templates/pages/static/vendor/htmx.js",
        "bot/sample/roster.csv",
        "models/migrations/env.py",
        "models/migrations/versions/0001_the_first_tables.py",
    ):
        assert needed in names
    assert not [name for name in names if name.endswith((".pyc", ".sqlite3", ".key"))]


def test_we_are_the_only_provider_of_the_four_names() -> None:
    providers = packages_distributions()
    for folder in FOLDERS:
        assert set(providers.get(folder, ["shoudao"])) == {"shoudao"}


def test_a_folder_from_elsewhere_is_refused(tmp_path: Path) -> None:
    assert strangers() == []
    (said, *_) = strangers(tmp_path)
    assert "单独装在一个虚拟环境里" in said


def test_the_tests_are_no_packages() -> None:
    assert [name for name in kept() if name.parts[0] == "tests" and name.name == "__init__.py"] == []


@pytest.mark.parametrize("folder", [*FOLDERS, "tests"])
def test_nothing_reads_outside_its_own_tree(folder: str) -> None:
    outside = re.compile(r"\.\./shared|/(?:work|home|root)/")
    for path in (ROOT / folder).rglob("*.py"):
        if path == Path(__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not outside.search(node.value), f"{path.relative_to(ROOT)}:{node.lineno}"


def test_constraints_pin_every_dependency_and_name_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text and "--" not in text
    pinned = {_plain(line.partition("==")[0]) for line in text.splitlines() if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {_plain(re.split(r"[\[<>=~!; ]", one)[0]) for one in wanted}
    assert names <= pinned, names - pinned


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_lock_file_and_no_index_address_is_kept() -> None:
    assert not [name for name in kept() if name.name in {"uv.lock", "pylock.toml", "poetry.lock"}]
    for name in kept():
        if name.suffix in {".toml", ".txt", ".md", ""}:
            text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
            assert "index-url" not in text and "find-links" not in text, name
