"""Pictures from outside: checked, decoded in a process of their own, kept only as new ones made from the pixels.

    bytes -> size and first bytes -> bot/photo_worker.py, limited and timed -> new JPEG or PNG -> <folder>/ab/abcd….jpg

A picture's name is the SHA-256 of what is stored. Moving pictures (GIF, animated PNG and WEBP) are refused: a still of
them would drop the rest in silence.
"""

import asyncio
import hashlib
import json
import logging
import os
import re
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from bot import keeping

LARGEST = 10 << 20
SECONDS = 10.0
AT_ONCE = 2

_WORKER = Path(__file__).with_name("photo_worker.py")
_READY = b"+"
_LARGEST_ANSWER = 32 << 20
_SUFFIXES = {"image/jpeg": ("jpg", b"\xff\xd8\xff"), "image/png": ("png", b"\x89PNG\r\n\x1a\n")}
_NAME = re.compile(r"[0-9a-f]{64}\.(jpg|png)")
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_log = logging.getLogger(__name__)
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

_DAMAGED = "图片不完整或已损坏，请重新发送"
_HUGE = "图片尺寸太大（最多4000万像素），请缩小后再发"
_SLOW = "图片太复杂，处理不了，请截图或缩小后再发"
_MOVING = "不收动图，请发 JPG 或 PNG 图片"
_WORDS = {"pixels": _HUGE, "animated": _MOVING, "damaged": _DAMAGED}


class PhotoRefused(Exception):
    """This picture is not taken; `reason` is a Chinese sentence for its sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Clean:
    """A picture made anew, in memory: what a lead's envelope takes, since nothing of a lead may be stored in clear."""

    data: bytes
    mime: str
    width: int
    height: int


@dataclass(frozen=True)
class Photo:
    """A picture as stored; `size` in bytes, `width` and `height` in pixels."""

    sha256: str
    mime: str
    width: int
    height: int
    size: int

    @property
    def name(self) -> str:
        """The name under which `path_of` finds it."""
        return f"{self.sha256}.{_SUFFIXES[self.mime][0]}"


async def admit(data: bytes, folder: Path) -> Photo:
    """Clean and keep: the same picture twice is one file. Raises PhotoRefused; OSError if it cannot be stored."""
    return await keep(await clean(data), folder)


async def clean(data: bytes) -> Clean:
    """The picture anew, upright, at most 1600 pixels long, without anything but its pixels; raises PhotoRefused."""
    _check_start(data)
    slot = _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    async with slot:
        answer = await _work(data)
    head, _, picture = answer.partition(b"\n")
    try:
        return _read(json.loads(head), picture)
    except (ValueError, KeyError, TypeError):  # a decoder that was taken over may say anything
        raise PhotoRefused(_SLOW) from None


async def keep(picture: Clean, folder: Path) -> Photo:
    """Store by content, safe against power loss. A cancelled call may still finish writing: it leaves no half file."""
    photo = Photo(
        hashlib.sha256(picture.data).hexdigest(), picture.mime, picture.width, picture.height, len(picture.data)
    )
    await asyncio.to_thread(keeping.put, folder, photo.name, picture.data)
    return photo


def path_of(folder: Path, name: str) -> Path | None:
    """Where the picture of that name lies, or None: for serving, with a name that came from outside."""
    return keeping.find(folder, name) if _NAME.fullmatch(name) else None


def _check_start(data: bytes) -> None:
    if not data:
        raise PhotoRefused("图片是空的，请重新发送")
    if len(data) > LARGEST:
        raise PhotoRefused(f"图片超过{LARGEST >> 20}MB，请压缩后再发")
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (data[:4], data[8:12]) == (b"RIFF", b"WEBP"):
        return
    if data.startswith((b"GIF87a", b"GIF89a")):
        raise PhotoRefused(_MOVING)
    if data.startswith(b"%PDF"):
        raise PhotoRefused("这是 PDF 文件，不是图片，请发 JPG 或 PNG 图片")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise PhotoRefused("不收 HEIC 图片，请在手机相机设置里选「兼容性最佳」，或截图后再发")
    raise PhotoRefused("这不是能收的图片，请发 JPG、PNG 或 WEBP 图片")


def _read(said: dict[str, Any], picture: bytes) -> Clean:
    if "refused" in said:
        _log.info("picture refused: %s %s", said["refused"], said.get("error", ""))
        raise PhotoRefused(_WORDS[said["refused"]])
    whole = len(picture) == said["size"]  # else it was stopped by a limit in mid-sentence
    if not whole or not picture.startswith(_SUFFIXES[said["mime"]][1]):
        raise PhotoRefused(_SLOW)
    return Clean(picture, said["mime"], int(said["width"]), int(said["height"]))


async def _work(data: bytes) -> bytes:
    """What the worker answers after `_READY`. However this ends, also cancelled, the process has ended before it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_WORKER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env=_environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(SECONDS):
            # Both at once: a process that talks without listening would block on a full pipe, and we with it.
            _, answer = await asyncio.gather(_feed(process, data), _hear(process))
    except TimeoutError:
        raise PhotoRefused(_SLOW) from None
    finally:
        await _end(process)
    if not answer.startswith(_READY):
        raise RuntimeError("the picture decoder does not start: is Pillow installed in this environment?")
    if b"\n" not in answer or len(answer) > _LARGEST_ANSWER:
        raise PhotoRefused(_SLOW)  # killed by one of its limits, or crashed
    return answer[len(_READY) :]


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin
    with suppress(BrokenPipeError, ConnectionResetError):  # it has ended early; what it said still counts
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()


async def _hear(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout
    answer = bytearray()
    while part := await process.stdout.read(1 << 16):
        answer += part
        if len(answer) > _LARGEST_ANSWER:
            _kill(process)
            break
    return bytes(answer)


def _kill(process: asyncio.subprocess.Process) -> None:
    """The whole session that it leads, should it have started others."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin and process.stdout
    _kill(process)
    process.stdin.close()
    while await process.stdout.read(1 << 16):
        pass  # the pipe is only closed once it has been read to its end
    await process.wait()


def _environment() -> dict[str, str]:
    """Nothing but what an interpreter may need to find its libraries: our environment holds secrets."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
