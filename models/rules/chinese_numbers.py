"""Numbers as Chinese offices write them: 147, 1,234, 3.5万, 一万五千, 二十三, 廿五, 二〇二六.

Strict on purpose: whatever has two readings (三四百, 12 345, 3万5) is None and the caller asks.
Input is expected to be plain (NFKC, simplified).
"""

import re
from decimal import Decimal
from typing import Final

DIGITS: Final = {
    "〇": 0,
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_FORMAL: Final = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
SCALES: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_TENS: Final = {"廿": "二十", "卅": "三十"}

HAN_DIGITS: Final = "〇零一二两三四五六七八九壹贰叁肆伍陆柒捌玖"
HAN_NUMERALS: Final = HAN_DIGITS + "十百千万亿拾佰仟廿卅"
"""Every character that can stand in a Chinese numeral; for character classes in patterns."""

SMALL: Final = r"(?:[0-9]{1,4}|[〇零一二两三四五六七八九十廿卅百]{1,5})"
"""Pattern for the small whole numbers of dates, hours and spans."""

_LONGEST = 30  # characters; no amount is that long
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_PIECE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?|[〇零一二两三四五六七八九])?([十百千万亿])?")
_POSITIONAL = re.compile(r"[〇零一二三四五六七八九]+")


def read_number(text: str) -> Decimal | None:
    """The one value that a numeral can mean, or None. Accepts digits, Chinese numerals and both mixed (3万5千)."""
    if not 0 < len(text) <= _LONGEST:
        return None
    text = text.translate(_FORMAL)
    for short, long in _TENS.items():
        text = text.replace(short, long)
    if "," in text:
        grouped = _GROUPED.match(text)
        if not grouped:
            return None
        text = grouped[0].replace(",", "") + text[grouped.end() :]
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,6})?", text):
        return Decimal(text)
    return _read_pieces(text)


def read_whole(text: str) -> int | None:
    """A small whole number as it stands in dates and spans; None for fractions and doubtful numerals."""
    value = read_number(text)
    return int(value) if value is not None and value == value.to_integral_value() else None


def read_digits(text: str) -> int | None:
    """A year or number spelt digit by digit (2026, 二〇二六); None when it is not one."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    if _POSITIONAL.fullmatch(text):
        return int("".join(str(DIGITS[char]) for char in text))
    return None


def as_plain_number(value: Decimal) -> int | Decimal:
    """int when whole, so that 5000 never shows as 5E+3."""
    return int(value) if value == value.to_integral_value() else value


def _read_pieces(text: str) -> Decimal | None:
    """Sum of digit-and-scale pieces, each scale smaller than the one before inside its 万/亿 section."""
    total = section = Decimal(0)
    section_floor, total_floor = 10_000, 10**12
    previous_scale, zero, at = 0, False, 0
    while at < len(text):
        if text[at] in "零〇" and at + 1 < len(text) and previous_scale > 10:
            zero, at = True, at + 1
        piece = _PIECE.match(text, at)
        if not piece or piece.end() == at:
            return None
        digits, scale = _digits(piece[1]), SCALES.get(piece[2] or "", 1)
        at = piece.end()
        if digits is None and scale != 10 and not (scale >= 10_000 and section):
            return None  # a bare 百/千/万 is no number by itself
        if scale >= 10_000:
            if scale >= total_floor:
                return None
            section += digits or 0
            total, section = total + section * scale, Decimal(0)
            total_floor, section_floor, previous_scale = scale, 10_000, scale
            zero = False
            continue
        ending = _ending(piece[1], scale, previous_scale, zero, at == len(text))
        if ending is None or scale >= section_floor:
            return None
        section += ending
        section_floor, previous_scale, zero = scale, scale, False
    return total + section


def _digits(piece: str | None) -> Decimal | None:
    if piece is None:
        return None
    return Decimal(DIGITS[piece]) if piece in DIGITS else Decimal(piece)


def _ending(raw: str | None, scale: int, previous: int, zero: bool, last: bool) -> Decimal | None:
    """The worth of one piece below 万; knows 一万五 (15000) and 一百零五 (105), and refuses 3万5 and 三四."""
    digits = _digits(raw)
    worth = (Decimal(1) if digits is None else digits) * scale
    if raw and raw[0].isascii():
        if previous and scale == 1:
            return worth if re.fullmatch(r"\d{3,4}", raw) and previous >= 10_000 else None
        return worth if digits is not None and (not previous or digits < 10) else None
    if scale != 1 or not previous:
        return worth if scale != 1 or last else None
    if not last:
        return None
    if previous <= 10 or zero:
        return worth
    return worth * (previous // 10) if digits else None
