"""Numbers that count nothing, put behind a veil before amounts are looked for.

Dates, hours, spans of time, phone and identity numbers, 文号, 第3批, list numbers, 〔12号〕,
what stands in 《》, and the numerals inside ordinary words (统一, 十分, 一律).
"""

import re
from collections.abc import Callable

from models.rules.chinese_numbers import HAN_NUMERALS

_GONE, _KEPT = "\x00", "\x01"
_H = f"[{HAN_NUMERALS}]"
_N = rf"(?:(?<![0-9.])[0-9.]{{1,20}}|(?<!{_H}){_H}{{1,20}})"  # bounded, or long runs take quadratic time
_TIME_UNIT = (
    "(?:年度?|月份?|日|号|天|周|小时|分钟|秒|点|时|刻|星期|季度|工作日|世纪|周年"
    "|个(?:月|星期|小时|半|工作日|季度|自然日|周))"
)
_ORDINAL = r"(?:批次?|期|次|号|条|名|届|季度|轮|个|章|款|项|阶段|页|组|位|场|节|版|级|天|周|年|代|季)?"
_NOT_COUNTS = re.compile(
    r"https?://\S+|(?<![0-9])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9Xx])(?![0-9])|(?<![0-9])0[0-9]{2,3}-?[0-9]{7,8}(?![0-9])"
    r"|[\[〔(【][^\]〕)】]{0,6}[0-9]{1,4}[\]〕)】]\s?第?[0-9]{0,4}号?|〔[^〕]{0,12}〕"
    rf"|第\s?(?:[0-9]{{1,9}}|{_H}{{1,9}})\s?(?:[-~—至到、]\s?第?(?:[0-9]{{1,9}}|{_H}{{1,9}}))?\s?{_ORDINAL}"
    r"|20[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\s?[-~—至到]+\s?[0-9]{1,2}:[0-9]{2})?(?![0-9])"
    rf"|{_N}\s?(?:[-~—至到、]\s?{_N}\s?)?[余多来几]?{_TIME_UNIT}(?:\s?[0-9]{{1,2}}分|半)?(?:\s?[至到](?={_N}))?"
    r"|(?<![0-9.])(?:0?[1-9]|1[0-2])\.(?:0?[1-9]|[12][0-9]|3[01])(?=\s?(?:至|到|起|前|-|~)|[^\W\d_]{2,8}[0-9])"
    r"|(?:^|(?<=[\s。;:,、]))(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})[、.)](?![0-9])"
    r"|\((?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\)|(?:^|(?<=[\s。;:,、]))[一二三四五六七八九十]是"
    r"|(?:同比|环比|[比较](?:上|去|昨|前|同|往|以往)[^,。;!?]{0,10}?)(?:增加|增长|新增|减少|下降|上升|提高|多|少)(?:了|发|报)?\s?[约近超]?"
    rf"{_N}[余多来]?[万千百]?"
    r"|[0-9]{3,5}(?=热线|平台|专线|电话|报警)|(?<![0-9])[0-9]{1,9}(?:(?:\.[0-9]{1,9}){2,}|-[0-9]{1,9}-[0-9]{1,9})"
)
_WORDS = re.compile(
    r"(?<![A-Za-z])[A-Za-z]{1,20}-?[0-9]+(?:\.[0-9]+)*(?![0-9余多万千]*(?:条|份|张|块|个|台|家|间|户|次|人|名|起|处|场|部|辆|套|幅|篇|件))"
    r"|(?<![0-9])[0-9]{1,20}(?:(?![wWkK](?![A-Za-z]))[A-Za-z]{1,20}|\+[0-9]+)"
    r"|一(?:律|定|些|批次|旦|致|般|直|方面|同|起|并|经|把手|体|线|封信|张网|盘棋|岗双责|对一|户一|人一|村一|案)"
    r"|统一|唯一|万一|十分|百姓|千家万户|千方百计"
)
_TITLE = re.compile(r"《[^《》]*》")


def veil(text: str) -> tuple[str, str]:
    """Plain text in which no number but an amount is left, once for finding amounts and once for reading what they
    count, where titles and words are back. Every character keeps its place."""
    for_amounts = _TITLE.sub(_cover(_KEPT), text)
    for_amounts = _WORDS.sub(_cover(_KEPT), _NOT_COUNTS.sub(_cover(_GONE), for_amounts))
    shown = "".join(own if sign == _KEPT else sign for own, sign in zip(text, for_amounts, strict=True))
    return for_amounts.replace(_KEPT, _GONE), shown


def _cover(sign: str) -> Callable[[re.Match[str]], str]:
    return lambda found: sign * len(found[0])
