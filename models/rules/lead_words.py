"""Whether words are about people rather than about work: what must never stand in a group of thirty units."""

import re

ALLEGATION = re.compile(
    "恶势力|黑恶势力|黑社会|犯罪集团|团伙|涉黑|涉恶|涉赌|涉毒|讨债|套路贷|高利贷|放贷|强迫交易|寻衅滋事|敲诈|勒索|非法拘禁|"
    "欺行霸市|村霸|行霸|市霸|沙霸|聚众|斗殴|殴打|开设赌场|保护伞|把持|垄断|强买强卖|威胁|恐吓|行贿|受贿|贪污|侵占|包庇|"
    "打伤|砍伤|收保护费|保护费|阻挠施工|强揽|非法采砂|吸毒|贩毒|诈骗|卖淫|组织赌博|赌博"
)
PERSON = re.compile(
    "以.{1,12}为首|[一-龥]某[某一-龥]?|某某|××|xx|XX|绰号|外号|人称|自称|头目|为首分子|嫌疑人|举报人|被举报|实名举报|其本人|"
    "[村镇乡街道社区组].{0,6}(?:书记|主任|支书|村长|组长).{0,8}(?:涉嫌|伙同|勾结|利用)"
)
NAMED = re.compile(r"(?:叫|名叫|姓名[:：]?|男子|女子|村民|老板|居民|人员)\s*[一-龥]{2,3}(?=[，,、。（(\s在伙等于是长])")
# 18-digit citizen numbers and mobile numbers, as GB 11643 and the numbering plan write them.
CITIZEN = re.compile(r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
SECRET = re.compile(r"(?:绝密|机密|秘密)\s*[★☆※]|密级\s*[:：]")
EXPLICIT = re.compile(
    r"^(?:报告?|反映|举报|提供|移交)?[一二三四五六1-6]?[条个]?(?:问题)?线索\s*[:：]|^(?:我要)?举报\s*[:：,，\s]|^检举"
)
FIGURES_ONLY = re.compile(
    r"^\s*(?:数|情况)?[\d零一二三四五六七八九十百千万两,，.]+\s*余?\s*[条件个份起宗]?[。.！!]?\s*$"
)


def lead_like(text: str) -> bool:
    """Whether a message in a room reads like a lead: an allegation about somebody, an identity, or a mark of secrecy."""
    if EXPLICIT.search(text) or CITIZEN.search(text) or SECRET.search(text):
        return True
    accused = bool(ALLEGATION.search(text))
    return accused and bool(PERSON.search(text) or NAMED.search(text) or MOBILE.search(text))


def only_figures(rest: str) -> bool:
    """What follows the word 线索 is just a count: 线索147条 is a figure, not a lead."""
    return bool(FIGURES_ONLY.match(rest))
