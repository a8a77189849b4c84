"""The shapes in which one unit's name is written: with or without its level, its kind, its office.

Nothing here knows a campaign: the tail 「扫黑办」 is learnt from a roster that holds 「寿县」 and 「寿县扫黑办」.
"""

import re
from collections.abc import Iterable

LEVELS = "省市县区州旗盟"
KINDS = "局委办院部区县会厅处镇乡团"
PARTY = ("省委", "市委", "县委", "区委", "州委", "旗委")
OFFICES = (
    "领导小组办公室",
    "联络员",
    "联络人",
    "值班室",
    "值班员",
    "办公室",
    "领导小组",
    "专班",
    "经办人",
    "人民政府",
    "政府",
    "管委会",
    "管理委员会",
)
_OFFICE_END = re.compile(r"(?:办|办公室|专班|指挥部|组|中心)$")
_NOISE = re.compile(
    r"[\s,，.。、;；:：!！()（）\[\]【】〔〕{}《》<>\"'“”‘’「」『』·•~\-—_/|*@\u2190-\u2bff\U0001f000-\U0001faff]+"
)


def bare(text: str) -> str:
    """Give back a levelled name without spaces and punctuation, in one case."""
    return _NOISE.sub("", text).casefold()


def without_level(name: str) -> str:
    """「市水利局」 → 「水利局」, 「市委组织部」 → 「组织部」; a name that would shrink below two characters stays."""
    for party in PARTY:
        if name.startswith(party) and len(name) >= len(party) + 2:
            return name[len(party) :]
    return name[1:] if len(name) > 2 and name[0] in LEVELS and name[1:] not in PARTY else name


def short_forms(name: str) -> set[str]:
    """The ways in which `name` is commonly shortened without losing a character that tells it apart."""
    forms = {name, without_level(name)}
    if len(name) > 2 and name.endswith(("区", "县", "市")):
        forms.add(name[:-1])
    if name.endswith("市委"):  # 团市委 → 团委
        forms.add(name[:-2] + "委")
    if name.endswith("委员会"):
        forms |= {form[:-2] for form in forms if len(form) > 4}
    return {form for form in forms if len(form) >= 2}


def learnt_tails(names: Iterable[str]) -> tuple[str, ...]:
    """The office tails that these names show, longest first: 「寿县扫黑办」 beside 「寿县」 teaches 「扫黑办」."""
    known = set(names)
    found: set[str] = set()
    for name in known:
        if _OFFICE_END.search(name):
            found |= {name[cut:] for cut in range(2, len(name) - 1) if name[:cut] in known}
    # A unit that merely begins like another (开发区 beside 开发区管理办) must not teach a tail as long as a name.
    return tuple(sorted((tail for tail in found if len(tail) <= 8), key=len, reverse=True))


def in_order(short: str, long: str) -> bool:
    """Whether the characters of `short` stand in `long`, in that order."""
    rest = iter(long)
    return all(char in rest for char in short)


_JOINTS = re.compile("[和与及]")


def without_joints(name: str) -> str:
    """「住房和城乡建设局」 and 「住房与城乡建设局」 are one name; a name that begins with such a character keeps it."""
    return name[:1] + _JOINTS.sub("", name[1:])


def is_fair_short(short: str, long: str) -> bool:
    """Whether `short`, known to stand in `long` in order, says enough to mean it: 住建局 does, 安局 and 市局 do not."""
    short_core, long_core = without_level(short), without_level(long)
    told = short_core[:-1] if short_core[-1] in KINDS else short_core
    if len(told) < 2 or (short != short_core and short[0] != long[0]):
        return False
    return short_core[0] == long_core[0] or (len(short_core) >= 3 and short_core in long)


def may_be_same_kind(short: str, long: str) -> bool:
    """A name that ends in 局 is short for no 委; one that ends in no such word may be short for any."""
    kind = short[-1]
    return kind not in KINDS or long.endswith(kind) or (kind == "委" and long.endswith("委员会"))
