"""The journal as a chain of hashes: each row's hash covers the row before it, so a changed row is found offline too."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
COLUMNS = ("id", "at", "actor", "act", "object", "detail", "prev", "hash")


@dataclass
class Verdict:
    """`broken` are ids of rows, or line numbers as `#3` where a line is no row; `head` is the last row's hash.

    `passed`: the chain went through the hash that was looked for.
    """

    rows: int = 0
    broken: list[str] = field(default_factory=list)
    head: str = GENESIS
    passed: bool = False

    @property
    def whole(self) -> bool:
        return not self.broken


def chain_hash(prev: str, at: datetime, actor: str, act: str, object_: str, detail: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and every column, in a form that does not depend on the database."""
    body = [prev, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, act, object_, detail]
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def as_line(row: Mapping[str, Any]) -> str:
    """A row as one line of an export."""
    return json.dumps({c: row[c] for c in COLUMNS} | {"at": row["at"].isoformat()}, ensure_ascii=False, sort_keys=True)


def verify(lines: Iterable[str], wanted: str | None = None) -> Verdict:
    """Check an export from its first line, and whether it holds the hash `wanted` (the auditor's copy of a head).

    A row whose hash, link, order or id does not hold is named."""
    verdict, last = Verdict(), 0
    sought = (wanted or "").strip().lower()
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            at = datetime.fromisoformat(row["at"])
            expected = chain_hash(row["prev"], at, row["actor"], row["act"], row["object"], row["detail"])
            sound = row["hash"] == expected and row["prev"] == verdict.head and int(row["id"]) > last
            name, last = str(row["id"]), int(row["id"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            verdict.broken.append(f"#{number}")
            continue
        verdict.rows += 1
        verdict.head = row["hash"]
        verdict.passed = verdict.passed or row["hash"] == sought
        if not sound:
            verdict.broken.append(name)
    return verdict
