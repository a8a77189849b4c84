"""Is this list of units fit to be the roster? Every fault with its row, column and remedy, or the rows ready for use.

    rows of cells as typed -> tidied -> faults of one cell -> of one row -> between rows -> all rows, or none

WeCom userids: 1 to 64 of letters, digits and `_-@.`, first a letter or digit, compared without case (https://developer.work.weixin.qq.com/document/path/90195).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

COLUMNS = (
    "序号",
    "单位",
    "全称",
    "类别",
    "简称",
    "所在群",
    "联络员",
    "账号",
    "手机",
    "备注",
    "领域",
    "上级",
    "B角",
    "负责人",
)
"""The columns of a roster by their own names, in the order in which the faults of one row are told."""

RESERVED = ("all", "bot")
"""Accounts that would mean something else: `<@all>` mentions a whole group, and `bot` is the bot itself."""

LONGEST = 100

_FREE = ("序号", "手机", "备注")
_BLANK = {"-", "--", "—", "——", "/", "\\", "无", "暂无", "none", "null", "n/a"}
_NOBODY = {
    "待定",
    "未定",
    "待报",
    "待补",
    "待补充",
    "暂缺",
    "空缺",
    "缺",
    "同上",
    "某某",
    "某某某",
    "不详",
    "未知",
    "测试",
} | _BLANK
_SHEET_ERRORS = ("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_\-@.]{0,63}")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_SIGNS = re.compile(r"[\W_]+")
_SEPARATORS = re.compile(r"[\s、,，/;；|｜]+")
_ACTIVE = re.compile(r"[<>@{}`\[\]\\]|://|www\.", re.IGNORECASE)
_LOOSE_SPACE = re.compile(r"(?<![A-Za-z0-9]) +| +(?![A-Za-z0-9])")


@dataclass(frozen=True, kw_only=True)
class RosterRow:
    """One unit and its liaison. `number` is the official order, `line` the row in the file, `account` in lower case."""

    number: int
    line: int
    unit: str
    full: str
    kind: str
    aliases: tuple[str, ...]
    room: str
    liaison: str
    account: str
    mobile: str
    note: str
    sectors: tuple[str, ...]
    parent: str
    stand_in: str
    leader: str


@dataclass(frozen=True)
class _Fault:
    line: int
    column: str
    says: str

    def __str__(self) -> str:
        return f"第{self.line}行「{self.column}」：{self.says}"


class _Line:
    """The tidied cells of one row; a column with a fault reads as empty from then on and is not complained of twice."""

    def __init__(self, line: int, raw: Mapping[str, str]) -> None:
        self.line = line
        self.raw = {column: spaced(raw.get(column) or "") for column in COLUMNS}
        self.bad: set[str] = set()
        self.faults: list[_Fault] = []
        self.room = ""
        self.kind = ""

    def fault(self, column: str, says: str) -> None:
        self.bad.add(column)
        self.faults.append(_Fault(self.line, column, says))

    def cell(self, column: str) -> str:
        text = self.raw[column]
        return "" if column in self.bad or text.lower() in _BLANK else joined(text)

    def words(self, column: str) -> tuple[str, ...]:
        text = "" if column in self.bad or self.raw[column].lower() in _BLANK else self.raw[column]
        return tuple(dict.fromkeys(joined(word) for word in _SEPARATORS.split(text) if word))

    @property
    def where(self) -> str:
        unit = _short(joined(self.raw["单位"]))
        return f"第{self.line}行（{unit}）" if unit else f"第{self.line}行"

    @property
    def account(self) -> str:
        return "" if "账号" in self.bad else _identifier(self.raw["账号"]).lower()


def check_rows(
    rows: list[tuple[int, dict[str, str]]], *, rooms: Mapping[str, str], reserved: Collection[str] = RESERVED
) -> tuple[list[RosterRow], list[str]]:
    """The roster's rows in official order, or no rows and one Chinese sentence per fault: all or nothing.

    `rows` are the file's row numbers with cells by the names in `COLUMNS`; `rooms` says in which room a 类别 sits when
    the row does not say it itself; nobody may have an account in `reserved`.
    """
    lines = [_Line(line, cells) for line, cells in rows]
    if not lines:
        return [], ["名单里一个单位也没有；请在表头下面每行填一个单位"]
    for line in lines:
        _check_cells(line)
        _check_people(line, reserved)
        _check_place(line, rooms)
    _check_repeats(lines)
    _check_names(lines)
    faults = sorted((f for line in lines for f in line.faults), key=lambda f: (f.line, COLUMNS.index(f.column)))
    if faults:
        return [], [str(fault) for fault in faults]
    return sorted(_read(lines), key=lambda row: row.number), []


def spaced(text: str) -> str:
    """One line, single plain spaces, full-width letters and digits made plain, invisible characters gone."""
    return " ".join("".join(_plain(char) for char in unicodedata.normalize("NFC", text)).split())


def joined(text: str) -> str:
    """A name without the spaces that typists stretch it with (「市公　安局」); those between Latin words stay."""
    return unicodedata.normalize("NFC", _LOOSE_SPACE.sub("", spaced(text)))  # marks that a space kept apart meet


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if char.isspace() or category.startswith("Z"):
        return " "
    if category.startswith("C"):
        return ""
    folded = unicodedata.normalize("NFKC", char)
    # Chinese punctuation is left alone: NFKC would turn （） and ： in a unit's name into half width.
    return folded if folded.isalnum() else char


def _identifier(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip().lstrip("'’‘`").strip()
    return "" if plain.lower() in _BLANK else plain


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:20] + "…"


def _check_cells(line: _Line) -> None:
    for column, text in line.raw.items():
        if not text or (column == "序号" and len(text) <= LONGEST):
            continue  # =ROW()-3 is how many number their rows; the order of the rows says the same
        formula = text[0] in "=＝" or (
            column not in _FREE and text[0] in "+-＋" and len(text) > 1 and text not in _BLANK
        )
        if len(text) > LONGEST:
            line.fault(column, f"有{len(text)}个字，最多{LONGEST}个；请缩短")
        elif formula:
            line.fault(column, f"{_short(text)} 是公式；请改为文字（复制后「选择性粘贴－数值」）")
        elif text.upper() in _SHEET_ERRORS:
            line.fault(column, f"{text} 是出错的公式结果；请改为文字")
        elif column in ("账号", "手机") and _SCIENTIFIC.fullmatch(_identifier(text)):
            line.fault(column, f"{_short(text)} 已被表格改成科学计数，丢了位数；请把这一列设为文本后重填")
        elif column not in (*_FREE, "账号") and (found := _ACTIVE.search(unicodedata.normalize("NFKC", text))):
            line.fault(column, f"含有不能用的“{found[0]}”；请删去")


def _check_people(line: _Line, reserved: Collection[str]) -> None:
    unit, account = line.cell("单位"), line.account
    if "单位" not in line.bad:
        if not unit:
            line.fault("单位", "没有填；请填写单位名称")
        elif sum(map(str.isalpha, unit)) < 2:
            line.fault("单位", f"{_short(unit)} 不像单位名称；请填写单位名称")
    if "联络员" not in line.bad:
        _check_liaison(line, joined(line.raw["联络员"]))
    if "账号" in line.bad:
        return
    if not account:
        line.fault("账号", "没有填；请填写联络员的企业微信账号")
    elif not _ACCOUNT.fullmatch(account):
        line.fault("账号", f"{_short(account)} 不是企业微信账号（字母、数字和 _-@. 组成，一行一个）；请改正")
    elif account in {name.lower() for name in reserved}:
        line.fault("账号", f"{account} 是保留的账号；请填写联络员本人的账号")


def _check_liaison(line: _Line, name: str) -> None:
    if not name:
        line.fault("联络员", "没有填；请填写联络员姓名")
    elif len(_SEPARATORS.split(name)) > 1:
        line.fault("联络员", f"{_short(name)} 不止一人；请只留一人，与账号一致")
    elif name in _NOBODY or sum(map(str.isalpha, name)) < 2 or name[0].isdigit() or set(name.lower()) <= {"x", "某"}:
        line.fault("联络员", f"{_short(name)} 不像姓名；请填写联络员姓名")


def _check_place(line: _Line, rooms: Mapping[str, str]) -> None:
    """Which room the unit sits in: the row's own word, else that of its kind. 「县 区」 and 「县（区）」 are 县区."""
    kind, room = line.cell("类别"), line.cell("所在群")
    known = {_SIGNS.sub("", name): name for name in rooms}
    line.kind = known.get(_SIGNS.sub("", kind), kind)
    if room:
        line.room = next((name for name in rooms.values() if joined(name).casefold() == room.casefold()), "")
        if not line.room:
            names = "、".join(dict.fromkeys(rooms.values()))
            line.fault("所在群", f"没有叫“{_short(room)}”的群；请改为其中之一：{names}")
    elif {"类别", "所在群"} & line.bad:
        return
    elif line.kind in rooms:
        line.room = rooms[line.kind]
    else:
        says = f"没有“{_short(kind)}”这一类" if kind else "没有填"
        line.fault("类别", f"{says}；请改为其中之一：{'、'.join(rooms)}，或填写「所在群」")


def _check_repeats(lines: list[_Line]) -> None:
    units: dict[str, _Line] = {}
    accounts: dict[str, _Line] = {}
    for line in lines:
        unit, account = line.cell("单位"), line.account
        if unit and (first := units.setdefault(unit.casefold(), line)) is not line:
            line.fault("单位", f"{_short(unit)} 与第{first.line}行重复；请合并为一行")
        if account and (first := accounts.setdefault(account, line)) is not line:
            line.fault("账号", f"{account} 与{first.where}重复；请改为本单位联络员的账号")


def _check_names(lines: list[_Line]) -> None:
    """No word may name two units. A 单位 outranks a 全称, and that a 简称: the fault stands where the guest is."""
    named = [line for line in lines if line.cell("单位")]
    owners = {line.cell("单位").casefold(): line for line in named}
    for column in ("全称", "简称"):
        words = [(line, line.words(column) if column == "简称" else (line.cell(column),)) for line in named]
        for claimant, name in [(line, name) for line, names in words for name in names if name]:
            owner = owners.setdefault(name.casefold(), claimant)
            if owner is not claimant:
                claimant.fault(column, f"{_short(name)} 与{owner.where}重名；请换一个能分清的")
            elif len(name) < 2:
                claimant.fault(column, f"“{name}”只有一个字，容易认错；请写全，几个简称之间空一格")


def _read(lines: list[_Line]) -> Iterator[RosterRow]:
    numbers = _numbers(lines)
    for number, line in zip(numbers, lines, strict=True):
        unit = line.cell("单位")
        yield RosterRow(
            number=number,
            line=line.line,
            unit=unit,
            full=line.cell("全称") or unit,
            kind=line.kind,
            aliases=tuple(name for name in line.words("简称") if name != unit),
            room=line.room,
            liaison=line.cell("联络员"),
            account=line.account,
            mobile=_identifier(line.raw["手机"]),
            note="" if line.raw["备注"].lower() in _BLANK else line.raw["备注"],
            sectors=line.words("领域"),
            parent=line.cell("上级"),
            stand_in=line.cell("B角"),
            leader=line.cell("负责人"),
        )


def _numbers(lines: list[_Line]) -> list[int]:
    """The official order as typed if every row has its own number, else the order of the rows."""
    typed = [_identifier(line.raw["序号"]).rstrip(".、 ") for line in lines]
    if all(text.isdecimal() and len(text) <= 6 for text in typed) and len(set(map(int, typed))) == len(typed):
        return [int(text) for text in typed]
    return list(range(1, len(lines) + 1))
