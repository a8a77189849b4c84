"""Which elements of a first report are missing: when, where, what, casualties, measures."""

import re

ELEMENTS = {
    "时间": re.compile(
        r"\d{1,2}\s*[时点:：]|\d{1,2}[日号]|今[天日早晚]|昨[天日晚]|凌晨|上午|中午|下午|晚上|刚才|刚刚|目前"
    ),
    "地点": re.compile(r"[路街道镇乡村区县市厂矿桥站楼院校园库河湖坝口店场馆]|小区|公司|工地|大厦|高速|国道|省道"),
    "伤亡": re.compile(r"伤|亡|死|失联|被困|无人员|没有人员"),
    "处置": re.compile(r"已报|已到|到场|处置|救援|疏散|扑救|抢修|封闭|送医|撤离|赶赴|119|110|120|正在"),
}


def lacking(text: str) -> list[str]:
    """Names of the elements that the words do not mention, in the order in which they are asked."""
    return [name for name, pattern in ELEMENTS.items() if not pattern.search(text)]
