"""FI-11 and FI-18: mutated pictures, and pictures made to take memory or time, one process each; nothing but pixels is kept."""

import asyncio
import io
import struct
import time
import zlib
from collections import Counter

from junk import memory, mutated
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from trial import Beside, Ground, Reached, trial

from bot import photos

MARK = b"where-it-was-taken"
SLOWEST = 2.0
AT_ONCE = 2


def seeds(chance) -> list[bytes]:
    """One of each kind that is taken, with a mark wherever a mark can be put."""
    picture = Image.frombytes("RGB", (160, 120), chance.randbytes(160 * 120 * 3))
    exif, text = Image.Exif(), PngInfo()
    exif[0x010E] = MARK.decode()
    text.add_text("Comment", MARK.decode())
    text.add_itxt("XML:com.adobe.xmp", MARK.decode())
    options = {
        "JPEG": {"exif": exif, "comment": MARK, "quality": 90},
        "PNG": {"pnginfo": text, "exif": exif},
        "WEBP": {"exif": exif, "xmp": MARK},
    }
    found = []
    for kind, more in options.items():
        file = io.BytesIO()
        picture.save(file, kind, **more)
        found += [file.getvalue(), file.getvalue() + MARK]
    return found


def bombs() -> list[bytes]:
    """A few bytes that say they are many."""
    return [
        _png(50_000, 50_000, zlib.compress(bytes(1 << 20), 9)),
        _png(6_000, 6_000, zlib.compress(bytes(6_000 * 18_001), 9)),
        _png(100, 100, zlib.compress(bytes(100 * 301)), text=zlib.compress(bytes(300 << 20), 9)),
        _png(0, 0, b""),
        _png(2**31 - 1, 1, zlib.compress(b"")),
        b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + bytes(400),
        b"RIFF\xff\xff\xff\xffWEBPVP8X" + bytes(40),
    ]


def _png(width, height, data, text=b""):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    more = chunk(b"zTXt", b"Comment\0\0" + text) if text else b""
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@trial(
    "pictures",
    "mutated pictures, bombs among them, each decoded in a process of its own",
    asked="taken or refused each, p95 ≤ 2 s, 0 marks kept, memory +≤ 50 MB",
    sizes=(5, 30, 300, 5000),
    unit="pictures",
    beside=Beside.NOTHING,
)
async def pictures(ground: Ground) -> Reached:
    reached, chance = Reached(), ground.chance
    whole, came, took, began = seeds(chance), Counter(), [], memory()
    given = whole + bombs()
    given += [mutated(chance.choice(whole), chance) for _ in range(max(ground.size - len(given), 0))]
    queue = iter(given)

    async def sender() -> None:
        for data in queue:
            since = time.perf_counter()
            try:
                clean = await photos.clean(data)
            except photos.PhotoRefused:
                came["refused"] += 1
            except Exception as trouble:
                reached.expect(False, f"{type(trouble).__name__} for {data[:60]!r}")
            else:
                came["taken"] += 1
                reached.expect(MARK not in clean.data, f"a mark was kept of {data[:40]!r}")
            took.append(time.perf_counter() - since)

    await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    slow, grown = sorted(took)[int(len(took) * 0.95)], memory() - began
    reached.expect(came["taken"] >= len(whole), f"only {came['taken']} taken, though {len(whole)} were whole")
    reached.expect(slow <= SLOWEST * ground.slack, f"p95 {slow:.1f} s")
    reached.expect(grown <= 50, f"memory grew by {grown:.0f} MB")
    reached.figure = f"{came['taken']} taken, {came['refused']} refused, p95 {slow:.2f} s, +{grown:.0f} MB"
    return reached
