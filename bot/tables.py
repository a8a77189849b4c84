"""README's tables, made from the code: `python -m bot.tables README.md …` writes them between their marks.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; NAME is a key of `TABLES`.
"""

import re
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings import Settings
from handlers.registry import ANYONE, Command, Where, load

MARKED = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
TYPED_TOGETHER = re.compile(r" ?[Ll]$")  # 研判L-0012 typed without a space is a word of its own, but nobody's news
ROLES = {
    "liaison": "联络员",
    "clerk": "经办",
    "head": "主任",
    "lead_officer": "线索专员",
    "auditor": "审计",
    "admin": "管理员",
}


@dataclass(frozen=True)
class Key:
    """One entry of the configuration: `section` as it is written in the file, brackets and all."""

    section: str
    name: str
    default: str
    meaning: str


def known_keys(model: type[BaseModel] = Settings, path: str = "", *, many: bool = False) -> Iterator[Key]:
    """Every key that config.toml may have, in the order of the code."""
    inner: list[tuple[str, type[BaseModel], bool]] = []
    for name, entry in model.model_fields.items():
        section, repeated = _section(entry.annotation)
        if section is not None:
            inner.append((f"{path}.{name}".lstrip("."), section, repeated))
            continue
        header = f"[[{path}]]" if many else f"[{path}]"
        yield Key(header, name, _default(entry), entry.description or "")
    for below, section, repeated in inner:
        yield from known_keys(section, below, many=repeated)


def _section(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The section behind `Section`, `Section | None` or `list[Section]`, and whether there may be many."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        found = [kind for part in get_args(annotation) if (kind := _section(part)[0])]
        return (found[0] if found else None), False
    if origin is list:
        return _section(get_args(annotation)[0])[0], True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    return None, False


def _default(entry: FieldInfo) -> str:
    """As it would be written in TOML."""
    if entry.is_required():
        return "required"
    value = entry.get_default(call_default_factory=True)
    match value:
        case None:
            return "–"
        case bool():
            return f"`{str(value).lower()}`"
        case SecretStr():
            return '`""`'
        case list():
            return "`[" + ", ".join(f'"{one}"' for one in value) + "]`"
        case int() | float():
            return f"`{value}`"
    return f'`"{value}"`'


def configuration() -> str:
    """Section, key, default, meaning; one row a key."""
    rows, last = [], ""
    for key in known_keys():
        rows.append((f"`{key.section}`" if key.section != last else "", f"`{key.name}`", key.default, key.meaning))
        last = key.section
    return _table(("section", "key", "default", "what it is"), rows)


def commands() -> list[Command]:
    """What people may type, hidden answers such as 是 and 不是 left out, in the alphabet of the files."""
    return sorted((one for one in load().commands if not one.hidden), key=lambda one: one.name.split(".")[0])


def commands_in_english() -> str:
    """For those who run it: also the file, where a command is to be changed."""
    rows = [
        (
            _said(one),
            "everyone" if one.who >= ANYONE else ", ".join(role for role in ROLES if role in one.who),
            "in private" if one.where is Where.PRIVATE else "anywhere",
            f"[{one.name.split('.')[0]}](handlers/{one.name.split('.')[0]}.py)",
        )
        for one in commands()
    ]
    return _table(("people type", "who may", "where", "file"), rows)


def commands_in_chinese() -> str:
    """For the office."""
    rows = [
        (
            _said(one),
            _meaning(one),
            "所有人" if one.who >= ANYONE else "、".join(name for role, name in ROLES.items() if role in one.who),
            "私聊" if one.where is Where.PRIVATE else "都行",
        )
        for one in commands()
    ]
    return _table(("怎么说", "作用", "谁能用", "在哪说"), rows)


def _said(one: Command) -> str:
    """The form that its help shows first, then the other words it answers to."""
    form = one.usage.partition("：")[0] if "：" in one.usage else one.words[0]
    plain = dict.fromkeys(TYPED_TOGETHER.sub("", word) for word in one.words)
    others = [word for word in plain if not form.startswith(word)]
    return f"`{form}`" + (f"（{'、'.join(others[:4])}{'…' if len(others) > 4 else ''}）" if others else "")


def _meaning(one: Command) -> str:
    return one.usage.partition("：")[2] or one.usage


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "configuration": configuration,
    "commands": commands_in_english,
    "commands-zh": commands_in_chinese,
}


def renewed(text: str) -> str:
    """`text` with its tables made afresh."""
    return MARKED.sub(lambda found: found[1] + TABLES[found["name"]]() + found[3], text)


def main(paths: Sequence[str]) -> None:
    for path in map(Path, paths):
        text = path.read_text(encoding="utf-8")
        if (new := renewed(text)) != text:
            path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
