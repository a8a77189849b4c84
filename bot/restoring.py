"""A backup brought back into an empty folder, and looked at as hard as when it was made.

Nothing is overwritten: the folder must be empty or not there. A file that was cut or changed leaves nothing behind.
"""

import hashlib
import json
import os
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyrage

from bot.backup import DATABASE, FORMAT, KEPT, MANIFEST, MEDIA, BackupFailed, examine

LARGEST_MANIFEST = 1 << 20


@dataclass(frozen=True)
class Restored:
    """What stands in the folder now; `broken` are the journal's rows that somebody had changed before the backup."""

    folder: Path
    made_at: str
    counts: dict[str, int]
    pictures: int
    journal: int
    broken: list[str]


def restore(file: Path, identity: str, folder: Path) -> Restored:
    """Blocks for as long as it takes. Raises BackupFailed or OSError."""
    with _fresh(folder):
        manifest, digest, pictures = _unpack(file, identity, folder)
        if manifest.get("format") != FORMAT:
            raise BackupFailed(f"{file.name} 是别的版本做的备份，这个版本读不了")
        path = folder / DATABASE
        if digest != manifest["sha256"]:
            raise BackupFailed("恢复出来的数据库和备份时的不一样，没有采用")
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            found = examine(database)
        if found != {name: manifest[name] for name in found}:
            raise BackupFailed("恢复出来的行数或日志和备份时的不一样，没有采用")
    journal = found["journal"]
    return Restored(folder, manifest["made_at"], found["counts"], pictures, journal["rows"], journal["broken"])


@contextmanager
def _fresh(folder: Path) -> Iterator[None]:
    """A folder of ours alone; what was put into it goes again when it did not come to a good end."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupFailed(f"{folder} 不是空目录，不会覆盖；请另选一个")
    try:
        yield
    except BaseException:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        raise


def _unpack(file: Path, identity: str, folder: Path) -> tuple[dict[str, Any], str, int]:
    """age's bytes through a pipe into tar: what comes out before the seal is found broken is thrown away with the rest."""
    reading, writing = os.pipe()
    trouble: list[BaseException] = []

    def open_seal() -> None:
        try:
            with os.fdopen(writing, "wb") as pipe, file.open("rb") as sealed:
                pyrage.decrypt_io(sealed, pipe, [pyrage.x25519.Identity.from_str(identity)])
        except BaseException as fault:  # said by whoever waits for this thread
            trouble.append(fault)

    opening = threading.Thread(target=open_seal, name="restore")
    opening.start()
    found: tuple[dict[str, Any], str, int] | None = None
    with os.fdopen(reading, "rb") as pipe:
        try:
            with suppress(tarfile.TarError), tarfile.open(fileobj=pipe, mode="r|") as tar:
                found = _take(tar, folder)
            while pipe.read(1 << 20):  # the end of the tar is not the end of the seal
                pass
        finally:
            pipe.close()
            opening.join()
    if trouble or found is None:
        raise BackupFailed(_why(trouble[0] if trouble else None, file))
    return found


def _why(trouble: BaseException | None, file: Path) -> str:
    if isinstance(trouble, FileNotFoundError):
        return f"找不到备份文件 {file}"
    if isinstance(trouble, pyrage.DecryptError | pyrage.IdentityError):
        return f"这把私钥打不开 {file.name}，或文件不是完整的备份"
    return f"{file.name} 不完整或被改动过，没有恢复"


def _take(tar: tarfile.TarFile, folder: Path) -> tuple[dict[str, Any], str, int]:
    manifest: dict[str, Any] = {}
    digest, pictures = "", 0
    for entry in tar:
        content = tar.extractfile(entry) if entry.isreg() else None
        if content is None:
            raise BackupFailed(f"备份里有不该有的东西：{entry.name[:40]}")
        if entry.name == MANIFEST and entry.size <= LARGEST_MANIFEST:
            manifest = json.loads(content.read())
        elif entry.name == DATABASE:
            digest = _write(folder / DATABASE, content)
        elif (name := entry.name.removeprefix(MEDIA)) != entry.name and KEPT.fullmatch(name):
            place = folder / "media" / name[:2]
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _write(place / name, content) != name.partition(".")[0]:
                raise BackupFailed(f"文件 {name} 和它的名字对不上，没有恢复")
            pictures += 1
        else:
            raise BackupFailed(f"备份里有不该有的东西：{entry.name[:40]}")
    return manifest, digest, pictures


def _write(path: Path, content: IO[bytes]) -> str:
    """Gives the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        while piece := content.read(1 << 20):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
