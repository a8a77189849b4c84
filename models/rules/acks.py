"""Reads 收到, strictly: what is not plainly an ack by the speaker is none, and what only looks like one is asked about.

1. The text is levelled, what was quoted, mentions, faces and quotation marks are taken away.
2. It is cut at stops and spaces into clauses, and each clause into words whose part is known (`ack_words`) or not.
3. Each clause gets a kind from patterns over those parts. Nothing outside them can make a yes: a question, a denial, a
   condition or a report always holds a word without a part.
4. The kinds together give the verdict.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from models.rules.ack_clauses import Clause, Kind, clauses
from models.rules.ack_words import ASKING_SIGNS, NEGATIVE_SIGNS
from models.rules.plain import plain, without_mention
from models.rules.spotting import spotter
from models.rules.unit_forms import in_order, without_level


class Verdict(StrEnum):
    """YES acks, NO is other talk, DOUBT is put back to the speaker in private."""

    YES = "yes"
    NO = "no"
    DOUBT = "doubt"


@dataclass(frozen=True)
class Ack:
    """What was read: the `number` of the notice, if one was said, and the unit `named`, as `names` spell it, or ""."""

    verdict: Verdict
    number: int | None = None
    named: str = ""


_YES, _NO, _DOUBT = Ack(Verdict.YES), Ack(Verdict.NO), Ack(Verdict.DOUBT)
_LONGEST_READ = 160

_BARE = re.compile(r"收到[了啦!。~ ]{0,4}")
_LONGEST_RAW = 4000
_DASHES = re.compile(r"[\s\-—–]{4,}")
_QUOTED = re.compile(r"[「“\"][^」”\"]*[:：][^」”\"]*[」”\"][\s\-—–]*")
_MENTION = re.compile(r"@\S{2,20}(?=收到)|@[^\s@?没不请吗么未否谁]{1,20}(?=\s|$)")
_FACE = re.compile(
    r"\[(?:ok|强|抱拳|玫瑰|握手|微笑|鼓掌|赞|合十|胜利|愉快|呲牙|憨笑|爱心|拥抱|咖啡|加油|嘿哈|耶|点赞|比心|机智|奋斗|敬礼|太阳|调皮|偷笑|可爱|鲜花)\]"
    r"|/(?:ok|强|抱拳|玫瑰|握手|微笑|胜利|::\)|:strong|:rose|:share|:@\)|:v|:ok)|\+ ?1(?!\d)",
    re.IGNORECASE,
)
_QUOTE_MARKS = re.compile("[“”‘’\"'「」『』〝〞《》`]|#(?!\\d)")
_SPLIT_WORD = re.compile(r"(?<=收) (?=[到悉倒])")
_SHORT_ORDER = re.compile(
    r"(?:^|(?<=[ ,。!已]))收 ?(?=[〔\[(#]? ?(?:第|no\.?|编号)? ?(?:\d|[一二三四五六七八九十]{1,3}号))", re.IGNORECASE
)
_PICTURE = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\U0001f000-\U0001faff\u20e3]")
_ORDINAL = re.compile(r"\d{1,3} ?[.、)] ?(?=\D)|#?接龙")
_ABBREVIATED = re.compile(r"\bno\. ?(?=\d)")
_LOOSE_NUMBER = re.compile(r"(?<=第) (?=\d)|(?<=\d) (?=号)|(?<=号) (?=通知|文件)")
_LISTING = re.compile("(?<=[一-鿿])、(?=[一-鿿])")
_ORDER = re.compile("(?:代|催|撤销|撤回|取消|转|转发|转达|通知|线索|更正|改|退|延期)[ :]")
_CURT_PROMISES = {"照办", "遵照执行", "落实", "执行", "遵办", "遵命", "照此办理", "立办"}
_PAPERS = "(?:附件|材料|方案|邮件|表格|传真|电话)"
_NEARLY = re.compile(
    rf"{_PAPERS}[已均]?收到了?[。! ]*|[已均]?收到了?{_PAPERS}了?[。! ]*|"
    r"[已均]?收[了的啦。! ]*|收到(?:的呢?|得|地|吧|呢|嘛|哪|(?!ok)[a-z]{1,3})[。!~ ]*|[\W_]*受到了?[\W_]*"
)


# What short words were read as, when it was a yes: a room says the same few by the thousand. Nothing else is kept.
_known: dict[tuple[str, bool, frozenset[str]], Ack] = {}
_SHORT, _MOST_KNOWN = 12, 5000


def read_ack(text: str, *, names: Collection[str] = (), one_counts: bool = False) -> Ack:
    """Judge whether `text`, as typed, acknowledges a notice.

    `names` are the unit names and short names of the roster, of which one may stand beside 收到; whether it is the
    speaker's own is the caller's to see. `one_counts`: the notice in question asked for 「1」 as its answer.
    A forwarded message must not come here at all; a quoted part that the platform left inside the text is taken out.
    """
    said = (text, one_counts, names if isinstance(names, frozenset) else frozenset(names))
    if said in _known:
        return _known[said]
    ack = _read(*said)
    if ack.verdict is Verdict.YES and len(text) <= _SHORT:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[said] = ack
    return ack


def _read(text: str, one_counts: bool, names: frozenset[str]) -> Ack:
    words = plain(without_mention(_own_words(text), "")[1]) if len(text) <= _LONGEST_RAW else ""
    if _BARE.fullmatch(words):
        return _YES
    if not words or len(words) > _LONGEST_READ:
        return _NO
    if _ORDER.match(words):
        return _NO
    if words.rstrip(" 。!.,~") == "1":
        return _YES if one_counts else _NO
    if _NEARLY.fullmatch(words):
        return _DOUBT
    return _judged(words, names)


def _own_words(text: str) -> str:
    """Take out what is somebody else's: above a row of dashes, behind a >, inside marks with a speaker's colon."""
    own: list[str] = []
    for line in text.strip().splitlines():
        if _DASHES.fullmatch(line):
            own.clear()
        elif not line.lstrip().startswith((">", "＞")):
            own.append(line)
    text = "\n".join(own).strip()
    quoted = _QUOTED.match(text)
    return text[quoted.end() :] if quoted else text


def _judged(words: str, names: frozenset[str]) -> Ack:
    dubious = any(sign in words for sign in NEGATIVE_SIGNS) or bool(_ORDINAL.match(words))
    read = list(clauses(_ready(words), spotter(names)))
    kinds = [clause.kind for clause in read]
    if Kind.ACK not in kinds:
        return _without_ack(read)
    if Kind.TALK in kinds or Kind.NEARLY in kinds or Kind.ASK in kinds or Kind.QUESTION in kinds:
        return _with_more(kinds)
    numbers = {number for clause in read for number in clause.numbers}
    units = [unit for clause in read for unit in clause.units]
    if dubious or len(numbers) > 1 or not _one_unit(units) or not _in_good_order(read):
        return _DOUBT
    return Ack(Verdict.YES, next(iter(numbers), None), units[0] if units else "")


def _ready(words: str) -> str:
    """Bring a levelled text to the form that is cut into clauses."""
    words = _QUOTE_MARKS.sub("", _FACE.sub(" ", _MENTION.sub(" ", words)))
    for sign in ASKING_SIGNS:
        words = words.replace(sign, " ? ")
    words = _SPLIT_WORD.sub("", _PICTURE.sub(" ", words).strip())
    words = _LISTING.sub("", _ABBREVIATED.sub("no", words.casefold()))
    return _SHORT_ORDER.sub("收到", _LOOSE_NUMBER.sub("", words))


def _with_more(kinds: list[Kind]) -> Ack:
    """An ack and something else: a request that others answer, or a mark of asking right behind it, makes it none."""
    after = kinds[kinds.index(Kind.ACK) + 1 :]
    asks_back = after[:1] == [Kind.QUESTION] and not {Kind.TALK, Kind.NEARLY} & set(kinds)
    return _NO if Kind.ASK in kinds or asks_back else _DOUBT


def _without_ack(read: list[Clause]) -> Ack:
    kinds = {clause.kind for clause in read}
    if kinds & {Kind.TALK, Kind.ASK, Kind.QUESTION}:
        return _NO
    half = any(clause.kind is Kind.NEARLY or clause.half or _is_promise(clause) for clause in read)
    return _DOUBT if half else _NO


def _is_promise(clause: Clause) -> bool:
    return clause.kind is Kind.PROMISE and ("m" in clause.letters or clause.text in _CURT_PROMISES)


def _one_unit(units: list[str]) -> bool:
    first, *others = [without_level(unit) for unit in units] or [""]
    return all(in_order(first, other) or in_order(other, first) for other in others)


def _in_good_order(read: list[Clause]) -> bool:
    """Before the ack stands no bare person's name (「张三：收到」 is a line of a transcript) and no bare deed."""
    unit_said = False
    for clause in read:
        if clause.kind is Kind.ACK:
            return True
        if clause.letters == "p" and not unit_said:
            return False
        unit_said = unit_said or bool(clause.units)
        if clause.kind is Kind.PROMISE and clause.letters[0] in "wvoj":
            return False
    return True
