"""What a figure counts: the noun before it, without verbs, adverbs and subject, or the one behind it.

「寿县已发放、张贴宣传通告5000余份」 counts 宣传通告; 「印发了50000份《一封信》」 counts 《一封信》.
Verbs are cut by a list: one that is missing leaves a longer label, never a wrong number.
"""

import re
from typing import Final

from models.rules.late import LatePattern
from models.rules.report_verbs import HANDED_OUT, VERBS

CUMULATIVE: Final = "累计|总计|合计|共计|总共|一共|截至|截止|以来|至今"
_THIS_TIME: Final = "本周|本次|本月|本日|本期|本季度|今日|今天|当日|当天|昨日|昨天|上周|上月"
ADDED: Final = f"新增|新发|{_THIS_TIME}|新(?![时型区城华人材闻媒建农村兴])"
_TOTAL = LatePattern(rf"{CUMULATIVE}|(?<![公国中])共(?![同产享建青和创治])")
_NEW = LatePattern(ADDED)

_TWO_LETTERS = "|".join(sorted((verb for verb in VERBS if len(verb) > 1), key=len, reverse=True))
_ONE_LETTER = "|".join(verb for verb in VERBS if len(verb) == 1)
# A verb is part of the noun when the noun goes on: 培训班, 检查组, 满意率; but 组织员工, 打掉团伙, 召开会议.
_GOES_ON = "率|度|面(?!积)|量|数(?!据)|组(?!织)|班|队(?!伍)|团(?!伙)|员(?!工)|站|箱|室|表(?!格)|点(?!位)|会(?!议)|件"
_CUT = LatePattern(rf"(?:{_TWO_LETTERS})(?:[了过到]|出(?![租口境入席生院国纳版])|工作)?(?!{_GOES_ON})")
_LEADING = LatePattern(
    rf"^(?:[一二三四五六七八九十]+是|{CUMULATIVE}|{ADDED}|目前|现已|已经|已|均(?!价)|都(?!市)|共(?![同产享建青和创治])|其中|全[市县区省镇乡]"
    r"|我(?:[市县区局镇乡委办]|单位|们)?|各类|各种|各式"
    r"|[嗯呃啊哦诶欸哎额]+(?![外度满])|那个|然后|接着|就是|另有|咱(?:们|这边)?|俺(?:们)?|这边|这里|今儿个?"
    r"|共同|联合|集中|全面|积极|认真|深入|先后|分别|及时|立即|严格|成功|依法|现场|主动|广泛|同时|另外?|此外"
    r"|近?[0-9一二两三四五六七八九十半]+个?(?:天|日|年|月|小时|周|季度)(?:来|内|以来)?"
    rf"|[向给对]\S{{1,6}}?(?={_ONE_LETTER})|了|的|和(?![谐平])|及(?!时)|与(?!会)|并|等(?!级)|还|也|再(?!生)|又|则|(?!{_TWO_LETTERS})(?:报(?![纸道刊告表名警])|(?:{_ONE_LETTER})(?:了|出|放)"
    r"|[发贴挂抓收送](?=[^\W\d_]{2}))|有(?!线|效|关)|为(?!民)|对(?![联讲])(?=[^\W\d_]{2})|在(?![册编岗职校读押逃线])(?=[^\W\d_]{2})|[:：、,.\-=\s])+"
)
_TRAILING = LatePattern(
    rf"(?:数量为?|{_THIS_TIME}|达到|总数为?|(?<![人户次件])数为?|约|达|共计?|累计|新增|合计|总计|[为是有:=\s]|计)+$"
)
_QUALIFIED = LatePattern(r"^(?:各类|各种|各)(?=[^\W\d_]{2})")
_ASIDE = LatePattern(r"\([^()]{0,20}\)$")
_BREAK = LatePattern(r"[,。;!?、:\s()/|*•·→\x00]|[“”\"']|[\u2190-\u2bff\U0001f000-\U0001faff]")
_ABSTRACT = ("资格", "职务", "身份", "处分")
_PEOPLE = ("人", "人次", "名", "位")
_BEHIND = LatePattern(
    r"\s?(《[^《》]{1,60}》|(?:(?!全部|[均已都共])[^\W\d_]){1,10})(?=全部|[均已都共]|$|[,。;!?、\s)]|[0-9])"
)
_AND = LatePattern(r"(?:以及|还有|和|及|与)$")
_PLACE = LatePattern(r"(?:[区县市局镇乡村委办院]|街道|社区|单位|学校|公司)$")


def label_of(before: str, behind: str, measure: str) -> tuple[str, int]:
    """The noun counted, and how much of `behind` it took; both texts reach to this figure's neighbours."""
    clause = _ASIDE.sub("", before.rstrip(" :=("))
    if clause.endswith("》") and "《" in clause:
        return clause[clause.rindex("《") :], 0
    last = _BREAK.split(clause)[-1]
    label = _noun(last)
    if label.endswith(_ABSTRACT) and measure in _PEOPLE:
        return "", 0  # people are counted, not what was taken from them
    if not label or _PLACE.search(label):
        noun = _BEHIND.match(behind)
        if noun and not _CUT.match(noun[1]) and not _LEADING.match(noun[1]):
            goes_on = noun.end() == len(behind)  # up to the next figure
            if goes_on and noun[0][0].isspace() and (deed := _deed(last)):
                return deed, 0  # 培训2场次 参训210人: the word behind is the next figure's
            return _AND.sub("", noun[1]) if goes_on else noun[1], noun.end()
    return label or _deed(last), 0


def _deed(piece: str) -> str:
    """The verb itself where nothing else is counted: 抓获5人, 立案3起; not 发放5000份."""
    done = re.search(rf"({_TWO_LETTERS})了?$", _TRAILING.sub("", piece))
    return done[1] if done and done[1] not in HANDED_OUT else ""


def basis_of(words: str) -> str | None:
    """累计 or 新增, whichever was said last; None when neither."""
    total = max((match.start() for match in _TOTAL.finditer(words)), default=-1)
    new = max((match.start() for match in _NEW.finditer(words)), default=-1)
    if total == new:
        return None
    return "累计" if total > new else "新增"


def _noun(piece: str) -> str:
    """The piece behind its last verb, with adverbs at the front and copulas at the end taken off."""
    piece = _LEADING.sub("", _TRAILING.sub("", piece))
    ends = [match.end() for match in _CUT.finditer(piece) if match.end() < len(piece)]
    whole = _CUT.fullmatch(piece)
    label = "" if whole else piece[ends[-1] :] if ends else piece
    ends_in_verb = re.search(rf"(?:{_TWO_LETTERS})了?$", label)
    if ends_in_verb and (
        ends or ends_in_verb.start() == 0 or _PLACE.search(label[: ends_in_verb.start()]) or label.endswith("了")
    ):
        label = ""
    return _TRAILING.sub("", _QUALIFIED.sub("", _LEADING.sub("", label)))
