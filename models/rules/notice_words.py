"""What the words of a notice say about itself: its kind, whether it asks for pictures, whether 1 is an answer."""

import re

KINDS = ("知照", "签收", "回复", "报数", "交件")
LEADING_KIND = re.compile(
    r"^[（(【\[]?(知照|签收|回复|报数|交件)[）)】\]]?\s*[:：，,]?\s+|^[（(【\[](知照|签收|回复|报数|交件)[）)】\]]\s*|"
    r"^(知照|签收|回复|报数|交件)[:：]\s*"
)
NO_ANSWER = re.compile(r"无需(?:回复|反馈|签收)|不用(?:回复|签收|回)|不必(?:回复|签收)|仅供知悉|知悉即可|请知悉即可")
PICTURES = re.compile(r"截图|照片|图片|拍照|附图|留影|影像")
FIGURES = re.compile(r"(?:上报|报送|统计|填报|报)[^。；;，,]{0,14}(?:数量|数据|人数|次数|件数|份数|数(?!字化|码|学))")
# So many leads from each: what makes people invent them.
_EACH = r"(?:每个?|各|人均|户均)"
_AT_LEAST = r"(?:不少于|不低于|至少|最少|须达|要达到|达到|完成|确保|力争)"
LEAD_TARGET = re.compile(
    rf"线索[^。；;]{{0,12}}{_AT_LEAST}[^。；;]{{0,6}}[\d一二两三四五六七八九十百]+\s*[条件个]|{_AT_LEAST}[^。；;]{{0,8}}[\d一二两三四五六七八九十百]+\s*[条件个][^。；;，,]{{0,6}}线索"
    rf"|{_EACH}[^。；;]{{0,12}}[\d一二两三四五六七八九十百]+\s*[条件个](?:以上)?[^。；;，,]{{0,6}}线索|线索(?:摸排|上报|报送|排查|收集)?(?:指标|任务数|目标数|排名|考核指标)"
)
REASON = re.compile(r"因为|由于|理由|用于|以便|为了|作为.{0,6}(?:依据|凭证|佐证)")


def split_kind(text: str) -> tuple[str | None, str]:
    """`报数 各单位…` → (`报数`, `各单位…`); the kind must stand apart from the words that follow."""
    match = LEADING_KIND.match(text)
    if match is None:
        return None, text
    return next(filter(None, match.groups())), text[match.end() :]


def kind_of(text: str) -> str:
    """The lightest kind that fits (R4): 知照 where the words want no answer, else 签收."""
    return "知照" if NO_ANSWER.search(text) else "签收"


def asks_pictures_without_reason(text: str) -> bool:
    """R7: a photo or screenshot is asked for with a stated reason, or not at all."""
    return bool(PICTURES.search(text)) and not REASON.search(text)


def asks_figures(text: str) -> bool:
    """Whether the words ask for numbers, so that 报数 may be the kind that fits."""
    return bool(FIGURES.search(text))


def sets_lead_target(text: str) -> bool:
    """R10: lead totals only, never a target for a unit."""
    return bool(LEAD_TARGET.search(text))


def title(text: str, limit: int = 18) -> str:
    """The notice in a few words, for a list."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
