"""Decode one picture from standard input and write it anew, from its pixels only, to standard output.

Run by file path in a process of its own (`bot.photos`), because a decoder that is fed hostile bytes may eat memory,
hang or crash. Imports nothing of ours. Output: `READY` once Pillow is loaded, one line of JSON, the new picture.
"""

import io
import json
import sys
import warnings

from PIL import Image

READY = b"+"
"""Told apart from a crash over a picture: without it the installation is broken."""

MEMORY = 640 << 20
PROCESSOR_SECONDS = 8
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 1600

_KINDS = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"RIFF", "WEBP"))
_MUCH = 12_000_000
"""Pixels above which a mode that needs several copies to convert is thinned out first, to stay within the memory."""

_FLIPS = Image.Transpose
_TURNS = dict(
    enumerate(
        (
            _FLIPS.FLIP_LEFT_RIGHT,
            _FLIPS.ROTATE_180,
            _FLIPS.FLIP_TOP_BOTTOM,
            _FLIPS.TRANSPOSE,
            _FLIPS.ROTATE_270,
            _FLIPS.TRANSVERSE,
            _FLIPS.ROTATE_90,
        ),
        start=2,
    )
)
"""How to set a picture upright, by its EXIF orientation (EXIF 2.32, tag 0x0112); 1 is upright."""


class Refused(Exception):
    """The picture is whole but not wanted; the argument is the code that `bot.photos` puts into words."""


def main() -> None:
    out = sys.stdout.buffer
    out.write(READY)
    out.flush()
    limit()
    warnings.simplefilter("error")
    # What these two warn of is odd metadata, common in pictures edited on telephones, and none of it is kept.
    warnings.filterwarnings("ignore", module=r"PIL\.(Tiff|Jpeg)ImagePlugin")
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        mime, width, height, picture = rewrite(sys.stdin.buffer.read())
        said: dict[str, object] = {"mime": mime, "width": width, "height": height, "size": len(picture)}
    except Refused as refused:
        picture, said = b"", {"refused": str(refused)}
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError):
        picture, said = b"", {"refused": "pixels"}
    except Exception as error:  # Pillow lets a dozen kinds escape from a damaged picture
        # The kind goes to the log: a mistake of ours must not pass for a damaged picture for ever.
        picture, said = b"", {"refused": "damaged", "error": type(error).__name__}
    out.write(json.dumps(said).encode() + b"\n" + picture)
    out.flush()


def limit() -> None:
    """Let the kernel stop what the checks miss. Some systems lack some limits: there the caller's time-out remains."""
    try:
        import resource
    except ImportError:
        return
    for name, most in (("AS", MEMORY), ("CPU", PROCESSOR_SECONDS), ("FSIZE", 0), ("CORE", 0), ("NOFILE", 64)):
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
        except (AttributeError, ValueError, OSError):
            continue


def rewrite(data: bytes) -> tuple[str, int, int, bytes]:
    """MIME type, width, height, bytes of the new picture: PNG if it is transparent anywhere or smaller so, else JPEG.

    Raises `Refused`, or whatever Pillow raises.
    """
    kind = next((name for start, name in _KINDS if data.startswith(start)), "")
    with Image.open(io.BytesIO(data), formats=(kind,)) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise Refused("pixels")
        # A telephone's JPEG may hold a second, smaller view of the same scene: that is no animation.
        if kind != "JPEG" and getattr(opened, "is_animated", False):
            raise Refused("animated")
        turn = _TURNS.get(_orientation(opened))
        small = _shrunk(opened)
    if turn is not None:
        small = small.transpose(turn)
    if small.mode == "RGBA" and small.getchannel("A").getextrema() == (255, 255):
        small = small.convert("RGB")
    # A new image that has never known the file: no EXIF, comment, profile or text can come along.
    clean = Image.frombytes(small.mode, small.size, small.tobytes())
    png = _saved(clean, "PNG") if kind != "JPEG" else b""
    jpeg = _saved(clean, "JPEG") if clean.mode != "RGBA" else b""
    if png and (not jpeg or len(png) <= len(jpeg)):
        return "image/png", *clean.size, png
    return "image/jpeg", *clean.size, jpeg


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # damaged EXIF is common, and is thrown away anyhow
        return 1


def _shrunk(image: Image.Image) -> Image.Image:
    """At most `LONGEST_SIDE` long, in L, RGB or RGBA. JPEG is drafted: decoded at a fraction of its size."""
    alpha, deep = image.has_transparency_data, image.mode.startswith("I")
    if (alpha or deep) and image.width * image.height > _MUCH:
        image = image.resize(_fit(image, 2 * LONGEST_SIDE), Image.Resampling.NEAREST)
    if deep:  # convert("L") would clip the 65,536 greys instead of scaling them
        image = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    elif alpha:
        image = image.convert("RGBA")
    elif image.mode in ("1", "P"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    # The very size, not a square of the longest side: JPEG drafts by the side that needs it least.
    image.thumbnail(_fit(image, LONGEST_SIDE), Image.Resampling.LANCZOS)
    image.load()  # a picture that is small already was not read yet, and its file is closed after this
    return image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB")


def _fit(image: Image.Image, longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(image.size))
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _saved(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, quality=85)
    return out.getvalue()


if __name__ == "__main__":
    main()
