"""Named pieces that a notice demands (报送：总结、盖章版、照片3张), and which of them are still missing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.rules.chinese_numbers import read_whole
from models.rules.list_marks import without_list_marks
from models.rules.plain import plain

MOST_PHOTOS = 3  # R7
_LEAD = re.compile(
    r"(?:(?:需|应|请|须|要)?(?:同时|一并|分别|按时)?(?:报送|上报|提交|提供|上交|交来|附上?|递交|交件)|材料清单|报送材料|所需材料|材料包括|包括)"
    r"(?:以下|下列|如下)?(?:材料|内容|文件|资料|附件)?(?:有|为|包括)?(?:以下|如下)?(?:[0-9一二三四五六]{1,2}[项件份]?(?:材料|内容|文件)?)?\s*:"
)
_STOP = re.compile(
    r"[。!?]|;(?!\s*(?:[(（]?[0-9一二三四五六七八九十]{1,2}[)）.、]))|\n\s*\n|(?<=[^0-9]),(?=[^、]{0,30}(?:前|时限|联系|收到|请|务必|不得|逾期|报[到至]|发[到至送]))"
)
_ITEM_END = re.compile(r"[、,;\n]|(?<!\d)\s+(?=\d{1,2}\s*[.、)])|以及|和(?=[^平谐睦])")
_MARK = re.compile(r"^\s*(?:[(（]?[0-9一二三四五六七八九十]{1,2}[)）.、]|[①-⑩]|[-*•])\s*")
_COUNT = re.compile(
    r"(?P<each>各)?(?P<few>至少|不少于)?\s*(?P<count>[0-9]{1,2}|[一两二三四五六七八九十])\s*(?:张|份|个|套|件|页|段|幅)(?:以上)?$"
)
_PHOTO = re.compile(r"照片|图片|截图|影像|相片|留影|图像")
_WHEN = re.compile(r"(?:[前内]|为止|之前|以前)$")
_LONGEST, _MOST = 24, 8
_NOT_YET = re.compile(
    r"还没|没有|没(?=[^问题])|未(?!来)|尚|暂|稍后|随后|后补|再补|待|缺|晚点|晚些|明天|明日|后天|下周|下午|回头|过后|等(?=[^级])|马上|正在|抓紧|补报|才能|[吗?]"
)


@dataclass(frozen=True)
class Demand:
    """One piece; `count` is how many of it, `photo` whether pictures are what it is."""

    name: str
    count: int = 1

    @property
    def photo(self) -> bool:
        return bool(_PHOTO.search(self.name))


@dataclass(frozen=True)
class Sent:
    """What one report brought."""

    text: str
    photos: int


def read_demands(text: str) -> tuple[Demand, ...]:
    """The pieces that a directive lists behind 报送： or the like; none where it lists nothing."""
    words = plain_lines(without_list_marks(text).replace(";", "、"))  # ① and its like part the pieces
    lead = _LEAD.search(words)
    if lead is None:
        return ()
    listed = words[lead.end() :]
    stop = _STOP.search(listed)
    listed = listed[: stop.start()] if stop else listed
    if "、" in listed.partition(",")[0]:
        listed = listed.partition(",")[0]  # 、 parts the pieces, so what follows a comma is said about them
    pieces = [_item(piece) for piece in _ITEM_END.split(listed)]
    found = {one.name: one for one in pieces if one.name and not _WHEN.search(one.name)}
    sentence = any(len(name) > _LONGEST for name in found)
    return () if sentence or len(found) > _MOST else tuple(found.values())


def _item(piece: str) -> Demand:
    words = _MARK.sub("", piece).strip(' :"“”')
    count = _COUNT.search(words)
    name = (words[: count.start()] if count else words).strip().removesuffix("各")
    return Demand(name, (read_whole(count["count"]) or 1) if count else 1)


def plain_lines(text: str) -> str:
    """Levelled for reading, line by line."""
    return "\n".join(plain(line) for line in text.split("\n"))


def missing(demands: Sequence[Demand], sent: Iterable[Sent]) -> list[Demand]:
    """What is still to come after these reports; a photo demand says how many are still missing.

    A piece has come when a report names it without saying that it comes later. Pictures count as photos unless the
    report names another piece that they are of.
    """
    photos = 0
    come: set[str] = set()
    for report in sent:
        here = named(demands, report.text)
        come |= {d.name for d in here if not d.photo}
        if not here or any(d.photo for d in here):
            photos += report.photos
    left = [d for d in demands if not d.photo and d.name not in come]
    for demand in demands:
        if demand.photo:
            short = demand.count - photos
            photos = max(photos - demand.count, 0)
            if short > 0:
                left.append(Demand(demand.name, short))
    order = {d.name: place for place, d in enumerate(demands)}
    return sorted(left, key=lambda d: order[d.name])


def named(demands: Sequence[Demand], text: str) -> list[Demand]:
    """The pieces that a report brings by name."""
    clauses = re.split(r"[,。;!\n]|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", plain_lines(without_list_marks(text)))
    said = [c.replace(" ", "") for c in clauses if not _NOT_YET.search(c)]
    pictures = any(_PHOTO.search(c) for c in said)
    return [d for d in demands if (d.photo and pictures) or any(w in c for w in _words(d, demands) for c in said)]


def _words(demand: Demand, demands: Sequence[Demand]) -> list[str]:
    """What people call a piece: 工作总结（盖章版） is 工作总结, or 盖章版 where another 工作总结 is demanded too."""
    whole = demand.name.replace(" ", "")
    base, _, aside = whole.rstrip(")").partition("(")
    shared = sum(d.name.replace(" ", "").partition("(")[0] == base for d in demands) > 1
    words = (whole, base + aside, aside if shared else base)
    return [word for word in (*words, *(w.removesuffix("版") for w in words if len(w) > 2)) if word]


def say(demands: Iterable[Demand]) -> str:
    """盖章版、照片2张."""
    return "、".join(d.name + (f"{d.count}张" if d.photo else "") for d in demands)
