"""Figures out of a report: value, vagueness, measure, 累计 or 新增, what they count, and the words they came from.

A figure that cannot be read is handed back as its words, so that the sender can be asked; no value is ever made up.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from models.rules.chinese_numbers import as_plain_number
from models.rules.figure_labels import basis_of, label_of
from models.rules.list_marks import without_list_marks
from models.rules.plain import plain
from models.rules.quantities import Quantity, quantities
from models.rules.veils import veil

_SENTENCE = re.compile(r"[。;!?]")
_CLAUSE = re.compile(r"[,。;!?\s]")
_QUESTION = re.compile(r"[?]|多少|几[份条张个人次]|[吗呢]$|没有$")
_NOTHING_NEW = re.compile(r"新增$|[上报]报$|报告$")
_OTHER_WORD = re.compile(r"报?(?:名|警|考|销|废|案|备|复|仇|酬|价|错|漏|[重多少][了,])")
MISTAKEN = r"(?:刚才|刚刚|前面|上次)?(?:[报写填打发]|数字?)?错了?[,。]?(?:其实|实际)?(?:应该?)?(?:[是为]|改[为成])?"
_SHIFTS = re.compile(rf"^(?:改|更正|更改|改为|改成|应为|应是|{MISTAKEN})\s*[:,]?\s*")
# What was counted already: 500份(含昨天200份), 由300份增加到500份.
_PART = re.compile(r"(?:含|包括)(?:昨|前|上|本|今|已|之前|此前)[^,。;!?\d]{0,6}$")
_FROM, _TO = re.compile(r"[由从]\s?$"), re.compile(r"^[^,。;!?]{0,6}[到至为]\s?$")
_LONGEST = 20_000


@dataclass(frozen=True)
class Figure:
    """`vagueness`: exact, 余 (at least), 约, 近. `basis`: 累计, 新增 or None when unsaid. `label` may be empty.
    `words` are those of the clause it stands in, levelled."""

    label: str
    value: int | Decimal
    vagueness: str
    measure: str
    basis: str | None
    words: str


def read_figures(text: str) -> tuple[list[Figure], list[str]]:
    """The figures of a report in their order, and the words of those that cannot be read (上千条, 50-60人)."""
    level = plain(without_list_marks(text[:_LONGEST]))
    for_amounts, text = veil(level)
    found = quantities(for_amounts)
    figures: list[Figure] = []
    unread: list[str] = []
    basis: str | None = None
    shifting = False  # between 由300份 and 增加到500份
    reach = 0  # where the words that may belong to the next figure begin
    for quantity, following in zip(found, [*found[1:], None], strict=False):
        before = text[reach : quantity.start]
        if _SENTENCE.search(before):
            basis = None
        said = basis_of(_SENTENCE.split(before)[-1])
        basis = said or basis
        words = _words(level, reach, quantity)
        if quantity.value is None or _counted_elsewhere(text, quantity, before, following, shifting=shifting):
            shifting, taken = bool(_FROM.search(before)), 0
            unread.append(words)
        else:
            shifting = False
            behind = text[quantity.end : following.start if following else len(text)]
            last = figures[-1] if figures and said else None
            label, taken = _label(text[quantity.start : quantity.end], quantity, before, behind, last)
            figures.append(
                Figure(
                    label=label,
                    value=as_plain_number(quantity.value),
                    vagueness=quantity.vagueness,
                    measure=quantity.measure,
                    basis="新增" if _NOTHING_NEW.search(text[quantity.start : quantity.end]) else basis,
                    words=words,
                )
            )
        reach = quantity.end + taken
    return figures, unread


def _counted_elsewhere(
    text: str, quantity: Quantity, before: str, following: Quantity | None, *, shifting: bool
) -> bool:
    """Whether an amount is a part of the one before it, or one end of a change: neither may be added."""
    if _PART.search(before) or (shifting and _TO.search(before)):
        return True
    ahead = text[quantity.end : following.start] if following is not None else ""
    return bool(_FROM.search(before) and _TO.search(ahead))


def _words(text: str, reach: int, quantity: Quantity) -> str:
    """The clause from its last break to the end of the figure."""
    before = text[reach : quantity.start].rstrip()
    breaks = [match.end() for match in _CLAUSE.finditer(before)]
    return (before[breaks[-1] if breaks else 0 :] + text[reach + len(before) : quantity.end]).strip("、 和及与(")


def _label(shown: str, quantity: Quantity, before: str, behind: str, last: Figure | None) -> tuple[str, int]:
    """What is counted; 「线索累计147条，新增3条」 counts the same twice, `last` is the figure before in that case."""
    label, taken = label_of(before, behind, quantity.measure)
    if not label and "新增" in shown and (noun := re.match(r"\s?([^\W\d_]{2,8})(?=$|[,。;!\s])", behind)):
        return noun[1], noun.end()
    if not label and last and last.measure == quantity.measure:
        return last.label, 0
    return label, taken


def looks_like_figures(text: str) -> bool:
    """Whether words that follow 报 without a space are a report (宣传单5000份) and not a question or another word."""
    text = plain(without_list_marks(text[:500]))
    return bool(quantities(veil(text)[0])) and not _QUESTION.search(text) and not _OTHER_WORD.match(text)


def supersedes(old: Figure, new: Figure) -> bool:
    """Whether `new` takes the place of `old` of the same label: a 累计 does; a 新增 or unsaid one adds to it."""
    same = old.label == new.label and (old.measure == new.measure or not old.measure or not new.measure)
    return same and new.basis == "累计"


def worth_asking(previous_total: int | Decimal | None, new: Figure) -> str | None:
    """`fall` for a 累计 below what was reported before, `jump` for three times as much or more; else None."""
    if new.basis != "累计" or previous_total is None:
        return None
    if new.value < previous_total:
        return "fall"
    return "jump" if previous_total > 0 and new.value >= 3 * previous_total else None


def correct(figures: Sequence[Figure], text: str) -> list[Figure]:
    """The figures with the values of 「改 宣传单 5200」 in them; unchanged when it is not plain which one is meant."""
    new, unread = read_figures(_SHIFTS.sub("", plain(text)))
    if not new and not unread and len(figures) == 1:
        new, unread = read_figures("数 " + _SHIFTS.sub("", plain(text)))
        new = [replace(each, label="") for each in new]
    result = list(figures)
    for each in new:
        places = [at for at, old in enumerate(figures) if old.label == each.label]
        places = places or [at for at, old in enumerate(figures) if each.label and each.label in old.label]
        if not each.label:
            places = [at for at, old in enumerate(figures) if len(figures) == 1 or old.measure == each.measure]
        if unread or len(places) != 1 or each.measure not in ("", figures[places[0]].measure):
            return list(figures)
        old = figures[places[0]]
        result[places[0]] = replace(
            old, value=each.value, vagueness=each.vagueness, basis=each.basis or old.basis, words=each.words
        )
    return result
