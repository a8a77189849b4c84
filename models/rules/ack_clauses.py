"""Cuts a levelled line into clauses and says what each clause does; the second half of reading 收到 is in `acks`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from models.rules.ack_words import (
    ASKS_OTHERS,
    LONGEST_WORD,
    MAY_BE_SURNAMES,
    NOT_IN_NAMES,
    SURNAMES,
    UNIT_ENDINGS,
    WORDS,
)
from models.rules.spotting import Spotter


class Kind(Enum):
    """What a clause does. NEARLY is an ack but for who says it, ASK wants others to answer, TALK is all the rest."""

    ACK = auto()
    SOFT = auto()
    WHO = auto()
    NUMBER = auto()
    PROMISE = auto()
    NEARLY = auto()
    ASK = auto()
    QUESTION = auto()
    TALK = auto()


@dataclass
class Clause:
    """One clause: its words, one letter a word (see `ack_words`), the units and notice numbers in it."""

    text: str
    letters: str = ""
    units: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    kind: Kind = Kind.TALK

    @property
    def half(self) -> bool:
        return "k" in self.letters


_STOP = re.compile(r"[\s,.。!、;:~\-—…·•()\[\]〔〕【】《》{}<>^_*|/\\&〜✓✔☑]+")
_MEASURE = "月日天点时分份条个件封人次张块篇户部起宗名家辆页万千百十余多周年元度%"
_NUMBER = re.compile(
    rf"(?:第|no\.?|#|编号|通知)?(?:(?P<digits>[1-9]\d{{0,5}})(?!\d)(?:号|(?![{_MEASURE}]))"
    r"|(?P<words>[一二三四五六七八九十]{1,3})号)(?:通知|文件|件|文|任务|事项)?"
)
_WHEN = re.compile(
    r"\d{1,2}月(?:底|\d{1,2}[日号]?)?(?:之?前|内)?|(?:\d{1,2}|[一二两三四五六七八九十]{1,2})[日点时](?:半|\d{1,2}分?)?(?:之?前)?|\d{1,2}号(?:之?前|上午|下午)"
    r"|(?:本|下|这)?(?:周|星期)[一二三四五六日天末](?:之?前|上午|下午|下班前)?"
    r"|[\d一二两三四五]{1,2}个?(?:工作日|天|小时|日|周)之?内"
)
_PERSON = re.compile(
    rf"(?:[小老][{''.join(sorted(SURNAMES))}]|[{''.join(sorted(SURNAMES))}][一-鿿]{{1,2}})(?=$|已?收到|已?收悉|已?知悉)"
)
_TITLED = re.compile(
    rf"[^\W{''.join(sorted(NOT_IN_NAMES))}是a-z\d]{{1,2}}(?:副?(?:主任|书记|局长|处长|科长|部长|县长|区长|市长|院长|队长|组长|秘书长|主席)|老师|同志|总)"
)
_SURNAMED = re.compile(
    rf"[{''.join(sorted(SURNAMES))}高何马方](?:局长|处长|科长|部长|队长|主任|书记|局|处|总|科|部|队|工|姐|哥)(?!收)"
)

_WHAT = re.compile(
    r"(?:关于[^没未不否吗么谁请]{2,40}?的|(?:您|你|贵办|领导|上级)?(?:下|刚|转|群里)?发来?的|(?:刚才|今天|上午|下午|昨天|最新|新)的?)"
    r"(?:通知|文件|来文|要求|函)"
)
_DOES = "[mavwbdjosnt]"
_WHO = "(?:up?|sp?|us)"
_PROMISE = f"(?:sp?|up?|j+(?=[maw]))?(?=[mavw]|o[mavw]){_DOES}+e*"
_GLUED = f"(?:s?m{_DOES}*?[vw]{_DOES}*e*|s?w{_DOES}*e*)"
_SAYS_ACK = re.compile(rf"(?:[gk]e*t?)*n?{_WHO}?n?o?s?a*(?:ce*)+(?:o(?![vwbd])e*)?n?(?:[gkt]e*|up?)*{_GLUED}?[gt]*")
_KINDS = (
    (Kind.ACK, _SAYS_ACK),
    (Kind.SOFT, re.compile("[gkhte]+|s?[ae]*k[ego]*|[ut]g+")),
    (Kind.WHO, re.compile("up{0,2}t?|up?s|sp?|p{1,2}")),
    (Kind.NUMBER, re.compile("no?")),
    (Kind.PROMISE, re.compile(f"(?=.*(?:[vw]|[ma].*[bdo])){_PROMISE}q?[gt]*")),
)
_WANTS_ANSWER = re.compile(r"(?:及时|按时|准时|抓紧|限时|逐一)(?:回复|反馈|回)")
_ASK = re.compile(ASKS_OTHERS)
_STRANGER = re.compile(
    rf"(?:[一-鿿]{{1,14}}(?:{UNIT_ENDINGS})|[{''.join(sorted(MAY_BE_SURNAMES))}][一-鿿]{{1,3}})(?:[已己均也都]|已经)?(?:收到|收悉|知悉|签收)(?:通知|文件)?[了啦]?"
)
_ENDS_LIKE_UNIT = re.compile(rf"(?:{UNIT_ENDINGS})(?:[已己均也都]|已经)?(?:收|知|签)")
_JUST_NOW = re.compile(
    r"(?:今天|今日|今早|刚才|现在|上午|下午|昨天|昨晚|早上|终于|总算)(?:才|已|已经|刚)?收到(?:了|通知|文件)*"
)
_CALLED = re.compile("([一-鿿]{2,4})已?(?:收到|收悉|知悉)了?")
_NO_STRANGER = re.compile(
    "[没未不否吗么谁请说讲问等的再还被让凡怎几哪须每各某他她它你替催撤给既转]|^[代别待望发若]|[会要有后是可能才将即该想望]收"
    "|只有|除[了外]?|如果|假如|一旦|只要|要求|应[该当]|可能|大[家伙]|其[他它余]|另外|下[属级面]|群[众里]|据[说悉]|好像|大概|期待|估计|希望|对方|本[月周年季]"
    "|今[年天日]|[昨前]天|表示|回复|所有|取消|通知|乡镇|部门|学校|企业|即将|是否|名称"
)


def clauses(line: str, spotter: Spotter) -> Iterator[Clause]:
    """Cut `line` at stops and spaces and give each clause its kind; a question mark is a clause of its own."""
    for text in _STOP.split(line):
        for piece in re.split(r"(\?)", text):
            if piece == "?":
                yield Clause("?", "?", kind=Kind.QUESTION)
            elif piece:
                clause = _lettered(piece, spotter)
                clause.kind = _kind(clause)
                if clause.kind is Kind.TALK and (who := _CALLED.fullmatch(piece)) and spotter.begin_with(who[1]):
                    clause.kind = Kind.NEARLY
                yield clause


def _kind(clause: Clause) -> Kind:
    if _WANTS_ANSWER.match(clause.text):
        return Kind.TALK
    for kind, pattern in _KINDS:
        if pattern.fullmatch(clause.letters):
            return kind
    if _ASK.match(clause.text):
        return Kind.ASK
    return Kind.NEARLY if _is_nearly(clause) else Kind.TALK


def _is_nearly(clause: Clause) -> bool:
    """Known words in an order that the grammar does not have, or a speaker whom it does not know."""
    before, core, _ = clause.letters.partition("c")
    if core and not set("xbjhdq") & set(clause.letters) and not set("mwvo") & set(before):
        return True
    if _JUST_NOW.fullmatch(clause.text):
        return True
    if not _STRANGER.fullmatch(clause.text) or _NO_STRANGER.search(clause.text):
        return False
    return bool(_ENDS_LIKE_UNIT.search(clause.text)) or not set("mwvbdjhgo") & set(before)


def _lettered(text: str, spotter: Spotter) -> Clause:
    clause = Clause(text)
    place = 0
    while place < len(text):
        letter, place = _next_word(clause, place, spotter)
        clause.letters += letter
    return clause


def _next_word(clause: Clause, place: int, spotter: Spotter) -> tuple[str, int]:
    """The part and the end of the longest word at `place`; notes units and numbers in the clause as it meets them."""
    text = clause.text
    if spotted := spotter.at(text, place):
        clause.units.append(spotted[0])
        return "u", spotted[1]
    if what := _WHAT.match(text, place):
        return "o", what.end()
    if when := _WHEN.match(text, place):
        return "m", when.end()
    if number := _NUMBER.match(text, place):
        clause.numbers.append(int(number["digits"]) if number["digits"] else _counted(number["words"]))
        return "n", number.end()
    for length in range(min(LONGEST_WORD, len(text) - place), 0, -1):
        if letter := WORDS.get(text[place : place + length]):
            if length == 1 and (titled := _SURNAMED.match(text, place)):
                return "t", titled.end()
            return letter, place + length
    if titled := _SURNAMED.match(text, place) or _TITLED.match(text, place):
        return "t", titled.end()
    person = _PERSON.match(text, place) if clause.letters[-1:] in {"", "u", "s"} else None
    if person and not NOT_IN_NAMES & set(person[0][1:]):
        return "p", person.end()
    return "x", place + 1


def _counted(words: str) -> int:
    """一 to 九十九; a row of plain numerals is read digit by digit."""
    digits = {word: value for value, word in enumerate("零一二三四五六七八九")}
    if "十" not in words:
        return int("".join(str(digits[word]) for word in words))
    tens, _, ones = words.partition("十")
    return digits.get(tens, 1) * 10 + digits.get(ones, 0)
