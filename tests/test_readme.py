"""What the READMEs, the example configuration and the constraints say is what the code does."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import world

import bot
from bot import tables
from bot.__main__ import parser
from bot.settings import Settings, load_settings
from handlers import registry

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "config.example.toml"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", ENGLISH, re.MULTILINE | re.DOTALL)


def shown(word: str) -> Iterator[str]:
    """Command lines in the shell blocks and in the text that begin with `word`, as typed."""
    for name in READMES:
        for line in _lines((ROOT / name).read_text(encoding="utf-8")):
            if line.startswith(f"{word} "):
                yield line


def _lines(text: str) -> list[str]:
    in_blocks = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return in_blocks + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


@pytest.mark.parametrize("name", READMES)
def test_the_tables_are_fresh(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "<!-- table: " in text
    assert tables.renewed(text) == text, "run `make tables`"


def test_the_picture_of_the_house_is_the_one_in_the_code() -> None:
    assert bot.__doc__ is not None
    picture = bot.__doc__.split("\n", 2)[2].strip("\n")
    assert picture + "\n" in blocks("text")


def test_files_and_links_that_the_readmes_name_exist() -> None:
    for name in READMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{name} links {target}"
        for path in re.findall(r"`((?:bot|handlers|models|templates|tests)/[\w./-]+)`", text):
            if path not in {"handlers/greet.py", "templates/zh/greet.md.j2"}:
                assert (ROOT / path).exists(), f"{name} names {path}"


def test_every_command_line_shown_is_one_that_the_program_takes() -> None:
    lines = [line for line in "".join(blocks("sh")).splitlines() if line.startswith(".venv/bin/shoudao ")]
    assert len(lines) >= 8
    for line in lines:
        parser().parse_args(shlex.split(line)[1:])


def test_every_make_target_shown_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    lines = list(shown("make"))
    assert {"make demo", "make test"} <= set(lines)
    assert {shlex.split(line)[1] for line in lines} <= targets


def test_the_command_that_the_readme_adds_works(monkeypatch: pytest.MonkeyPatch) -> None:
    example = next(block for block in blocks("python") if "@command" in block)
    monkeypatch.setattr(registry, "REGISTRY", registry.Registry())
    exec(compile(example, "greet.py", "exec"), {"__name__": "handlers.greet"})
    (added,) = registry.REGISTRY.commands
    assert added.usage == "早安：道一声早"
    assert added.name == "greet.greet"


def test_the_story_that_the_readme_tells_uses_verbs_that_exist() -> None:
    story = ast.parse(next(block for block in blocks("python") if "World" in block))
    verbs = {n.attr for n in ast.walk(story) if isinstance(n, ast.Attribute)}
    assert verbs
    assert all(hasattr(world.World, verb) for verb in verbs), verbs


def test_the_notice_that_the_readme_types_is_a_command() -> None:
    typed = next(block for block in blocks("text") if block.startswith("通知")).splitlines()
    assert [registry.load().find(line) is not None for line in typed] == [True, True]


def test_every_dependency_has_its_sentence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["postgres"]
    names = {re.split(r"[\[<>=~! ]", one)[0] for one in wanted}
    explained = set(re.findall(r"^\| ([a-z0-9-]+) \|", ENGLISH, re.MULTILINE))
    assert names <= explained, names - explained


def test_every_key_says_what_it_is() -> None:
    assert not [f"{key.section} {key.name}" for key in tables.known_keys() if not key.meaning]


def test_the_example_configuration_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(EXAMPLE)
    assert [person.id for person in settings.office.person] == ["clerk", "head"]
    assert [room.name for room in settings.room] == ["成员单位群", "县区群"]
    assert settings.database_url.startswith("sqlite+aiosqlite:///")


def test_the_example_configuration_has_every_key() -> None:
    whole = re.sub(r"^#(?=\S)", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    written = set(_paths(tomllib.loads(whole)))
    known = {(key.section.strip("[]"), key.name) for key in tables.known_keys()}
    assert known - written == set(), "keys that the example does not show"
    assert written - known == set(), "keys that do not exist"


def test_what_the_example_shows_as_the_default_is_the_default() -> None:
    example, plain = load_settings(EXAMPLE), Settings()
    for section in ("web", "data", "database", "leads", "alarm", "backup"):
        assert getattr(example, section) == getattr(plain, section)
    assert example.wecom.media == plain.wecom.media
    assert example.office.model_copy(update={"person": []}) == plain.office


def _paths(content: dict[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        below = f"{path}.{name}".lstrip(".")
        if isinstance(value, dict):
            yield from _paths(value, below)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for one in value:
                yield from _paths(one, below)
        else:
            yield path, name
