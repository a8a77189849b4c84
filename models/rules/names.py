"""Which unit of the roster is meant by what a person typed: exactly, else a fair abbreviation of just one, else ask.

Never by edit distance, and never by sound alone: 市监局 is as near to 市公安局 as to 市市场监督管理局. What is not sure
comes back as candidates, possibly none, for one question to the person who typed it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from models.rules.plain import plain
from models.rules.unit_forms import bare
from models.rules.unit_index import UnitIndex, UnitName

__all__ = ["Match", "UnitName", "find_unit", "match_unit", "read_kind", "split_audience"]

_MOST_CANDIDATES = 5
_LONGEST_TYPED = 40


@dataclass(frozen=True)
class Match:
    """`unit` as the roster writes it, or None and the names worth asking about, which may be none at all."""

    unit: str | None
    candidates: tuple[str, ...] = ()


@lru_cache(maxsize=4)
def _built(roster: tuple[UnitName, ...]) -> UnitIndex:
    return UnitIndex(roster)


_last: list[tuple[Sequence[UnitName], UnitIndex]] = []


def _index(roster: Sequence[UnitName]) -> UnitIndex:
    """The index of a roster. Hashing a thousand names costs more than a look-up: the last tuple is known by itself."""
    if _last and _last[0][0] is roster:
        return _last[0][1]
    index = _built(tuple(roster))
    if isinstance(roster, tuple):
        _last[:] = [(roster, index)]
    return index


def match_unit(typed: str, roster: Sequence[UnitName]) -> Match:
    """Say which unit `typed` names: alias, then characters in order if one unit alone fits, else whom to ask about."""
    index, name = _index(roster), bare(plain(typed))
    if not name or len(name) > _LONGEST_TYPED:
        return Match(None)
    found = index.called(name) or index.abbreviated(name)
    if len(found) == 1:
        return Match(index.roster[next(iter(found))].name)
    if not found:
        found = index.sounding(name) or index.akin(name)
    return Match(None, _named(index, sorted(found) if found else index.sharing(name)))


def _named(index: UnitIndex, units: Iterable[int]) -> tuple[str, ...]:
    return tuple(index.roster[unit].name for unit in units)[:_MOST_CANDIDATES]


_BREAK = re.compile(r"[\s,，.。:：;；、!！?？]")
_AND_NEXT = re.compile("[、和与及]")
_GAP = " \t\n\u2005\u3000,，:："
_SAYS_NEXT = re.compile(r"[已己均]?(?:收到|收悉|签收|知悉|收倒)|\d|〔")
_GOES_ON = re.compile(r"[一-鿿]{0,6}?(?:局|委|院|镇|乡|街道|支队|大队|办事处|学校|公司)")


def find_unit(text: str, roster: Sequence[UnitName]) -> tuple[Match, str]:
    """Read the unit at the head of a command's words, 「市水利局收到 电话确认」, and give back the rest of them.

    The longest piece that names a unit; one that goes on like the name of something smaller (「寿县水利局」) is asked
    about, not cut. Where nothing is found the first word is taken as the name that nobody knows.
    """
    text = text.lstrip(_GAP).rstrip()
    end = broken.start() if (broken := _BREAK.search(text)) else len(text)
    if said := _SAYS_NEXT.search(text, 0, end):
        end = said.start()
    head = match_unit(text[:end], roster)
    cut, unit = (end, head.unit) if head.unit else _longest_exact(text, _index(roster))
    if unit is None:
        return head, text[end:].lstrip(_GAP)
    if cut < end and _GOES_ON.match(text, cut, end):
        candidates = dict.fromkeys((unit, *head.candidates))
        return Match(None, tuple(candidates)[:_MOST_CANDIDATES]), text[end:].lstrip(_GAP)
    rest = text[cut:].lstrip(_GAP)
    second = _longest_exact(rest[1:].lstrip(), _index(roster))[1] if _AND_NEXT.match(rest) else None
    return (Match(None, (unit, second)) if second else Match(unit)), rest


def _longest_exact(text: str, index: UnitIndex) -> tuple[int, str | None]:
    """Where the longest piece from the start that is exactly one unit's name ends, spaces inside it not counting."""
    best: tuple[int, str | None] = (0, None)
    for end in range(2, min(len(text), index.longest * 2) + 1):
        if text[end - 1].isspace():
            continue
        name = bare(plain(text[:end]))
        if len(name) > index.longest:
            break
        found = index.called(name)
        if len(found) == 1:
            best = (end, index.roster[next(iter(found))].name)
    return best


_COLON = re.compile(r"[:：︰∶]")
_COMMAS = re.compile(r"[\s、,，;；/]+")
_JOINTS = re.compile("[和与及]")
_LEAD_IN = re.compile(r"^(?:请|发|致|主送)[:： ]?")
_CLOSING = re.compile(r"[一二两三四五六七八九十\d]{1,3}[个家]?(?:单位|县区|区县|部门)$")
_AND_OTHERS = re.compile(r"等(?:[一二两三四五六七八九十\d]{0,3}[个家]?(?:单位|县区|区县|部门|地))?$")
_LISTING = re.compile("[、,，]")
_SHORT = re.compile(r"[一-鿿]{2,10}")
_UNIT_LIKE = re.compile(
    r"[一-鿿]{1,10}(?:局|委|办|院|部|县|区|市|镇|乡|街道|联|会|中心|支队|大队|公司|学校|管委会|办公室)"
)
_NO_UNIT = re.compile(r"[在请的是为由到从将把各本该全每其]|会议|开会|如下|以下|有关|相关|全部|内部|参会|附件")
_LONGEST_HEAD = 400


def split_audience(text: str, roster: Sequence[UnitName]) -> tuple[list[str], list[str], str]:
    """Take a list of units off the head of a notice, 「寿县、大通区：各单位…」.

    Gives (the units in the order typed, words that stand like units and are none or unsure, the text behind the colon).
    Where no list of units stands before the first colon, gives ([], [], text): 「通知如下：…」, 「各成员单位：…」.
    """
    colon = _COLON.search(text, 0, _LONGEST_HEAD)
    if colon is None:
        return [], [], text
    head = _LEAD_IN.sub("", plain(text[: colon.start()]))
    words = [word for word in _COMMAS.split(head) if word]
    if len(words) > 1 and _CLOSING.fullmatch(words[-1]):
        words.pop()
    named = [_units_in(word, roster) for word in words]
    listed = bool(_LISTING.search(head)) and any(named)
    # 「水利、财政：…」 may be two bureaus or two topics: asked about.
    if len(words) > 1 and not any(named) and all(match_unit(word, roster).unit for word in words):
        return [], words, text[colon.end() :].strip()
    if not words or not all(units or _may_be_listed(word, listed) for word, units in zip(words, named, strict=True)):
        return [], [], text
    unknown = [word for word, units in zip(words, named, strict=True) if not units]
    if not any(named) and any(read_kind(word) is not None for word in unknown):
        return [], [], text
    return list(dict.fromkeys(unit for units in named for unit in units)), unknown, text[colon.end() :].strip()


def _may_be_listed(word: str, listed: bool) -> bool:
    """Whether a word that names no unit still stands where one should, so that it has to be asked about."""
    if read_kind(word) is not None or _AND_OTHERS.search(word):
        return True
    return not _NO_UNIT.search(word) and (bool(_UNIT_LIKE.fullmatch(word)) or (listed and bool(_SHORT.fullmatch(word))))


def _units_in(word: str, roster: Sequence[UnitName]) -> list[str]:
    """The units that one word of a list names: one, several run together or joined by 和, or none."""
    index = _index(roster)
    if (unit := _surely(word, roster)) is not None:
        return [unit]
    joined = [_surely(piece, roster) for piece in _JOINTS.split(_CLOSING.sub("", word))]
    if all(joined):
        return [unit for unit in joined if unit]
    units: list[str] = []
    while word:
        cut, unit = _longest_exact(word, index)
        if unit is None:
            return []
        units.append(unit)
        word = word[cut:].strip()
    return units


def _surely(word: str, roster: Sequence[UnitName]) -> str | None:
    """A topic before a colon (「宣传：…」) is short for a bureau too: here an abbreviation must end like a unit."""
    index, name = _index(roster), bare(plain(word))
    if not name or (not index.called(name) and not _UNIT_LIKE.fullmatch(name)):
        return None
    return match_unit(name, roster).unit


_EVERYBODY = frozenset(
    f"{every}{whom}"
    for every in ("各", "所有", "全体", "全部", "各有关", "各相关")
    for whom in ("单位", "部门", "单位各部门")
) | {"全体", "全部", "所有人", "全体成员"}
_EVERY = re.compile(r"(?:各|所有|全体|全部|各个)?(?:县区|区县|县市区|市县区|县\(区\)|区\(县\)|县|区)")
_MEMBERS = re.compile(r"(?:各|所有|全体|全部|各个)?(?:成员单位|市直单位|市直部门)")


def read_kind(word: str) -> str | None:
    """Read a word for a whole group: the kind of unit it means, "" for all of them, None if it means no group."""
    name = re.sub(r"\s", "", plain(word)).rstrip(":")
    if name in _EVERYBODY:
        return ""
    if _EVERY.fullmatch(name) and len(name) > 1:
        return "县区"
    return "成员单位" if _MEMBERS.fullmatch(name) else None
