"""Files from outside: what they are is told by their content, they are kept as they came under its hash, and they are
neither opened, run nor shown here. Whoever may read reports downloads them.

    bytes and a name -> size, first bytes, what lies in the archive -> one of KINDS, or a refusal in words
"""

import asyncio
import hashlib
import io
import re
import zipfile
from pathlib import Path

from bot import keeping
from models.incoming import Attachment
from models.rules.plain import clean

LARGEST = 20 << 20
LONGEST_TITLE, MOST_PARTS = 80, 20_000
_OLD_OFFICE = ("doc", "xls", "ppt", "wps", "et", "dps")
_OFFICE = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_OTHERS = ("pdf", "ofd", "txt", "csv", "mp4", "mov")
KINDS = frozenset((*_OLD_OFFICE, *_OFFICE.values(), *_OTHERS))  # nothing that a double click would run
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_VIDEO = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"3gp4", b"3gp5")
_NAME = re.compile(rf"[0-9a-f]{{64}}\.(?:{'|'.join(sorted(KINDS))})")

_WHICH = "只收 PDF、Word、Excel、PPT、WPS、OFD、TXT、CSV 文件，JPG、PNG 图片和 MP4、MOV 视频"
_MACRO = "带宏的文件不收，请另存为不带宏的格式再发"


class FileRefused(Exception):
    """This file is not taken; `reason` is a Chinese sentence for its sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def check(data: bytes, title: str) -> Attachment:
    """What the file is, under a name that is fit to be shown. Raises FileRefused."""
    if not data:
        raise FileRefused("文件是空的，请重新发送")
    if len(data) > LARGEST:
        raise FileRefused(f"文件超过{LARGEST >> 20}兆，请压缩或拆开再发")
    title = _shown(title)
    kind = await asyncio.to_thread(_kind_of, data, title.rpartition(".")[2].lower())
    if not title.lower().endswith(f".{kind}"):
        title = f"{title or '文件'}.{kind}"
    return Attachment(sha256=hashlib.sha256(data).hexdigest(), kind=kind, title=title, data=data)


async def keep(file: Attachment, folder: Path) -> str:
    """Store by content; gives the name under which `path_of` finds it."""
    await asyncio.to_thread(keeping.put, folder, file.name, file.data)
    return file.name


def path_of(folder: Path, name: str) -> Path | None:
    """Where the file of that name lies, or None: for serving, with a name that came from outside."""
    return keeping.find(folder, name) if _NAME.fullmatch(name) else None


def kind_named(title: str) -> str:
    """The kind that a file's own name gives it, where it is one that we take."""
    kind = title.rpartition(".")[2].lower()
    return kind if kind in KINDS else "bin"


def _shown(title: str) -> str:
    """The last part of what its sender called it; its end stays, for it says what the file is."""
    title = re.split(r"[/\\]", clean(title).replace("\n", " "))[-1].strip(" .")
    stem, dot, suffix = title.rpartition(".")
    if len(title) <= LONGEST_TITLE or not dot or len(suffix) > 8:
        return title[:LONGEST_TITLE]
    return f"{stem[: LONGEST_TITLE - len(suffix) - 2]}….{suffix}"


def _kind_of(data: bytes, said: str) -> str:
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") and said in _OLD_OFFICE:
        if _MACROS in data:
            raise FileRefused(_MACRO)
        return said
    if data.startswith(b"PK\x03\x04"):
        return _in_archive(data)
    if data[4:8] == b"ftyp" and data[8:12] in (*_VIDEO, b"qt  "):
        return "mov" if data[8:12] == b"qt  " else "mp4"
    if said in ("txt", "csv") and _is_text(data):
        return said
    if data.startswith((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        raise FileRefused("压缩包不收，请解开后逐个发")
    raise FileRefused(_WHICH)


def _in_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError, OSError, RuntimeError):
        raise FileRefused("文件不完整或已损坏，请重新发送") from None
    if len(names) > MOST_PARTS:
        raise FileRefused(_WHICH)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(_MACRO)
    if "OFD.xml" in names:
        return "ofd"
    if "[Content_Types].xml" in names:
        for start, kind in _OFFICE.items():
            if any(name.startswith(start) for name in names):
                return kind
    raise FileRefused("压缩包不收，请解开后逐个发")


def _is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
