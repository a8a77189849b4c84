"""Marks that are put into leads, and the search for them in every form in which they could stand somewhere."""

import base64
import json
import secrets
from pathlib import Path
from urllib.parse import quote

MARK = "金丝雀" + secrets.token_hex(8)  # long enough that no piece of it stands anywhere by chance
"""What the marks of one run begin with; it is what is searched for."""


def canary() -> str:
    return MARK + secrets.token_hex(6)


def forms() -> set[bytes]:
    """How a mark could stand somewhere: in each encoding, escaped, in hex, and in base64 at each of its offsets."""
    found = {MARK.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "unicode_escape")}
    found |= {MARK[3:].encode(), json.dumps(MARK)[1:-1].encode(), quote(MARK).encode()}
    for plain in list(found):
        found.add(plain.hex().encode())
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + plain)
            found.add(whole[4 if shift else 0 : -4])
    return found


def hits(places: dict[str, bytes]) -> list[str]:
    wanted = forms()
    return [f"{name}: {form[:12]!r}" for name, data in places.items() for form in wanted if form in data]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
