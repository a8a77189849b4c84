"""The shapes in which a duty names its period and the day in it: 每月25日, 每周一、三、五, 每季度末月20日, 每年12月底."""

from models.rules.late import LatePattern

N = r"(?:[0-9]{1,2}|[一二两三四五六七八九十廿卅]{1,4})"
ITEM = rf"(?:{N}[日号]|月?[底末]|最后[一1][天日])"
AND = r"(?:[、,/]|和|及|与|以及)"
LIST = rf"(?:(?:{N}|{ITEM}){AND})*{ITEM}"
RANGE = rf"(?:{N}[日号]?(?:-|~|—|至|到){N}[日号])"
NTH = rf"(?:第{N}个?|首个?|前{N}个?|最[后末][一1]?个?|倒数第?{N}个?)"
ONE_WEEKDAY = r"[一二三四五六日天1-6]"
WEEK = r"(?:周|星期|礼拜)"
FILL = r"(?:的|于|在|逢|里|内|,)*"
INSIDE = rf"(?P<list>{RANGE}|{LIST})|(?P<nth>{NTH})(?:工作日|{WEEK}(?P<of>{ONE_WEEKDAY}))|前(?P<first>{N})[日天号]"
AFTER = rf"(?:结束|终了)?(?:之|过)?后(?:的|第)?(?P<after>{N})(?P<work>个?工作)?[日天](?:之|以)?[内前]"
NEXT = r"[^。;每]{0,16}(?:次月|翌月|下个?月|下一?个?季度首月)"
SEVERAL = r"(?=[一二三四五六日天]{2})一?二?三?四?五?六?[日天]?(?<=[一二三四五六日天]{2})"  # 一三五: in order, or it is something else
WEEKDAYS = rf"(?:{SEVERAL}|{ONE_WEEKDAY})(?:(?:{AND}){WEEK}?{ONE_WEEKDAY}|(?:至|到|-|~){WEEK}?{ONE_WEEKDAY})*"
# 每周三次, 每周三十份, 每周二三十份 count; 每周五三报 names days out of their order.
NO_WEEKDAY = (
    r"[次份条篇遍百千]|十(?![一二三四五六七八九]?[点时])|[二三四五六七八九]十(?![一二三四]?[点时])"
    r"|[一二三四五六日天](?:报|前|上午|下午|早|晚|[0-9,]|$)"
)
YEAR_ITEM = rf"(?:{N}月份?(?:的)?)?(?:{ITEM}|{NTH}工作日)"
YEAR_DATES = rf"(?P<dates>(?:{N}月份?{AND})*{N}月份?(?:的)?(?:{ITEM}|{NTH}工作日)(?:{AND}{YEAR_ITEM})*)"

EVERY_MONTH = rf"(?:(?:每|按)(?:逢|到)?个?月(?:度|份)?|逐月|每?逢(?={N}(?:[日号]|{AND}{N})))"
EVERY_QUARTER = r"(?:(?:每|按)个?季度?)"

SHAPES: tuple[tuple[str, LatePattern], ...] = (
    ("day", LatePattern(r"(?:每|按)个?(?:工作)?[日天]|每(?=[晚早])|天天")),
    ("week", LatePattern(rf"(?:每|逢|每逢|每到)个?{WEEK}(?:的)?(?:{WEEK})?(?P<weekdays>{WEEKDAYS})(?!{NO_WEEKDAY})")),
    ("week", LatePattern(rf"每个?{WEEK}{FILL}(?P<nth>{NTH})工作日")),
    ("odd month", LatePattern(rf"(?:每|逢|每逢)个?(?P<odd>[单双])月{FILL}(?:{INSIDE})")),
    ("month", LatePattern(rf"{EVERY_MONTH}{FILL}(?:{INSIDE})")),
    ("month", LatePattern(rf"{EVERY_MONTH}(?:{NEXT}{FILL}(?:{INSIDE})|月?{AFTER})")),
    ("month", LatePattern(r"每(?:个)?旬(?:[末底]|结束前|最后[一1][天日])(?P<tenth>)")),
    ("quarter", LatePattern(rf"{EVERY_QUARTER}(?:的)?(?P<which>[首末]月|(?:第[一二三123]|最后[一1]|前?首)个月|末(?=的?{N}[日号]))"
                           rf"{FILL}(?:{INSIDE})")),
    ("quarter", LatePattern(rf"{EVERY_QUARTER}(?:的)?(?:(?:[末底]|度末)(?:的)?)?(?:第?(?P<nth>{NTH})工作日)")),
    ("quarter", LatePattern(rf"{EVERY_QUARTER}(?:{NEXT}{FILL}(?:{INSIDE})|{AFTER})")),
    ("quarter", LatePattern(rf"{EVERY_QUARTER}(?:的)?(?:末月?|底|终|结束[前时]|最后[一1](?:[天日]|个月))(?!的?{N}[日号]|{AFTER})")),
    ("half", LatePattern(rf"每半(?:个)?年度?(?:的)?(?:(?P<which>[首末]月|最后[一1]个月){FILL}(?:{INSIDE})|(?P<workday>最后[一1]个)工作日"
                        rf"|{AFTER}|[末底]|结束[前时]|最后[一1][天日])")),
    ("half", LatePattern(rf"每半年度?{FILL}{YEAR_DATES}")),
    ("year", LatePattern(rf"每个?年度?{FILL}(?:{YEAR_DATES}|(?:年?[底末终]|最后[一1]天|结束前)"
                        rf"|(?:最[后末][一1]个)工作日(?P<workday>))")),
)  # fmt: skip
