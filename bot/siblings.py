"""The four folders of the house are imported by bare names, so they must be ours, all from one place."""

import importlib.util
from pathlib import Path

FOLDERS = ("bot", "handlers", "models", "templates")


def strangers(home: Path | None = None) -> list[str]:
    """What is wrong with where the four folders come from, one Chinese sentence each; empty when all is well.

    Another distribution may bring a top-level package of the same name, and the import path decides which one wins.
    """
    home = home or Path(__file__).resolve().parent.parent
    found = []
    for name in FOLDERS:
        spec = importlib.util.find_spec(name)
        places = [Path(place).resolve() for place in (spec.submodule_search_locations or ())] if spec else []
        if not places:
            found.append(f"{home} 里没有 {name}，安装不完整；请重新安装")
        elif any(place != home / name for place in places):
            where = next(place for place in places if place != home / name)
            found.append(f"{name} 来自 {where}，不是 {home / name}；请把收到助手单独装在一个虚拟环境里")
    return found
