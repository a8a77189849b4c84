"""Bytes put into a folder under the hash of their content, safe against power loss and against names that lead away."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG


def put(folder: Path, name: str, data: bytes) -> None:
    """Temporary file, fsync, rename, fsync of the folder; every step relative to an opened folder, through no link."""
    folder.mkdir(parents=True, exist_ok=True)
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            os.mkdir(name[:2], 0o700, dir_fd=top)
            os.fsync(top)
        except FileExistsError:
            pass
        inner = os.open(name[:2], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    finally:
        os.close(top)
    try:
        if not _has(inner, name, data):
            _put(inner, name, data)
    finally:
        os.close(inner)


def find(folder: Path, name: str) -> Path | None:
    """Where it lies, or None; a link in its place is no file."""
    path = folder / name[:2] / name
    try:
        regular = not path.parent.is_symlink() and S_ISREG(path.lstat().st_mode)
    except OSError:
        return None
    return path if regular else None


def _has(folder: int, name: str, data: bytes) -> bool:
    """Whether it is there whole: a file damaged on disk is written anew."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        return file.read(len(data) + 1) == data


def _put(folder: int, name: str, data: bytes) -> None:
    temporary = f".{secrets.token_hex(8)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)
