"""The page's input bar as it arrives: a form with pictures, read into the body that the JSON call takes."""

import base64
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.channels.simulator_shapes import MOST_IMAGES
from bot.faults import Fault
from bot.photos import LARGEST

FIELDS = ("from", "room", "text", "quote", "client")
LARGEST_FIELD = 256 << 10  # bytes; what is said of too long a text needs the text


async def read_form(request: web.Request) -> dict[str, Any]:
    """Read part by part, in memory only: aiohttp's own reader writes files to the disk, and a picture may be a lead."""
    fields = dict.fromkeys(FIELDS, "")
    images: list[str] = []
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Fault(400, "表单的格式不对")
            if part.name == "images" and part.filename:
                if len(images) == MOST_IMAGES:
                    raise Fault(413, f"一次最多{MOST_IMAGES}张图片")
                images.append(base64.b64encode(await _data(part, LARGEST, "图片超过10MB，请压缩后再发")).decode())
            elif part.name in fields:
                fields[part.name] = (await _data(part, LARGEST_FIELD, "内容太长")).decode()
    except (ValueError, AssertionError, HttpProcessingError, web.RequestPayloadError, ConnectionError):
        raise Fault(400, "表单没有传完，或格式不对") from None
    quote = fields["quote"]
    return {
        "from": fields["from"],
        "room": fields["room"] or None,
        "text": fields["text"],
        "quote": (int(quote) if quote.isdecimal() and len(quote) < 16 else 0) if quote else None,
        "id": fields["client"] or None,
        "images": images,
    }


async def _data(part: BodyPartReader, most: int, too_much: str) -> bytes:
    found = bytearray()
    while chunk := await part.read_chunk():
        found += chunk
        if len(found) > most:
            raise Fault(413, too_much)
    return bytes(found)
