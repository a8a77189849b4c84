import io
import zipfile
from datetime import date
from importlib.resources import files
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from bot.roster_file import RosterError, read_rows
from models.rules.rosters import check_rows

SAMPLES = Path(__file__).parents[1] / "sample"
ROOMS = {"成员单位": "成员单位群", "县区": "县区群"}
HEADER = ["序号", "单位", "类别", "联络员", "账号"]
WATER = [1, "市水利局", "成员单位", "张三", "u018"]
COUNTY = [2, "寿县", "县区", "李四", "u032"]


@pytest.fixture
def sheet(tmp_path):
    """Write rows as a workbook; `merge` are cell ranges; gives the path."""

    def write(*rows, merge=(), name="名单.xlsx", more=()):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        for cells in merge:
            book.active.merge_cells(cells)
        for title, extra in more:
            page = book.create_sheet(title)
            for row in extra:
                page.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def table(tmp_path):
    def write(content, name="名单.csv"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / name

    return write


def units(path):
    return [(line, cells["单位"]) for line, cells in read_rows(path)]


def refusal(path):
    with pytest.raises(RosterError) as caught:
        read_rows(path)
    (fault,) = caught.value.faults
    assert "；" in fault and len(fault.splitlines()) == 1
    return fault


@pytest.mark.parametrize("name", ["roster.xlsx", "roster.csv"])
def test_the_sample_rosters_give_41_units(name):
    rows, faults = check_rows(read_rows(SAMPLES / name), rooms=ROOMS)
    assert faults == []
    assert [row.account for row in rows] == [f"u{n:03}" for n in range(1, 42)]
    assert rows[6].unit == "市公安局" and rows[31].full == "寿县扫黑办" and rows[31].room == "县区群"


def test_both_sample_rosters_say_the_same_but_for_what_only_one_tells():
    one, two = (check_rows(read_rows(SAMPLES / name), rooms=ROOMS)[0] for name in ("roster.xlsx", "roster.csv"))
    for left, right in zip(one, two, strict=True):
        for field in ("number", "unit", "full", "kind", "room", "liaison", "account", "mobile"):
            assert getattr(left, field) == getattr(right, field)


def test_the_sample_with_errors_is_refused_with_one_line_per_fault():
    rows, faults = check_rows(read_rows(SAMPLES / "roster-with-errors.xlsx"), rooms=ROOMS)
    assert rows == []
    assert [fault.split("；")[0] for fault in faults] == [
        "第3行「单位」：市公安局 与第2行重复",
        "第4行「账号」：没有填",
        "第5行「账号」：u007 与第2行（市公安局）重复",
        "第6行「单位」：没有填",
        "第6行「联络员」：？ 不像姓名",
        "第7行「单位」：=1+1 是公式",
        "第8行「类别」：没有“外单位”这一类",
    ]


def test_the_sample_that_ships_is_the_tested_one():
    assert (files("bot") / "sample" / "roster.csv").read_bytes() == (SAMPLES / "roster.csv").read_bytes()


def test_titles_blank_rows_notes_totals_and_repeated_headers_are_no_units(sheet):
    path = sheet(
        ["联络员名单"],
        ["填报单位：市扫黑办"],
        [],
        HEADER,
        ["一、成员单位（1个）"],
        WATER,
        [],
        ["序 号", "单 位", "类 别", "联络员", "账 号"],
        COUNTY,
        [3],
        ["合 计", "2个单位"],
        ["注：如有变动请及时报"],
        ["填表人：王五", None, None, None, "2026年11月"],
        merge=["A1:E1", "A2:E2", "A5:E5", "A12:E12"],
    )
    assert units(path) == [(6, "市水利局"), (9, "寿县")]


@pytest.mark.parametrize("name", ["合计水务局", "审计局", "联系办", "注册局", "备注"])
def test_units_that_begin_like_a_note_are_kept(sheet, name):
    assert units(sheet(HEADER, [None, name, "县区", "李四", "u032"], WATER)) == [(2, name), (3, "市水利局")]


@pytest.mark.parametrize(
    "header",
    [
        ["序 号", "单 位", "类　别", "联 络 员", "账　号"],
        ["编号", "单位名称", "单位类别", "姓名", "企业微信账号"],
        ["No.", "成员单位", "类型", "联系人", "UserID"],
        ["序号*", "单位（规范简称）", "类别（必填）", "联络员姓名：", "企业微信帐号\n（必填）"],
        ["", "部门", "性质", "联络员", "联络员企业微信账号"],
    ],
)
def test_headers_are_known_by_their_many_names(sheet, header):
    assert read_rows(sheet(header, WATER))[0][1]["账号"] == "u018"
    assert units(sheet(header, WATER)) == [(2, "市水利局")]


def test_the_own_name_of_a_column_outranks_a_synonym(sheet):
    path = sheet([*HEADER, "部门", "手机", "办公电话"], [*WATER, "河湖处", 13800000000.0, "6666666"])
    assert read_rows(path)[0][1] | {"序号": ""} == {
        "序号": "",
        "单位": "市水利局",
        "类别": "成员单位",
        "联络员": "张三",
        "账号": "u018",
        "手机": "13800000000",
    }


def test_a_header_of_two_rows_is_read_as_one(sheet):
    path = sheet(
        ["序号", "单位", "类别", "联络员", None, None],
        [None, None, None, "姓名", "手机", "企业微信账号"],
        [1, "市水利局", "成员单位", "张三", 13800000000, "u018"],
        merge=["A1:A2", "B1:B2", "C1:C2", "D1:F1"],
    )
    ((line, cells),) = read_rows(path)
    assert (line, cells["联络员"], cells["账号"], cells["手机"]) == (3, "张三", "u018", "13800000000")


def test_a_cell_merged_downwards_holds_for_each_of_its_rows(sheet):
    path = sheet(HEADER, WATER, [2, "市商务局", None, "李四", "u020"], merge=["C2:C3"])
    assert [cells["类别"] for _, cells in read_rows(path)] == ["成员单位", "成员单位"]


def test_what_is_not_text_becomes_the_text_that_one_sees(sheet):
    path = sheet(
        [*HEADER, "手机", "备注"], [1.0, "市水利局", "成员单位", "张三", 18, 13800000000.0, date(2026, 11, 18)]
    )
    cells = read_rows(path)[0][1]
    assert (cells["序号"], cells["账号"], cells["手机"], cells["备注"]) == ("1", "18", "13800000000", "2026-11-18")


def test_formulas_stay_visible_as_formulas(sheet, tmp_path):
    book = openpyxl.load_workbook(sheet(HEADER, WATER))
    book.active["B2"] = "=VLOOKUP(A2,X:Y,2,0)"
    book.active["D2"] = ArrayFormula("D2", "=A1:A2")
    book.save(tmp_path / "f.xlsx")
    cells = read_rows(tmp_path / "f.xlsx")[0][1]
    assert (cells["单位"], cells["联络员"]) == ("=VLOOKUP(A2,X:Y,2,0)", "=A1:A2")


def test_a_second_empty_sheet_does_not_matter_and_a_second_list_is_asked_about(sheet):
    assert units(sheet(HEADER, WATER, more=[("Sheet2", []), ("说明", [["请认真填写"]])])) == [(2, "市水利局")]
    fault = refusal(sheet(HEADER, WATER, more=[("县区", [HEADER, COUNTY])]))
    assert fault == "有2张工作表都像名单：“Sheet”、“县区”；请合并为一张"


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("utf-16", "\t"), ("gbk", ";")]
)
def test_csv_is_read_in_every_form_that_spreadsheets_save(table, encoding, separator):
    rows = [
        ["名单"],
        HEADER,
        [],
        ["1", "市水利局", "成员单位", '"张\n三"', "u018"],
        ["2", "寿县", "县区", "李四", "u032"],
    ]
    path = table("\r\n".join(separator.join(row) for row in rows).encode(encoding))
    assert units(path) == [(4, "市水利局"), (5, "寿县")]


def test_rows_shorter_or_longer_than_the_header_are_read(table):
    path = table("单位,类别,联络员,账号,备注\n市水利局,成员单位,张三\n寿县,县区,李四,u032,,,,\n")
    assert [cells["账号"] for _, cells in read_rows(path)] == ["", "u032"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["甲", "乙"], WATER], "没有找到表头；请让一行写明列名，至少有：单位、联络员、账号"),
        ([], "没有找到表头；请让一行写明列名，至少有：单位、联络员、账号"),
        ([["单位", "类别", "联络员"], WATER], "第1行表头缺少「账号」；请补上这一列"),
        ([["序号", "类别"], WATER], "第1行表头缺少「单位」、「联络员」、「账号」；请补上这一列"),
        ([["单位", "联络员", "账号"], WATER], "第1行表头缺少「类别」或「所在群」；请补上这一列"),
        ([["单位", "单 位", "联络员", "账号", "类别"], WATER], "第1行表头有几列都像「单位」；请只留一列"),
        ([["单位", "类别", "姓名", "联系人", "账号"], WATER], "第1行表头有几列都像「联络员」；请只留一列"),
    ],
)
def test_a_header_that_cannot_serve_is_refused_with_the_remedy(sheet, rows, says):
    assert refusal(sheet(*rows)) == says


def zipped(**parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", data)
    return content.getvalue()


def old_excel(stream):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + stream.encode("utf-16-le") + bytes(512)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.xlsx", b"", "空文件"),
        ("a.csv", b"", "空文件"),
        ("a.pdf", b"%PDF-1.7 ...", "不是 .xlsx 或 .csv"),
        ("a.docx", zipped(word="x"), "不是 .xlsx 或 .csv"),
        ("a.xlsx", b"%PDF-1.7 ...", "内容不是 .xlsx"),
        ("a.xlsx", b"<html><table></table></html>", "内容不是 .xlsx"),
        ("a.csv", zipped(x="y"), "内容不是 .csv"),
        ("a.xlsx", zipped(x="y"), "已损坏"),
        ("a.xlsx", b"PK\x03\x04" + bytes(100), "已损坏"),
        ("a.xlsx", old_excel("EncryptedPackage"), "打开密码"),
        ("a.xls", old_excel("Workbook"), "旧版 Excel"),
        ("a.xlsx", old_excel("Workbook"), "旧版 Excel"),
        ("a.xlsx", zipped(bomb=bytes(41 << 20)), "解开后超过40MB"),
        ("a.xlsx", zipped(xl__worksheets__sheet1=b"<c/>" * 300_001), "超过300000个格子"),
        ("a.xlsx", zipped(xl__workbook='<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "已损坏"),
        ("a.csv", b"\x00\x01\xff\xfe" * 50, "编码"),
        ("a.csv", b'\xef\xbb\xbf"' + b"x" * 200_000, "不是完整的 CSV"),
        ("a.csv", b"x\n" * 20_001, "20001行"),
        ("a.csv", b"x" * ((10 << 20) + 1), "超过10MB"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_in_one_sentence(table, name, content, word):
    assert word in refusal(table(content, name))


def test_missing_files_and_folders_are_refused_in_one_sentence(tmp_path):
    assert "找不到文件" in refusal(tmp_path / "无.xlsx")
    assert "是文件夹" in refusal(tmp_path)


def test_a_truncated_workbook_is_refused(table):
    whole = (SAMPLES / "roster.xlsx").read_bytes()
    for part in (0.3, 0.6, 0.9):
        assert "已损坏" in refusal(table(whole[: int(len(whole) * part)], "a.xlsx"))


def test_more_rows_than_any_office_has_are_refused(table):
    lines = "\n".join(f"单位{n},县区,张三,u{n}" for n in range(5_001))
    assert "最多5000行" in refusal(table("单位,类别,联络员,账号\n" + lines))


def test_a_lone_cell_far_below_does_not_cost_a_million_rows(sheet, tmp_path):
    book = openpyxl.load_workbook(sheet(HEADER, WATER))
    book.active["A1048576"] = "完"
    book.save(tmp_path / "far.xlsx")
    assert "1048576行" in refusal(tmp_path / "far.xlsx")


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 6000))
def test_damaged_files_never_raise_anything_else(tmp_path_factory, junk, at):
    whole = (SAMPLES / "roster.xlsx").read_bytes()
    folder = tmp_path_factory.mktemp("damaged")
    for name, content in [("a.xlsx", whole[:at] + junk + whole[at + len(junk) :]), ("b.csv", junk)]:
        (folder / name).write_bytes(content)
        try:
            rows = read_rows(folder / name)
        except RosterError as error:
            assert error.faults
        else:
            check_rows(rows, rooms=ROOMS)
