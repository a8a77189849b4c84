"""One file that brings the office back: the database, the pictures and the files, sealed to the holders of the backup's key.

1. `VACUUM INTO` a database in memory: a consistent copy of a file that is being written, without its deleted rows.
2. The copy is looked at before it is trusted: `integrity_check`, every table counted, the journal's chain followed.
3. A tar of manifest, database and media goes through a pipe into age, and only the sealed bytes reach the disk:
   temporary file, fsync, rename, fsync of the folder.
4. What was written is read again and must be what was sealed; then the oldest files beyond `keep` go.

The installation's key is left out on purpose: see `models/pseudonyms`.
"""

import hashlib
import io
import json
import os
import re
import sqlite3
import tarfile
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pyrage

from models.rules.chains import COLUMNS, as_line, verify

FORMAT = 1
DATABASE, MANIFEST, MEDIA = "shoudao.sqlite3", "manifest.json", "media/"
NAME, PART = "shoudao-{:%Y%m%dT%H%M%SZ}.tar.age", ".part"
PIECE = 1 << 20
KEPT = re.compile(r"[0-9a-f]{64}\.[0-9a-z]{2,4}")  # whole files: a half-written one has another name


class BackupFailed(Exception):
    """No backup was made, or it cannot be restored; the text is one Chinese sentence."""


@dataclass(frozen=True)
class Made:
    """A backup that stands: where, how large, and what its manifest says."""

    path: Path
    size: int
    pictures: int
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is kept where, for whom. `media` are pictures and files, `folder` the place of the backups."""

    database: Path
    media: Path
    folder: Path
    recipients: Sequence[str]
    keep: int


def make(plan: Plan, now: datetime) -> Made:
    """Blocks for as long as it takes: for a thread. Raises BackupFailed or OSError."""
    holders = [_recipient(one) for one in plan.recipients]
    if not holders:
        raise BackupFailed("没有填写 [backup] recipients，不知道备份加密给谁；可用 shoudao backup --new-key 生成一把")
    data, manifest = _snapshot(plan.database, now)
    plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in plan.folder.glob(f"*{PART}"):
        left.unlink()
    path = plan.folder / NAME.format(now)
    part = path.with_name(path.name + PART)
    try:
        pictures = [one for one in sorted(plan.media.glob("??/*")) if KEPT.fullmatch(one.name)]
        digest = _seal(data, manifest, pictures, part, holders)
        if _digest_of(part) != digest:
            raise BackupFailed("写到磁盘的备份读回来不一样，没有采用；请检查磁盘")
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(plan.folder)
    for old in backups(plan.folder)[: -plan.keep]:
        old.unlink()
    return Made(path, path.stat().st_size, len(pictures), manifest)


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    return sorted(folder.glob("shoudao-*.tar.age"))


def counts_of(database: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    quoted = {name: name.replace('"', '""') for name in names if not name.startswith("sqlite_")}
    return {name: database.execute(f'SELECT count(*) FROM "{q}"').fetchone()[0] for name, q in quoted.items()}  # noqa: S608


def examine(database: sqlite3.Connection) -> dict[str, Any]:
    """What is true of a whole database. Raises BackupFailed for one that is damaged; a journal that somebody changed is
    no reason to have no backup, and is told."""
    said = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
    if said != ["ok"] or database.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise BackupFailed(f"数据库完整性检查没有通过（{'；'.join(map(str, said))}）")
    rows = database.execute(f"SELECT {', '.join(COLUMNS)} FROM journal ORDER BY id")  # noqa: S608
    verdict = verify(as_line(_entry(row)) for row in rows)
    journal = {"rows": verdict.rows, "head": verdict.head, "broken": verdict.broken}
    return {"counts": counts_of(database), "journal": journal}


def _entry(row: Sequence[Any]) -> dict[str, Any]:
    """A row as SQLite keeps it, as the models read it: times in UTC, the detail no text."""
    entry = dict(zip(COLUMNS, row, strict=True))
    return entry | {"at": datetime.fromisoformat(f"{entry['at']}+00:00"), "detail": json.loads(entry["detail"])}


def _snapshot(path: Path, now: datetime) -> tuple[bytes, dict[str, Any]]:
    """A copy in memory. The named memory database lives as long as a connection to it, so that one is opened first."""
    memory = f"file:/backup-{uuid4().hex}?vfs=memdb"
    with (
        closing(sqlite3.connect(memory, uri=True)) as copy,
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as live,
    ):
        live.execute("VACUUM INTO ?", (memory,))
        found = examine(copy)
        data = copy.serialize()
    digest = hashlib.sha256(data).hexdigest()
    return data, {"format": FORMAT, "made_at": now.isoformat(), "sha256": digest, "size": len(data), **found}


def _seal(data: bytes, manifest: dict[str, Any], pictures: Sequence[Path], part: Path, holders: Sequence[Any]) -> str:
    """Write the sealed tar; gives the SHA-256 of what was written."""
    reading, writing = os.pipe()
    trouble: list[BaseException] = []

    def fill() -> None:
        try:
            with os.fdopen(writing, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|") as tar:
                _add(tar, MANIFEST, json.dumps(manifest, ensure_ascii=False).encode())
                _add(tar, DATABASE, data)
                for picture in pictures:
                    _add(tar, MEDIA + picture.name, picture.read_bytes())
        except BaseException as fault:  # said by whoever waits for this thread
            trouble.append(fault)

    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        out = _Hashing(file)
        with os.fdopen(reading, "rb") as pipe:
            filling = threading.Thread(target=fill, name="backup")
            filling.start()
            try:
                pyrage.encrypt_io(pipe, out, holders)
            finally:
                with suppress(OSError):  # a full disk: let the other side end
                    while pipe.read(PIECE):
                        pass
                filling.join()
        if trouble:
            raise trouble[0]
        file.flush()
        os.fsync(file.fileno())
    return out.digest.hexdigest()


class _Hashing(io.RawIOBase):
    """Passes on what is written, and remembers its hash."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self.digest.update(piece)
        self._file.write(piece)
        return len(piece)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    tar.addfile(entry, io.BytesIO(data))


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _recipient(text: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise BackupFailed(f"[backup] recipients 里的 {text[:16]}… 不是 age 公钥") from None
