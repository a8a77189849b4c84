import asyncio
import gc
import hashlib
import io
import os
import random
import signal
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image, PngImagePlugin

from bot import photo_worker, photos
from bot.photos import PhotoRefused, admit, clean, keep, path_of

MARK = b"MARK-7f3a"
TEXT = MARK.decode()


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def scene(size=(120, 80), mode="RGB"):
    """Red left half, blue right half, a green top left corner: one sees how it is turned."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    image.paste("lime", (0, 0, size[0] // 4, size[1] // 4))
    return image.convert(mode)


def png_of(width, height, bits=8, colour=2, data=b""):
    """A PNG whose header may promise what its data does not hold."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    packed = zlib.compress(data or bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def with_everything(kind):
    exif = Image.Exif()
    exif[0x010E] = TEXT
    exif.get_ifd(0x8825)[2] = (32.0, 37.0, 12.0)
    exif.get_ifd(0x8825)[29] = TEXT
    options = {"exif": exif, "icc_profile": MARK * 20}
    if kind == "JPEG":
        options |= {"comment": MARK, "xmp": b"<x:xmpmeta>" + MARK}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", TEXT)
        info.add_itxt("XML:com.adobe.xmp", TEXT)
        options["pnginfo"] = info
    if kind == "WEBP":
        options["xmp"] = MARK
    return saved(scene(), kind, **options) + MARK + b"PK\x03\x04" + MARK


async def refusal(data):
    with pytest.raises(PhotoRefused) as caught:
        await clean(data)
    return caught.value.reason


def opened(picture):
    return Image.open(io.BytesIO(picture.data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_nothing_but_the_pixels_is_kept(kind, tmp_path):
    """M-06."""
    data = with_everything(kind)
    assert data.count(MARK) >= 5
    photo = await admit(data, tmp_path)
    stored = path_of(tmp_path, photo.name).read_bytes()
    for trace in (
        MARK,
        b"Exif",
        b"GPS",
        b"ICC",
        b"xmp",
        b"tEXt",
        b"iTXt",
        b"eXIf",
        b"iCCP",
        b"PK\x03\x04",
        b"\xff\xfe",
    ):
        assert trace not in stored
    with Image.open(io.BytesIO(stored)) as image:
        assert image.size == (120, 80) and not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


async def test_a_photo_is_stored_under_the_hash_of_what_is_stored(tmp_path):
    photo = await admit(saved(scene(), "JPEG"), tmp_path / "media")
    path = path_of(tmp_path / "media", photo.name)
    assert path == tmp_path / "media" / photo.sha256[:2] / f"{photo.sha256}.jpg"
    stored = path.read_bytes()
    assert (photo.sha256, photo.size) == (hashlib.sha256(stored).hexdigest(), len(stored))
    assert (photo.mime, photo.width, photo.height) == ("image/jpeg", 120, 80)
    assert [file.name for file in path.parent.iterdir()] == [photo.name]


async def test_the_same_picture_twice_and_at_once_is_one_file(tmp_path):
    data = saved(scene(), "JPEG")
    first, *others = await asyncio.gather(*(admit(data, tmp_path) for _ in range(4)))
    assert others == [first] * 3
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [first.name]


async def test_a_stored_file_that_was_damaged_is_mended(tmp_path):
    photo = await admit(saved(scene(), "JPEG"), tmp_path)
    path_of(tmp_path, photo.name).write_bytes(b"")
    assert await admit(saved(scene(), "JPEG"), tmp_path) == photo
    assert path_of(tmp_path, photo.name).stat().st_size == photo.size


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_is_set_upright(orientation):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    turned = scene((160, 80))
    if orientation > 1:
        turned = turned.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    with opened(await clean(saved(turned, "JPEG", exif=exif, quality=95))) as image:
        assert image.size == (160, 80)
        for place, colour in [((8, 8), (0, 255, 0)), ((60, 60), (255, 0, 0)), ((150, 40), (0, 0, 255))]:
            assert all(abs(a - b) < 40 for a, b in zip(image.getpixel(place), colour, strict=True))


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0junk", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 40]
)
async def test_damaged_metadata_does_not_cost_the_picture(exif):
    assert (await clean(saved(scene(), "JPEG", exif=exif))).width == 120


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((1, 1), (1, 1)),
        ((1600, 1200), (1600, 1200)),
        ((1601, 1), (1600, 1)),
        ((4000, 3000), (1600, 1200)),
        ((900, 3200), (450, 1600)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_the_longest_side_is_1600(kind, size, kept):
    picture = await clean(saved(Image.new("RGB", size, "red"), kind))
    assert (picture.width, picture.height) == kept == opened(picture).size


def grey_ramp(mode, top):
    image = Image.new(mode, (256, 4))
    image.putdata([x * top // 255 for _ in range(4) for x in range(256)])
    return image


@pytest.mark.parametrize(
    ("image", "kind", "mode", "mime"),
    [
        (scene(mode="L"), "JPEG", "L", "image/jpeg"),
        (scene(mode="CMYK"), "JPEG", "RGB", "image/jpeg"),
        (scene(mode="YCbCr"), "JPEG", "RGB", "image/jpeg"),
        (scene(mode="P"), "PNG", "RGB", "image/png"),
        (scene(mode="1"), "PNG", "L", "image/png"),
        (scene(mode="L"), "PNG", "L", "image/png"),
        (scene(mode="RGBA"), "PNG", "RGB", "image/png"),
        (Image.new("RGBA", (9, 9), (1, 2, 3, 4)), "PNG", "RGBA", "image/png"),
        (Image.new("LA", (9, 9), (1, 4)), "PNG", "RGBA", "image/png"),
        (Image.new("RGBA", (9, 9), (1, 2, 3, 4)), "WEBP", "RGBA", "image/png"),
        (grey_ramp("I;16", 65535), "PNG", "L", "image/png"),
        (Image.effect_noise((300, 300), 80).convert("RGB"), "PNG", "RGB", "image/jpeg"),
    ],
)
async def test_every_kind_of_pixel_is_kept_as_what_a_browser_shows(image, kind, mode, mime):
    picture = await clean(saved(image, kind))
    assert (opened(picture).mode, picture.mime) == (mode, mime)


async def test_a_transparent_palette_keeps_its_transparency():
    image = Image.new("P", (9, 9), 3)
    image.putpalette([10, 20, 30] * 256)
    image.putpixel((0, 0), 5)
    picture = opened(await clean(saved(image, "PNG", transparency=3)))
    assert picture.mode == "RGBA" and picture.getpixel((5, 5))[3] == 0 and picture.getpixel((0, 0)) == (10, 20, 30, 255)


async def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off():
    picture = opened(await clean(saved(grey_ramp("I;16", 65535), "PNG")))
    assert all(abs(picture.getpixel((x, 1)) - x) <= 1 for x in range(256))


async def test_colours_of_print_come_out_as_colours_of_screen():
    picture = opened(await clean(saved(scene(mode="CMYK"), "JPEG", quality=95)))
    red, blue = picture.getpixel((50, 60)), picture.getpixel((100, 60))
    assert red[0] > 200 > red[2] and blue[2] > 200 > blue[0]


def jpeg_then(tail):
    return saved(scene(), "JPEG") + tail


@pytest.mark.parametrize(
    "tail", [b"PK\x03\x04" + MARK, b"<script>" + MARK, b"%PDF-1.7" + MARK, MARK * 1000, b"MZ" + MARK]
)
async def test_a_picture_that_is_something_else_as_well_is_only_a_picture_afterwards(tail):
    """M-04."""
    assert MARK not in (await clean(jpeg_then(tail))).data


def heic():
    return struct.pack(">I", 24) + b"ftypheic" + bytes(200)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "是空的"),
        (b"hello", "不是能收的图片"),
        ("这是文字".encode(), "不是能收的图片"),
        (b"%PDF-1.7\n" + saved(scene(), "JPEG"), "PDF"),
        (b"PK\x03\x04" + bytes(99), "不是能收的图片"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不是能收的图片"),
        (b"\x00" + saved(scene(), "JPEG"), "不是能收的图片"),
        (b"RIFF\x00\x00\x00\x00WAVE" + bytes(99), "不是能收的图片"),
        (saved(scene(), "BMP"), "不是能收的图片"),
        (saved(scene(), "TIFF"), "不是能收的图片"),
        (heic(), "HEIC"),
        (saved(scene(), "GIF"), "动图"),
        (saved(scene(), "GIF", save_all=True, append_images=[Image.new("RGB", (120, 80))]), "动图"),
        (saved(scene(), "WEBP", save_all=True, append_images=[Image.new("RGB", (120, 80))]), "动图"),
        (saved(scene(), "PNG", save_all=True, append_images=[Image.new("RGB", (120, 80))]), "动图"),
        (saved(scene((800, 600)), "JPEG")[:2000], "损坏"),
        (saved(scene((800, 600)), "PNG")[:200], "损坏"),
        (saved(Image.effect_noise((300, 300), 90), "WEBP")[:900], "损坏"),
        (b"\xff\xd8\xff", "损坏"),
        (b"\xff\xd8\xff\xe0" + bytes(5000), "损坏"),
        (b"\x89PNG\r\n\x1a\n", "损坏"),
        (b"RIFF\x00\x00\x00\x00WEBP", "损坏"),
        (png_of(100, 100), "损坏"),
        (png_of(0, 0), "损坏"),
        (png_of(60_000, 60_000), "4000万像素"),
        (png_of(2**31 - 1, 2**31 - 1), "4000万像素"),
        (png_of(8_001, 5_000), "4000万像素"),
        (png_of(8_001, 5_000, bits=1, colour=0, data=bytes(5_000 * 1_002)), "4000万像素"),
        (saved(scene(), "JPEG") + bytes(10 << 20), "超过10MB"),
    ],
)
async def test_what_is_no_picture_for_us_is_refused_with_the_reason(data, word):
    """M-04."""
    reason = await refusal(data)
    assert word in reason and len(reason.splitlines()) == 1


async def test_the_most_pixels_that_are_taken_fit_into_the_memory():
    """M-05."""
    black = png_of(8_000, 5_000, bits=8, colour=6, data=bytes(5_000 * (8_000 * 4 + 1)))
    assert len(black) < photos.LARGEST
    picture = await clean(black)
    assert (picture.width, picture.height) == (1600, 1000)


async def test_a_text_chunk_that_unpacks_to_gigabytes_is_refused():
    body = b"Comment\0\0" + zlib.compress(bytes(200 << 20), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    whole = saved(scene(), "PNG")
    assert "损坏" in await refusal(whole[:33] + chunk + whole[33:])


async def test_damaged_pictures_are_decided_without_harm():
    dice = random.Random(11)
    wholes = [with_everything(kind) for kind in ("JPEG", "PNG", "WEBP")]

    async def one(data):
        try:
            return await clean(data)
        except PhotoRefused as refused:
            return refused

    damaged = []
    for _ in range(24):
        data = bytearray(dice.choice(wholes))
        for _ in range(dice.randint(1, 12)):
            data[dice.randrange(12, len(data))] = dice.randrange(256)
        damaged.append(bytes(data))
    for outcome in await asyncio.gather(*map(one, damaged)):
        assert isinstance(outcome, PhotoRefused) or MARK not in outcome.data


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Put another program in the worker's place."""

    def place(program):
        path = tmp_path / "worker.py"
        path.write_text(f"import os, sys, time\n{program}\n")
        monkeypatch.setattr(photos, "_WORKER", path)

    return place


@pytest.fixture
def processes(monkeypatch):
    """The processes that were started, in a list that grows."""
    begun = []
    start = asyncio.create_subprocess_exec

    async def starting(*arguments, **options):
        begun.append(await start(*arguments, **options))
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    return begun


HANG = "sys.stdin.buffer.read(); time.sleep(600)"


async def test_a_decoder_that_hangs_is_ended_after_the_time_allowed(worker, processes, monkeypatch):
    worker(HANG)
    monkeypatch.setattr(photos, "SECONDS", 0.3)
    assert "太复杂" in await refusal(saved(scene(), "JPEG"))
    assert [process.returncode for process in processes] == [-signal.SIGKILL]


async def test_cancelling_ends_the_decoder(worker, processes, tmp_path):
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    worker(f"open({str(begun)!r}, 'w').close()\n{HANG}")
    task = asyncio.create_task(clean(saved(scene(), "JPEG")))
    await asyncio.to_thread(begun.read_bytes)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [process.returncode for process in processes] == [-signal.SIGKILL]
    gc.collect()  # an unclosed pipe would be warned of here, and warnings are errors


@pytest.mark.parametrize(
    "program",
    [
        "os.write(1, b'+'); os.kill(os.getpid(), 11)",
        "os.write(1, b'+'); sys.exit(1)",
        "os.write(1, b'+{}'); os.close(0)",
        "os.write(1, b'+{}\\n')",
        "os.write(1, b'+[]\\n')",
        "os.write(1, b'+not json\\n')",
        """os.write(1, b'+{"refused": "unheard of"}\\n')""",
        """os.write(1, b'+{"refused": []}\\n')""",
        """os.write(1, b'+{"mime": "text/html", "width": 1, "height": 1, "size": 3}\\n<b>')""",
        """os.write(1, b'+{"mime": "image/jpeg", "width": 1, "height": 1, "size": 3}\\n<b>')""",
        """os.write(1, b'+{"mime": "image/jpeg", "width": 1, "height": 1, "size": 9}\\n\\xff\\xd8\\xff')""",
        "os.write(1, b'+')\nwhile True: os.write(1, bytes(1 << 16))",
    ],
)
async def test_a_decoder_that_crashes_or_babbles_costs_only_its_picture(worker, program):
    worker(program)
    assert "太复杂" in await refusal(bytes.fromhex("ffd8ff") + bytes(5 << 20))


async def test_a_broken_installation_is_not_blamed_on_the_picture(worker):
    worker("import a_library_that_is_not_there")
    with pytest.raises(RuntimeError, match="Pillow"):
        await clean(saved(scene(), "JPEG"))


async def test_at_most_two_decoders_run_at_once(monkeypatch):
    running = most = 0

    async def work(data):
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return b'{"refused": "damaged"}\n'

    monkeypatch.setattr(photos, "_work", work)
    await asyncio.gather(*(refusal(saved(scene(), "JPEG")) for _ in range(9)))
    assert most == 2


async def test_the_decoder_sees_none_of_our_environment(worker, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOUDAO_SECRET", TEXT)
    worker(f"open({str(tmp_path / 'env')!r}, 'w').write(repr(dict(os.environ)) + os.getcwd()); os.write(1, b'+')")
    await refusal(saved(scene(), "JPEG"))
    assert TEXT not in (tmp_path / "env").read_text()


LIMITS = """
import resource, runpy, sys
worker = runpy.run_path(sys.argv[1])
worker["limit"]()
for name in ("AS", "CPU", "FSIZE", "CORE"):
    print(resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0])
try:
    bytes(1 << 30)
except MemoryError:
    print("full")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems lack some of these limits")
def test_the_decoder_runs_under_limits_of_memory_and_time():
    command = [sys.executable, "-I", "-c", LIMITS, photo_worker.__file__]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout.split()
    assert said == [b"%d" % photo_worker.MEMORY, b"%d" % photo_worker.PROCESSOR_SECONDS, b"0", b"0", b"full"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "../../etc/passwd",
        "a" * 64,
        "a" * 64 + ".exe",
        "A" * 64 + ".jpg",
        "a" * 64 + ".jpg\n",
        "a" * 63 + "/.jpg",
        "a" * 64 + ".jpg\0",
        "/" + "a" * 63 + ".jpg",
        "．" * 64 + ".jpg",
        "a" * 5000,
        "CON",
        "..",
    ],
)
def test_no_other_name_leads_to_a_file(tmp_path, name):
    """M-07."""
    assert path_of(tmp_path, name) is None


def test_a_link_is_not_served(tmp_path):
    name = "a" * 64 + ".jpg"
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "aa").mkdir()
    assert path_of(tmp_path, name) is None
    (tmp_path / "aa" / name).symlink_to(tmp_path / "secret")
    assert path_of(tmp_path, name) is None
    (tmp_path / "bb").symlink_to(tmp_path / "aa")
    (tmp_path / "aa" / ("b" * 64 + ".jpg")).write_text("x")
    assert path_of(tmp_path, "b" * 64 + ".jpg") is None


async def test_a_link_laid_in_the_way_is_not_written_through(tmp_path):
    picture = await clean(saved(scene(), "JPEG"))
    folder, outside = tmp_path / "media", tmp_path / "outside"
    photo = await keep(picture, tmp_path / "first")
    outside.mkdir()
    folder.mkdir()
    (folder / photo.name[:2]).symlink_to(outside)
    with pytest.raises(OSError):
        await keep(picture, folder)
    assert list(outside.iterdir()) == []


async def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    """M-08."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    picture = await clean(saved(scene(), "JPEG"))
    for step in ("fsync", "rename"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, full)
            with pytest.raises(OSError, match="No space"):
                await keep(picture, tmp_path / step)
        assert not [path for path in (tmp_path / step).rglob("*") if path.is_file()]


def test_a_new_event_loop_has_its_own_slots():
    for _ in range(2):
        assert asyncio.run(refusal(b"\xff\xd8\xff" + bytes(9))) == "图片不完整或已损坏，请重新发送"
