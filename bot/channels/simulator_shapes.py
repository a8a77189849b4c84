"""The shapes of what comes in over the simulator's HTTP: each value is read or refused with one sentence."""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any

from bot.faults import Fault
from bot.media import read_picture
from bot.photos import LARGEST, PhotoRefused
from models.incoming import Picture
from models.rules.plain import clean, plain

LONGEST_TEXT, MOST_IMAGES, LONGEST_ID = 20_000, 9, 200
_PLAINLY_VISIBLE = re.compile("[0-9A-Za-z\u4e00-\u9fff]")
_INSTANT = "时间应写成带时区的 ISO 8601，如 2026-11-19T08:00+08:00"


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object of a request's body; what two readers might understand differently is refused."""
    try:
        body = _READER.decode(data.decode(json.detect_encoding(data), "surrogatepass"))
    except (ValueError, RecursionError):
        raise Fault(400, "请求体不是有效的 JSON") from None
    if not isinstance(body, dict):
        raise Fault(400, "请求体应是一个 JSON 对象")
    return body


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Fault(400, "请求体里有重复的键")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and the infinities are no JSON


# `json.loads` makes a new reader for each call that is not all defaults.
_READER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant)


def read_text(text: object) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Fault(400, "text 应是文字")
    if len(text) > LONGEST_TEXT:
        raise Fault(413, f"一条消息最多{LONGEST_TEXT}字，这条有{len(text)}字")
    return clean(text)


def is_blank(text: str) -> bool:
    """Whether nothing of it would be seen."""
    return _PLAINLY_VISIBLE.search(text) is None and not plain(text)


def read_client_id(client_id: object) -> str:
    """The caller's own id of a message, or nothing. Two that differ only in what cannot be stored would become one."""
    if client_id is None:
        return ""
    if not isinstance(client_id, str) or not 0 < len(client_id) <= LONGEST_ID or clean(client_id) != client_id:
        raise Fault(400, f"id 应是1到{LONGEST_ID}字的文字，不含控制字符")
    return client_id


def read_id(number: object, name: str) -> int:
    """A message id; one that no message can have comes back as 0."""
    if not isinstance(number, int) or isinstance(number, bool):
        raise Fault(400, f"{name} 应是消息编号（整数）")
    return number if 0 < number < 2**53 else 0


def read_images(images: object) -> list[bytes]:
    if images is None:
        return []
    if not isinstance(images, list) or not all(isinstance(one, str) for one in images):
        raise Fault(400, "images 应是 base64 文字的列表")
    if len(images) > MOST_IMAGES:
        raise Fault(413, f"一次最多{MOST_IMAGES}张图片")
    return [_decoded(one) for one in images]


def _decoded(text: str) -> bytes:
    """One picture's bytes, from plain base64 or a data URL."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    if len(text) > LARGEST * 4 // 3 + 8:
        raise Fault(413, "图片超过10MB，请压缩后再发")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fault(400, "图片不是有效的 base64") from None
    if len(data) > LARGEST:
        raise Fault(413, "图片超过10MB，请压缩后再发")
    return data


async def read_pictures(images: list[bytes]) -> tuple[Picture, ...]:
    """Decode and re-encode each."""
    try:
        return tuple([await read_picture(data) for data in images])
    except PhotoRefused as refusal:
        raise Fault(400, refusal.reason) from None


def read_instant(text: object) -> datetime:
    """An ISO 8601 instant with its offset."""
    if not isinstance(text, str):
        raise Fault(400, _INSTANT)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(400, _INSTANT) from None
    if at.tzinfo is None:
        raise Fault(400, "时间没有写时区，如 +08:00")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Fault(400, "时间超出范围") from None
