"""From the roster as an office keeps it (.xlsx or .csv) to plain cells by column name, with the file's own row numbers.

    file -> sheets of text -> the header row under its titles -> rows below it, without blanks, notes and totals

Nothing here judges what a cell says: that is `models.rules.rosters`. A formula is read as text that begins with `=`.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from models.rules.rosters import COLUMNS, joined, spaced

if TYPE_CHECKING:  # openpyxl takes a fifth of a second to import; only a workbook needs it
    from openpyxl.worksheet.worksheet import Worksheet

MOST_ROWS = 5_000
MOST_BYTES = 10 << 20
MOST_UNPACKED = 40 << 20
MOST_CELLS = 300_000
MOST_COLUMNS = 60
MOST_LINES = 20_000
"""Rows of the sheet that are looked at, blank ones and all."""

_REQUIRED = ("单位", "联络员", "账号")
_SYNONYMS = {
    "序号": "编号 排序 顺序 顺序号 号 no no.",
    "单位": "单位名称 成员单位 成员单位名称 部门 部门名称 单位部门 责任单位 填报单位",
    "全称": "单位全称 规范名称 正式名称 机构名称 机构全称 全名",
    "类别": "单位类别 类型 单位类型 分类 性质 单位性质",
    "简称": "单位简称 别名 别称 常用名 俗称 又称 规范简称",
    "所在群": "群 群名 群名称 工作群 所属群 所在工作群 所属工作群 群聊",
    "联络员": "姓名 联系人 联络人 信息员 联系人姓名 联络人姓名",
    "账号": "帐号 企业微信账号 企业微信帐号 企业微信 企微账号 企微帐号 企微 企业微信id 用户id 成员账号 userid user_id",
    "手机": "手机号 手机号码 联系电话 电话 电话号码 联系方式 移动电话 办公电话",
    "备注": "说明 备考",
    "领域": "行业领域 所属领域 分管领域 行业",
    "上级": "上级单位 主管单位 主管部门 隶属 隶属单位",
    "B角": "b角 b岗 备岗 替补 b角姓名",
    "负责人": "分管领导 分管负责人 负责人姓名 主要负责人",
}
_COLUMN_OF = {word: column for column, words in _SYNONYMS.items() for word in words.split()}
_REMARK = re.compile(
    r"(备注|注|说明|填表说明|填报说明|附注)[:：\d]|(合计|总计|共计|小计)([:：\d共].*)?$"
    r"|(制表|填表|填报|审核|审批|经办|联系)(人|单位|时间|日期|电话)?[:：]"
)
"""How a line below the list begins that is no unit, with its spaces taken out."""


class RosterError(Exception):
    """The file cannot be read as a roster at all; `faults` are Chinese sentences, one a line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class _Sheet:
    name: str
    rows: list[list[str]]
    wide: frozenset[int] = frozenset()
    """Line numbers with cells merged across columns: titles and notes."""


@dataclass(frozen=True)
class _Header:
    line: int
    """Number of its last row: the data begins below it."""
    columns: dict[str, int]
    problem: str = ""


def read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Row numbers as the spreadsheet shows them, and each row's cells by name; raises `RosterError`."""
    data = _content(path)
    sheets = [_comma_separated(data)] if path.suffix.lower() == ".csv" else _workbook(data)
    found = [(sheet, header) for sheet in sheets if (header := _find_header(sheet.rows))]
    if not found:
        raise RosterError(["没有找到表头；请让一行写明列名，至少有：单位、联络员、账号"])
    if len(found) > 1:
        names = "、".join(f"“{sheet.name}”" for sheet, _ in found)
        raise RosterError([f"有{len(found)}张工作表都像名单：{names}；请合并为一张"])
    sheet, header = found[0]
    _refuse_bad_header(header)
    rows = list(_data_rows(sheet, header))
    if len(rows) > MOST_ROWS:
        raise RosterError([f"名单有{len(rows)}行，最多{MOST_ROWS}行；请核对是不是选错了文件"])
    return rows


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise RosterError([f"{path.name} 是文件夹，不是文件；请选择 .xlsx 或 .csv 文件"])
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise RosterError([f"找不到文件 {path}；请核对路径"]) from None
    except (OSError, ValueError):
        raise RosterError([f"打不开文件 {path}；请核对路径和权限"]) from None
    if not data:
        raise RosterError([f"{path.name} 是空文件；请重新保存名单"])
    if len(data) > MOST_BYTES:
        raise RosterError([f"{path.name} 超过{MOST_BYTES >> 20}MB，不像名单；请把名单复制到新表再保存"])
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise RosterError([f"{path.name} 设了打开密码；请取消密码后再导入"])
        raise RosterError([f"{path.name} 是旧版 Excel 文件；请另存为 .xlsx 再导入"])
    suffix, packed = path.suffix.lower(), data.startswith(b"PK\x03\x04")
    if suffix not in (".xlsx", ".xlsm", ".csv"):
        raise RosterError([f"{path.name} 不是 .xlsx 或 .csv 文件；请另存为其中一种再导入"])
    if packed != (suffix != ".csv"):
        raise RosterError([f"{path.name} 的内容不是 {suffix} 文件；请用表格软件打开，另存为 .xlsx 再导入"])
    return data


def _comma_separated(data: bytes) -> _Sheet:
    """Excel writes 「CSV UTF-8」 with a mark, plain 「CSV」 in GB 18030, and 「Unicode 文本」 as UTF-16 with tabs."""
    codecs = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for codec in codecs:
        try:
            text = data.decode(codec)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise RosterError(["认不出文件的文字编码；请另存为 .xlsx 或「CSV UTF-8」再导入"])
    rows: list[list[str]] = []
    for delimiter in (",", "\t", ";"):
        try:
            rows = [row[:MOST_COLUMNS] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
        except csv.Error:
            raise RosterError(["文件不是完整的 CSV；请用表格软件重新保存为 .xlsx 再导入"]) from None
        if _find_header(rows):
            break
    if len(rows) > MOST_LINES:
        raise RosterError([f"表格有{len(rows)}行，最多看{MOST_LINES}行；请把名单复制到新表再保存"])
    return _Sheet("", rows)


def _workbook(data: bytes) -> list[_Sheet]:
    from openpyxl import load_workbook

    _refuse_bomb(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of every extension it does not know
            book = load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
        sheets = [_sheet(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except RosterError:
        raise
    except Exception:  # openpyxl lets a dozen kinds escape from a damaged file
        raise RosterError(["文件已损坏，打不开；请用表格软件打开，另存为新的 .xlsx 再导入"]) from None
    return sheets


def _refuse_bomb(data: bytes) -> None:
    """Counts before openpyxl builds an object per cell: a small file can unpack to gigabytes."""
    damaged = RosterError(["文件已损坏，打不开；请用表格软件打开，另存为新的 .xlsx 再导入"])
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise RosterError(["文件设了密码；请取消密码后再导入"])
            if len(parts) > 2_000 or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise RosterError([f"文件解开后超过{MOST_UNPACKED >> 20}MB，不像名单；请把名单复制到新表再保存"])
            texts = [archive.read(part) for part in parts if part.filename.endswith((".xml", ".rels"))]
    except RosterError:
        raise
    except Exception:  # zipfile lets BadZipFile, zlib.error, OSError, NotImplementedError and more escape
        raise damaged from None
    if any(b"<!DOCTYPE" in text or b"<!ENTITY" in text for text in texts):
        raise damaged
    if sum(len(re.findall(rb"<(?:\w+:)?c[ />]", text)) for text in texts) > MOST_CELLS:
        raise RosterError([f"表格里超过{MOST_CELLS}个格子，多半是整列设了格式；请把名单复制到新表再保存"])


def _sheet(sheet: "Worksheet") -> _Sheet:
    if sheet.max_row > MOST_LINES:  # walking a sheet makes a cell for every place up to the last
        raise RosterError([f"工作表“{sheet.title}”有{sheet.max_row}行，最多看{MOST_LINES}行；请把名单复制到新表再保存"])
    across = min(sheet.max_column, MOST_COLUMNS)
    rows = [[_text(value) for value in row] for row in sheet.iter_rows(max_col=across, values_only=True)]
    wide: set[int] = set()
    for merged in sheet.merged_cells.ranges:
        top, left = merged.min_row, merged.min_col
        if merged.max_col > left:
            wide.update(range(top, min(merged.max_row, len(rows)) + 1))
        for line in range(top + 1, min(merged.max_row, len(rows)) + 1) if left <= across else ():
            rows[line - 1][left - 1] = rows[top - 1][left - 1]
    return _Sheet(sheet.title, rows, frozenset(wide))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case object(ref=_):  # openpyxl's ArrayFormula and DataTableFormula
            return "=" + str(getattr(value, "text", None) or "").lstrip("=")
        case float() if value.is_integer():
            return str(int(value))  # 13800000000.0 is a telephone number
        case datetime() | date():
            return value.isoformat()[:10]
        case _:
            return str(value).replace("_x000D_", " ")


def _find_header(rows: list[list[str]]) -> _Header | None:
    """The first row with two column names; a row beneath may name what a merged cell holds (联络员: 姓名, 账号)."""
    for line, row in enumerate(rows[:30], 1):
        header = _columns(line, row)
        if len(header.columns) < 2:
            continue
        if any(column not in header.columns for column in _REQUIRED) and line < len(rows):
            below = rows[line]
            if len(_columns(line, below).columns) >= 2:
                width = max(len(row), len(below))
                pairs = zip(row + [""] * (width - len(row)), below + [""] * (width - len(below)), strict=True)
                return _columns(line + 1, [lower.strip() or upper for upper, lower in pairs])
        return header
    return None


def _columns(line: int, row: list[str]) -> _Header:
    own: dict[str, list[int]] = {}
    synonyms: dict[str, list[int]] = {}
    for index, text in enumerate(row):
        word = _column_word(text)
        if word in COLUMNS:
            own.setdefault(word, []).append(index)
        elif column := _COLUMN_OF.get(word.lower()):
            synonyms.setdefault(column, []).append(index)
    places = synonyms | own
    twice = [column for column in _REQUIRED if len(places.get(column, ())) > 1]
    problem = f"第{line}行表头有几列都像「{twice[0]}」；请只留一列" if twice else ""
    return _Header(line, {column: indexes[0] for column, indexes in places.items()}, problem)


def _column_word(text: str) -> str:
    """「手　机（必填）*：」 is 手机; 「联络员手机」 as well."""
    word = re.sub(r"[(（\[【].*?[)）\]】]|[*＊:：\s]", "", joined(text))
    return word.removeprefix("联络员") or word


def _refuse_bad_header(header: _Header) -> None:
    missing = [f"「{column}」" for column in _REQUIRED if column not in header.columns]
    if not missing and "类别" not in header.columns and "所在群" not in header.columns:
        missing = ["「类别」或「所在群」"]
    if header.problem or missing:
        raise RosterError([header.problem or f"第{header.line}行表头缺少{'、'.join(missing)}；请补上这一列"])


def _data_rows(sheet: _Sheet, header: _Header) -> Iterator[tuple[int, dict[str, str]]]:
    for line, row in enumerate(sheet.rows[header.line :], header.line + 1):
        cells = {column: row[index] if index < len(row) else "" for column, index in header.columns.items()}
        told = [column for column, text in cells.items() if spaced(text)]
        if not told or told == ["序号"] or _is_remark(row, cells, line in sheet.wide) or _is_header_again(cells):
            continue
        yield line, cells


def _is_remark(row: list[str], cells: dict[str, str], merged: bool) -> bool:
    filled = [text for text in map(joined, row) if text]
    if _REMARK.match(filled[0]):
        return True
    return merged and len(filled) == 1 and not joined(cells["账号"]) and not joined(cells["联络员"])


def _is_header_again(cells: dict[str, str]) -> bool:
    """Long lists repeat their header on each printed page."""
    words = {column: _column_word(text) for column, text in cells.items() if column in _REQUIRED}
    return all(word == column or _COLUMN_OF.get(word.lower()) == column for column, word in words.items())
