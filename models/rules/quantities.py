"""Counted amounts in Chinese prose: 5000余份, 约3万, 二十三条, 上千条.

Ranges (50-60人), upper bounds (不足500) and vague words (数十次, 若干) are reported as unread words, never as a value.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from models.rules.chinese_numbers import HAN_NUMERALS, read_number
from models.rules.late import LatePattern

MEASURES: Final = frozenset(
    word
    for line in """
    平方公里 平方米 立方米 人次 户次 车次 场次 班次 条次 台班 件次 家次 批次 万元 亿元 千米 公里 公斤 千克 公顷 课时 学时 条 份
    张 块 个 人 名 户 件 起 场 期 本 册 处 辆 台 套 幅 面 篇 家 栋 幢 所 只 部 宗 例 封 项 元 米 吨 亩 村 组 支 队
    顶 艘 箱 袋 桶 瓶 段 座 间 扇 道 副 盏 根 棵 株 页 版 字 类 种 批 轮 站 头 匹 次 位 款 笔 枚 则 对 伙 案 枪 把
    床 架 趟 遍 班 门 片 卷 帧 架次 艘次 台次 辆次 车 %
    """.splitlines()
    for word in line.split()
)

_H = f"[{HAN_NUMERALS}]"
_MEASURE = "|".join(sorted(MEASURES, key=len, reverse=True))
_DIGITS = r"(?<![0-9])(?<![0-9][.,])[0-9]+(?:,[0-9]+|(?<![0-9]{4}) [0-9]{3}(?![0-9]))*(?:\.[0-9]+)?"
_NUMBER = rf"(?:{_DIGITS}(?:[wWkK](?![A-Za-z]))?(?:[十百千万亿]+(?:[0-9]{{1,4}}[十百千万]*)*)?|(?<!{_H}){_H}{{1,24}})"
_AT_LEAST = "超过|多达|至少|不少于|不低于|突破|超|逾|过|>=?|≥"
_ABOUT = "差不多|约摸|约莫|大约|大概|约为|约"
_NEAR = "将近|接近|近"
_AT_MOST = "不到|不足|少于|低于|未满|不满|不超过|至多|最多|<=?|≤"
_QUANTITY = LatePattern(
    rf"(?P<before>(?:{_AT_MOST}|{_AT_LEAST}|{_ABOUT}|{_NEAR})(?:\s*(?:{_AT_LEAST}|{_ABOUT}|{_NEAR}))?)?\s?"
    rf"(?P<number>{_NUMBER})(?P<range>\s?(?:[-~—–]+|至|到)\s?{_NUMBER})?"
    rf"\s?(?P<mid>[余多来几+])?(?P<scale>[十百千万亿]+)?(?P<mid2>[余多])?\s?(?:个(?=百分点))?"
    rf"(?P<measure>(?:{_MEASURE})(?!分点))?\s?(?P<after>左右|上下|以上|以下|以内|[余多](?!个|种))?"
)
_VAGUE_COUNT = LatePattern(
    rf"(?P<lead>上|成|数|好几|几|十几|好多|若干)(?P<tens>[十百千万亿]*)余?(?P<unit>{_MEASURE})"
    rf"|成(?:百上千|千上万)(?:{_MEASURE})?|{_H}{{0,9}}[十百千万]几(?:{_MEASURE})|{_H}{{1,9}}几[百千万](?:{_MEASURE})"
    rf"|{_H}{{1,9}}分之{_H}{{1,9}}|{_H}成(?:以上|多|左右)?(?![立员功果为年本绩效分套人品就份])"
    r"|半数(?:以上)?|过半|大半|多半|一半(?:以上)?|若干|(?:大量|许多|很多|不少|一批|一些|无数)(?=$|[,。;!\s])"
)
_PERCENT = LatePattern(rf"(?P<before>{_AT_MOST}|{_AT_LEAST}|{_ABOUT}|{_NEAR})?\s?百分之(?P<number>{_H}{{1,9}})")
_ZERO = LatePattern(
    r"(?<=[^\W\d_]{2})\s?[:=]\s?[无零](?=$|[,。;\s])|(?<!有)(?:无|零|没有|未)新增|(?:零|0)\s?(?:报告|上报)|(?<!有)无(?![法故须需人])[^\W\d_]{2,6}(?:上报|报告|发生)(?=$|[,。;\s])"
)

_NAMES_A_CODE = LatePattern(r"(?:编|文|尾|账|学|单)?号码?$|电话$|手机$|房间$|代码$|密码$")


@dataclass(frozen=True)
class Quantity:
    """One amount at [start, end) of the plain text; `value` None means that its words cannot be read."""

    start: int
    end: int
    value: Decimal | None
    vagueness: str
    measure: str


def quantities(veiled: str) -> list[Quantity]:
    """Every amount in veiled text (see `veil`), in order, none overlapping."""
    found: list[Quantity] = []
    taken = bytearray(len(veiled))
    for kind in (_zeros, _percents, _vague, _counted):
        for each in kind(veiled):
            if not any(taken[each.start : each.end]):
                taken[each.start : each.end] = b"\x01" * (each.end - each.start)
                found.append(each)
    return sorted(found, key=lambda each: each.start)


def _zeros(text: str) -> Iterator[Quantity]:
    for match in _ZERO.finditer(text):
        yield Quantity(match.start(), match.end(), Decimal(0), "exact", "")


def _percents(text: str) -> Iterator[Quantity]:
    for match in _PERCENT.finditer(text):
        vagueness, known = _vagueness(match["before"] or "", "", "")
        yield Quantity(match.start(), match.end(), read_number(match["number"]) if known else None, vagueness, "%")


def _vague(text: str) -> Iterator[Quantity]:
    for match in _VAGUE_COUNT.finditer(text):
        yield Quantity(match.start(), match.end(), None, "exact", match["unit"] or "")


def _counted(text: str) -> Iterator[Quantity]:
    for match in _QUANTITY.finditer(text):
        start, end = match.end() - len(match[0].lstrip()), match.start() + len(match[0].rstrip())
        if _counts(match, text, end):
            marks = (match["before"] or "", match["mid"] or match["mid2"] or "", match["after"] or "")
            vagueness, known = _vagueness(*marks)
            known = known and not _doubtful(match, text, end)
            yield Quantity(start, end, _value(match) if known else None, vagueness, match["measure"] or "")


def _value(match: re.Match[str]) -> Decimal | None:
    number, scale = re.sub("[wW]", "万", re.sub("[kK]", "千", match["number"])), match["scale"] or ""
    if match["range"] or match["mid"] == "几" or (match["mid"] == "来" and not match["number"].endswith(("十", "百"))):
        return None
    if re.fullmatch(r"[百千万亿]", number):  # 近百, 千余: one of them; bare 千 is a word, see _counts
        number = "1" + number
    if scale and re.search(r"[十百千万亿]$", number):
        # 五十余万 is 五十 times 万
        base, times = read_number(number), read_number("1" + scale)
        return base * times if base is not None and times is not None and base < times else None
    return read_number(number + scale)


def _counts(match: re.Match[str], text: str, end: int) -> bool:
    """Whether a number in the text is an amount at all: by its measure, or standing alone behind a word."""
    number = match["number"]
    hedged = bool(match["before"] or match["mid"] or match["mid2"] or match["after"])
    if re.fullmatch(r"[十百千万亿]{2,}", number):
        return False
    if number in ("百", "千", "万", "亿") and (not hedged or (match["before"] == "过" and not match["measure"])):
        return False
    if match["measure"]:
        small = len(number) == 1 and number in HAN_NUMERALS and not hedged
        return not small or not text[end : end + 1] or text[end] in ",。;!:、()\x00 0123456789"
    if not number[0].isascii() and not (hedged and len(number) > 1):
        return False
    if len(number) > 9 or re.match(r"0[0-9]", number) or not (_stands(text, end) or _stands(text, end + 1)):
        return False
    ahead = text[: match.start()].rstrip(" :=为共")
    labelled = bool(re.search(r"[^\W\d_]$", ahead)) and not _NAMES_A_CODE.search(ahead)
    return labelled or (not ahead and _stands(text, end) and (hedged or end == len(text)))


def _stands(text: str, end: int) -> bool:
    return end >= len(text) or text[end] in " ,。;!、)"


def _doubtful(match: re.Match[str], text: str, end: int) -> bool:
    """An amount whose value nobody can be sure of: -5份, or one with a measure that is none (5000余分)."""
    ahead = text[max(0, match.start("number") - 2) : match.start("number")]
    return bool(re.search(r"(?:^|\s)-$", ahead) or (not match["measure"] and not _stands(text, end)))


def _vagueness(before: str, mid: str, after: str) -> tuple[str, bool]:
    """(exact|余|约|近, whether the bound can be kept at all): an upper bound has no place in a sum."""
    if after in ("以下", "以内") or (re.search(_AT_MOST, before) and not re.search("不少于|不低于", before)):
        return "exact", False
    if mid == "来" or after in ("左右", "上下") or re.search(_ABOUT, before):
        return "约", True
    if mid or after or re.search(_AT_LEAST, before):
        return "余", True
    return ("近" if re.search(_NEAR, before) else "exact"), True
