"""文号 and the basis of a directive: 根据《关于……的通知》（市扫黑办〔2026〕12号）."""

import re

_OPEN, _CLOSE = r"[〔\[［【(（﹝「]", r"[〕\]］】)）﹞」]"
_NUMBER = re.compile(
    rf"(?P<office>[\u4e00-\u9fff]{{1,16}})\s*{_OPEN}\s*(?P<year>(?:19|20)[0-9]{{2}})\s*年?\s*{_CLOSE}\s*第?\s*(?P<number>[0-9]{{1,5}})\s*号"
)
# What stands in front of an issuing office and is no part of its name.
_BEFORE = re.compile(
    r"^.*(?:根据|按照|依据|依照|遵照|落实|贯彻|执行|转发|印发|下发|发布|详见|参见|参照|结合|对照|文件|通知|精神|要求|现将|按|依|见|即|和|及|与|的|以|由|对)"
)
_TITLE = re.compile(r"《(?P<title>[^《》\n]{2,80}(?:《[^《》\n]{1,60}》[^《》\n]{0,20})?)》")
_BASIS = re.compile(r"(?:根据|按照|依据|依照|遵照|落实|贯彻|转发|执行)[^。；;\n《]{0,24}$")
MOST = 3


def doc_numbers(text: str) -> list[str]:
    """The document numbers that a text names, each written the official way, in order."""
    found = []
    for match in _NUMBER.finditer(text):
        office = _BEFORE.sub("", match["office"])
        if office and not office.endswith(("第", "年")):
            found.append(f"{office}〔{match['year']}〕{int(match['number'])}号")
    return list(dict.fromkeys(found))


def basis_of(text: str) -> str:
    """What a directive rests upon, in one line: titles that it says it follows, and document numbers."""
    parts: list[str] = []
    numbers = doc_numbers(text)
    for match in _TITLE.finditer(text):
        behind = text[match.end() : match.end() + 40]
        own = doc_numbers(_first_bracket(behind))
        if not own and not _BASIS.search(text[: match.start()]):
            continue
        parts.append(f"《{match['title']}》" + (f"（{own[0]}）" if own else ""))
        numbers = [n for n in numbers if n not in own]
    return "；".join([*parts, *numbers][:MOST])


def _first_bracket(behind: str) -> str:
    """What stands in brackets right behind a title."""
    match = re.match(r"\s*[(（](.{1,36}?号)", behind)
    return match[1] if match else ""
