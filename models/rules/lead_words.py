"""Whether words are about people rather than about work: what must never stand in a group of thirty units.

A lead accuses somebody in particular. Ordinary work talk uses the same words (「摸排涉黑线索147条」, 「严打村霸」) and names
nobody. So: an allegation together with a named, described or numbered person is a lead; with a vague one (有人, 某KTV)
it is a lead unless the words are an order, a campaign or a count; an identity number, a case number or a mark of
secrecy is one by itself.
"""

import re

from models.rules.late import LatePattern
from models.rules.lead_people import named
from models.rules.lead_work import work_talk

# What is done to people and to the public, as one tells it; and the names of the offences.
ALLEGATION = LatePattern(
    "恶势力|黑恶|黑社会|犯罪集团|犯罪团伙|团伙|涉黑|涉恶|涉赌|涉毒|涉枪|涉黄|讨债|逼债|逼(?:老百姓|百姓|群众|村民|商户|人|签|迁|着)|套路贷|高利贷"
    "|高息放|放贷|放高利|放水钱"
    "|砍头息|强迫交易|强迫.{0,6}(?:签|买|卖|转让|让)|寻衅滋事|敲诈|勒索|讹(?:诈|人|钱)|非法拘禁|关(?:在|了).{0,10}(?:不让|不放)|不让(?:回家|出门|走人)"
    "|欺行霸市|村霸|街霸|路霸|行霸|市霸|沙霸|砂霸|矿霸|菜霸|渔霸|横行(?:乡里|霸道)|称王称霸|称霸|为非作歹|作恶|欺压|欺负(?:村民|百姓|群众|商户|老人)"
    "|聚众|斗殴|殴打|打伤|打断|打残|打死|打人|打(?:业主|百姓|老百姓|群众|村民|商户|工人|司机|老人|学生)|雇(?:人|凶|打手)|砍(?:伤|人|死)|捅(?:伤"
    "|人|死)|持(?:刀|械|枪)|刀砍|围殴|开设赌场|开(?:地下)?赌|设赌|聚赌|赌(?:博|场|局|档)|抽(?:头|水)"
    "|地下钱庄|保护伞|关系网|把持|垄断|强买强卖|强拿硬要|强占|霸占|抢占|强行|强揽|恶意竞标|围标|串标|威胁|恐吓|要挟|胁迫|扬言|上门(?:闹|要|骚扰)"
    "|泼(?:粪|油漆)|喷漆"
    "|堵(?:门|锁眼|路)|拦(?:路|车)(?:收|要|不)|断(?:水|电)逼|行贿|受贿|送(?:钱|礼|了.{0,6}万)|收(?:钱|黑钱|红包|了.{0,8}(?:万|钱|好处)|好处)"
    "|好处费|回扣|贪污|贪占|贪了|贪掉|吃拿卡要|挪用"
    "|侵吞|侵占|套取|冒领|虚报|克扣|截留|私分|包庇|纵容|通风报信|徇私|枉法|充当|撑腰|罩着|保护费|看场(?:费|子)|管理费.{0,6}不交|阻挠|阻工|闹事"
    "|打砸|砸(?:店|车|门|了|超市|摊|场|窗|玻璃|东西)"
    "|盗采|偷采|非法采|私挖|乱采|盗(?:砂|沙|伐|窃|掘)|吸毒|贩毒|制毒|容留|诈骗|骗(?:了|取|走|钱|人)|骗(?:老人|村民)|传销|非法集资|集资|卖淫|嫖"
    "|组织卖|拐卖|走私|洗钱"
    "|操纵.{0,4}选举|贿选|拉票|破坏选举|黑(?:砂|沙|煤|矿|诊所|中介|车场|作坊|心)|裸聊|裸贷|催收|跑分|买卖.{0,4}卡|偷渡|强奸|猥亵|性侵|绑架|抢劫"
    "|抢夺|放火|纵火|爆炸物|枪支|私藏"
    "|涉嫌|违法|犯罪|不法|违纪|腐败|失职|渎职|滥用职权"
)
# Words that tell of one person or one group as surely as a name.
DESCRIBED = LatePattern(
    "以.{1,12}为首|为首(?:的|分子)|[一-龥]某[某一-龥]{0,2}|某某|[×xX*＊]{2,}|(?:绰号|外号|诨号|小名|人称|自称|化名)|头目|老大|大哥|马仔|打手"
    "|嫌疑人|被举报人?|举报人|报案人|实名举报"
    "|(?:[一-龥](?:哥|爷|总)|老[一-龥]|[一-龥]{1,2}(?:老板|书记|主任|局长|所长|队长|村长|支书|镇长|乡长|院长|科长|处长|会计|出纳|校长|厂长|站长|社长))"
    "(?=.{0,12}(?:涉|伙|勾|纠|带|指使|逼|强|霸|打|殴|砍|敲|收|吃|贪|骗|包|罩|撑|垄|开|放|阻|威|恐|欺|占|偷|盗|串|围))"
    "|(?:手机|电话|微信|QQ|号码)(?:号)?(?:是|为|[:：])"
)
VAGUE = LatePattern(
    "(?:这|那|一)(?:伙|帮)|隔壁|有(?:一)?(?:个|伙|帮|群|些|几个)?.{0,6}(?:人|男子|女子|混混|小年轻|社会青年|无业(?:人员|青年))|(?:这|那|一|几"
    "|多)(?:个|伙|帮|群)人|此人|该人|他们|他(?=[一-龥])|她(?=[一-龥])|对方|本人"
    "|(?:某|这家|那家|一家)[一-龥]{0,8}|[一-龥]{1,8}(?:村|社区|镇|乡|街道|小区|路|街|组|庄|集|湾|圩|巷|大院|市场|广场|工地|码头|河段|矿|砂场|沙场"
    "|石料厂|KTV|ktv|酒吧|会所|洗浴|足浴|棋牌室|网吧"
    "|宾馆|酒店|饭店|茶楼|公司|物业|合作社|学校|超市|养殖场|驾校|医院)(?:的|里|内|附近|门口|对面|旁边?|上|东|西|南|北|[一-龥]{0,4}(?:书记|主任"
    "|支书|村长|老板|负责人|保安|队长|所长|人员))"
    "|群众(?:反映(?!最|强烈|突出|的|较)|举报|反应|来信|来电)|据(?:反映|了解|说|悉|村民|群众)|听说|有人|我(?:们)?(?:村|小区|单位|家|镇|隔壁|楼)"
    "|邻居|村(?:书记|主任|支书|干部|长)|支书|包工头|派出所|民警|交警|城管"
    "|车牌|[皖京沪苏浙豫鲁鄂湘赣粤闽冀晋陕川渝贵云桂甘青宁新藏蒙辽吉黑津琼][A-Z][·• ]?[A-Z0-9]{5,6}"
)
CITIZEN = LatePattern(r"(?<!\d)\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
MOBILE = LatePattern(r"(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
CARD = LatePattern(r"(?<!\d)(?:62|60|43|45|55)\d{2}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)")
CASE = LatePattern(
    r"[(\[〔【]20\d{2}[)\]〕】][京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼兵][\d]{0,5}(?:刑|民|行|执)[一-龥]{0,3}\d+号"
    r"|[公检][(（][一-龥]{1,8}[)）](?:立|拘|捕|诉|侦|撤|监|起|受|不)[一-龥]{0,4}(?:字)?[(\[〔]?20\d{2}|(?<![A-Za-z\d])A\d{22}(?!\d)"
    r"|(?:案号|立案号|案件编号|警情编号)[:： ]*[A-Za-z\d]"
)
SECRET = LatePattern(
    r"(?:绝密|机密|秘密)\s*(?:[★☆※*]|级|件\s*[:：]|\s*\d+年)|密级\s*[:：]?\s*(?:绝密|机密|秘密)|^\W{0,2}(?:绝密|机密)\W|(?:不得|严禁)(?:外传"
    r"|扩散).{0,12}(?:线索|名单|对象)"
)
EXPLICIT = LatePattern(
    r"^(?:我|现|特|想|要|有|再|这里|报告?|反映|反应|举报|提供|移交|转|补充|新){0,3}(?:[一二两三四五六七八九十\d]{1,2}[条个])?(?:(?:涉黑|涉恶|黑恶"
    r"|重要|问题|新|可疑|案件|举报)+)?线索"
    r"(?:[一二三四五六七八九\d]{1,2}(?![条个件余份起]))?\s*(?:如下|内容|[:：])+(?!\s*(?:[\d零无]+\s*[条个件]?|无|没有|零报告|见附件|已报)\s*[。.!！]?$)"
    r"|^(?:被)?(?:举报|检举|控告)人\s*[:：]|^(?:犯罪)?嫌疑人\s*[:：]"
    r"|^(?:我|我们|现|特|想|要){0,3}(?:要)?(?:实名|匿名)?(?:举报|检举|揭发|控告)(?!揭发|检举|有功|属实|不实|箱|电话|平台|方式|奖励|须知|渠道|信箱"
    r"|热线|办法|制度|中心|途径|网站|宣传|邮箱|有奖|二维码|指南|指引|信息|件|率|数|量|工作|线索(?:\d|[一二三四五六七八九十]|处|办|核|受|统|管|台"
    r"|数|零|共|总|情况))\S"
)
FIGURES_ONLY = LatePattern(
    r"^\s*(?:数|情况)?[\d零一二三四五六七八九十百千万两,，.]+\s*余?\s*[条件个份起宗]?[。.！!]?\s*$"
)


def lead_like(text: str) -> bool:
    """Whether a message in a room reads like a lead: an allegation about somebody, an identity, or a mark of secrecy."""
    if CITIZEN.search(text) or SECRET.search(text) or CASE.search(text) or EXPLICIT.search(text):
        return True
    if not ALLEGATION.search(text):
        return False
    working = work_talk(text)
    if named(text) and not (working and not _accused_by_name(text)):
        return True
    if CARD.search(text):
        return True
    if DESCRIBED.search(text) and not (working and not _certain(text)):
        return True
    if working:
        return False
    return bool(MOBILE.search(text) or VAGUE.search(text))


def _accused_by_name(text: str) -> bool:
    return named(text, accused=True)


def _certain(text: str) -> bool:
    """Described so closely that even a report on work must not say it to thirty units."""
    return bool(
        re.search("以.{1,12}为首|[一-龥]某[某一-龥]|绰号|外号|人称|化名|[×xX*＊]{2,}(?:涉嫌|伙同|等)|举报人", text)
    )


def only_figures(rest: str) -> bool:
    """What follows the word 线索 is just a count: 线索147条 is a figure, not a lead."""
    return bool(FIGURES_ONLY.match(rest))
