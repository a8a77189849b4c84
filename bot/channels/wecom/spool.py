"""A file in which a message waits that the database cannot take now. Made at its full size beforehand, and written in
place, so that a full disk does not hinder it.

    head   = magic + generation                              a new generation forgets everything that was kept
    record = mark + generation + length + SHA-256 + payload  one after the other; the first that is not right is the end

What is kept is as it came, still encrypted with the platform's key, or sealed with the installation's.
"""

import asyncio
import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path

SIZE = 4 << 20  # some four thousand answers
_HEAD, _RECORD = struct.Struct(">8sQ"), struct.Struct(">4sQI32s")
_MAGIC, _MARK = b"SHOUDAO1", b"KEPT"


class SpoolFull(OSError):
    """There is no room for one more."""


class Spool:
    """One process at a time. `keep` returns when it is on the disk."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size
        self._file = -1
        self._generation, self._end = 0, _HEAD.size
        self._lock = asyncio.Lock()

    async def open(self) -> list[bytes]:
        """What an earlier run has left, in its order. Raises OSError."""
        return await asyncio.to_thread(self._open)

    async def keep(self, payload: bytes) -> None:
        """Raises OSError, or SpoolFull which is one. A caller who is cancelled may find it kept all the same."""
        async with self._lock:
            await asyncio.shield(asyncio.to_thread(self._keep, payload))

    async def forget(self) -> None:
        """Everything that was kept is done. Raises OSError."""
        async with self._lock:
            await asyncio.shield(asyncio.to_thread(self._forget))

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> list[bytes]:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < self._size:
            self._make()
        magic, self._generation = _HEAD.unpack(os.pread(self._file, _HEAD.size, 0))
        if magic != _MAGIC:
            self._make()
            self._generation = 0
        return list(self._read())

    def _make(self) -> None:
        """Zeros, really written: a hole would want room at the very moment when there is none."""
        os.lseek(self._file, 0, os.SEEK_SET)
        left = self._size
        while left:
            left -= os.write(self._file, bytes(min(left, 1 << 20)))
        os.pwrite(self._file, _HEAD.pack(_MAGIC, 0), 0)
        os.fsync(self._file)

    def _read(self) -> Iterator[bytes]:
        self._end = _HEAD.size
        while True:
            head = os.pread(self._file, _RECORD.size, self._end)
            if len(head) < _RECORD.size:
                return
            mark, generation, length, digest = _RECORD.unpack(head)
            if mark != _MARK or generation != self._generation or length > self._size:
                return
            payload = os.pread(self._file, length, self._end + _RECORD.size)
            if hashlib.sha256(payload).digest() != digest:
                return
            self._end += _RECORD.size + length
            yield payload

    def _keep(self, payload: bytes) -> None:
        head = _RECORD.pack(_MARK, self._generation, len(payload), hashlib.sha256(payload).digest())
        if self._file < 0 or self._end + len(head) + len(payload) > self._size:
            raise SpoolFull
        os.pwrite(self._file, head + payload, self._end)
        os.fdatasync(self._file)
        self._end += len(head) + len(payload)

    def _forget(self) -> None:
        os.pwrite(self._file, _HEAD.pack(_MAGIC, self._generation + 1), 0)
        os.fdatasync(self._file)
        os.pwrite(self._file, bytes(self._end - _HEAD.size), _HEAD.size)  # what is done is not kept, encrypted or not
        os.fdatasync(self._file)
        self._generation, self._end = self._generation + 1, _HEAD.size
