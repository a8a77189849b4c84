import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.rules.rosters import COLUMNS, check_rows, joined, spaced

ROOMS = {"成员单位": "成员单位群", "县区": "县区群"}
GOOD = {"单位": "市水利局", "类别": "成员单位", "联络员": "张三", "账号": "u018"}
OTHER = {"单位": "寿县", "类别": "县区", "联络员": "李四", "账号": "u032"}


def check(*rows, **options):
    return check_rows([(line, row) for line, row in enumerate(rows, 2)], rooms=ROOMS, **options)


def faults_of(**cells):
    read, faults = check(GOOD | cells)
    assert not (read and faults)
    return faults


def row_of(**cells):
    (row,), faults = check(GOOD | cells)
    assert faults == []
    return row


def test_a_plain_row_is_read_with_what_it_leaves_out_filled_in():
    row = row_of()
    assert (row.number, row.line, row.unit, row.full, row.kind) == (1, 2, "市水利局", "市水利局", "成员单位")
    assert (row.aliases, row.room, row.liaison, row.account, row.mobile) == ((), "成员单位群", "张三", "u018", "")


@pytest.mark.parametrize(
    ("column", "typed", "field", "read"),
    [
        ("单位", "市公　安局", "unit", "市公安局"),
        ("单位", " 市 水 利 局 ", "unit", "市水利局"),
        ("单位", "市公安局\n（刑侦支队）", "unit", "市公安局（刑侦支队）"),
        ("单位", "\u200b市水利局\ufeff", "unit", "市水利局"),
        ("单位", "⽔利局", "unit", "水利局"),
        ("单位", "ＡＢＣ集团", "unit", "ABC集团"),
        ("单位", "Water  Board", "unit", "Water Board"),
        ("全称", "市水利局（市河长办）", "full", "市水利局（市河长办）"),
        ("全称", "—", "full", "市水利局"),
        ("类别", "县 区", "kind", "县区"),
        ("类别", "县（区）", "kind", "县区"),
        ("类别", "县、区", "kind", "县区"),
        ("类别", "县 区", "room", "县区群"),
        ("所在群", "县区群", "room", "县区群"),
        ("所在群", "县 区 群", "room", "县区群"),
        ("所在群", "无", "room", "成员单位群"),
        ("账号", " U018 ", "account", "u018"),
        ("账号", "ｕ０１８", "account", "u018"),
        ("账号", "'13800000000", "account", "13800000000"),
        ("账号", "u018\u3000", "account", "u018"),
        ("账号", "zhang.san_1@x-y", "account", "zhang.san_1@x-y"),
        ("手机", "１３８０００００００１", "mobile", "13800000001"),
        ("手机", "0554-6666666转802", "mobile", "0554-6666666转802"),
        ("手机", "+86 13800000001", "mobile", "+86 13800000001"),
        ("手机", "无", "mobile", ""),
        ("联络员", "张　三", "liaison", "张三"),
        ("联络员", "阿卜杜拉·买买提", "liaison", "阿卜杜拉·买买提"),
        ("联络员", "市水利局联络员", "liaison", "市水利局联络员"),
        ("简称", "水利 水务局", "aliases", ("水利", "水务局")),
        ("简称", "水利、水务局，河长办/河湖处", "aliases", ("水利", "水务局", "河长办", "河湖处")),
        ("简称", "水利,水利 市水利局", "aliases", ("水利",)),
        ("简称", "/", "aliases", ()),
        ("领域", "河道、采砂", "sectors", ("河道", "采砂")),
        ("备注", "+1 名副职 <见附件>", "note", "+1 名副职 <见附件>"),
        ("备注", "——", "note", ""),
        ("B角", "王　五", "stand_in", "王五"),
        ("上级", "市政府", "parent", "市政府"),
        ("序号", "=ROW()-3", "number", 1),
        ("序号", "７", "number", 7),
        ("序号", "7、", "number", 7),
    ],
)
def test_cells_are_read_as_meant(column, typed, field, read):
    assert getattr(row_of(**{column: typed}), field) == read


@pytest.mark.parametrize(
    ("column", "typed", "says"),
    [
        ("单位", "", "没有填；请填写单位名称"),
        ("单位", "　", "没有填；请填写单位名称"),
        ("单位", "无", "没有填；请填写单位名称"),
        ("单位", "？？", "？？ 不像单位名称；请填写单位名称"),
        ("单位", "12", "12 不像单位名称；请填写单位名称"),
        ("单位", "=1+1", "=1+1 是公式；请改为文字（复制后「选择性粘贴－数值」）"),
        ("单位", "＝A1", "＝A1 是公式；请改为文字（复制后「选择性粘贴－数值」）"),
        ("单位", "+cmd|' /C calc'!A0", "+cmd|' /C calc'!A0 是公式；请改为文字（复制后「选择性粘贴－数值」）"),
        ("单位", "#REF!", "#REF! 是出错的公式结果；请改为文字"),
        ("单位", "<@all>", "含有不能用的“<”；请删去"),
        ("单位", "＠所有人", "含有不能用的“@”；请删去"),
        ("单位", "{{7*7}}", "含有不能用的“{”；请删去"),
        ("全称", "见 http://例.cn", "含有不能用的“://”；请删去"),
        ("简称", "@所有人", "含有不能用的“@”；请删去"),
        ("单位", "市" * 101, "有101个字，最多100个；请缩短"),
        ("备注", "很长" * 51, "有102个字，最多100个；请缩短"),
        ("备注", "=HYPERLINK(1)", "=HYPERLINK(1) 是公式；请改为文字（复制后「选择性粘贴－数值」）"),
        ("账号", "", "没有填；请填写联络员的企业微信账号"),
        ("账号", "无", "没有填；请填写联络员的企业微信账号"),
        ("账号", "张三", "张三 不是企业微信账号（字母、数字和 _-@. 组成，一行一个）；请改正"),
        ("账号", "u1 u2", "u1 u2 不是企业微信账号（字母、数字和 _-@. 组成，一行一个）；请改正"),
        ("账号", "u1、u2", "u1、u2 不是企业微信账号（字母、数字和 _-@. 组成，一行一个）；请改正"),
        ("账号", "@all", "@all 不是企业微信账号（字母、数字和 _-@. 组成，一行一个）；请改正"),
        ("账号", "All", "all 是保留的账号；请填写联络员本人的账号"),
        ("账号", "bot", "bot 是保留的账号；请填写联络员本人的账号"),
        ("账号", "1.38E+10", "1.38E+10 已被表格改成科学计数，丢了位数；请把这一列设为文本后重填"),
        ("手机", "1.38e10", "1.38e10 已被表格改成科学计数，丢了位数；请把这一列设为文本后重填"),
        ("联络员", "", "没有填；请填写联络员姓名"),
        ("联络员", "？", "？ 不像姓名；请填写联络员姓名"),
        ("联络员", "?", "? 不像姓名；请填写联络员姓名"),
        ("联络员", "待定", "待定 不像姓名；请填写联络员姓名"),
        ("联络员", "无", "无 不像姓名；请填写联络员姓名"),
        ("联络员", "—", "— 不像姓名；请填写联络员姓名"),
        ("联络员", "同上", "同上 不像姓名；请填写联络员姓名"),
        ("联络员", "XXX", "XXX 不像姓名；请填写联络员姓名"),
        ("联络员", "某某某", "某某某 不像姓名；请填写联络员姓名"),
        ("联络员", "王", "王 不像姓名；请填写联络员姓名"),
        ("联络员", "13800000000", "13800000000 不像姓名；请填写联络员姓名"),
        ("联络员", "张三、李四", "张三、李四 不止一人；请只留一人，与账号一致"),
        ("类别", "外单位", "没有“外单位”这一类；请改为其中之一：成员单位、县区，或填写「所在群」"),
        ("类别", "", "没有填；请改为其中之一：成员单位、县区，或填写「所在群」"),
        ("所在群", "工作群", "没有叫“工作群”的群；请改为其中之一：成员单位群、县区群"),
        ("简称", "水 利", "“水”只有一个字，容易认错；请写全，几个简称之间空一格"),
    ],
)
def test_a_fault_names_row_column_and_remedy(column, typed, says):
    assert faults_of(**{column: typed})[0] == f"第2行「{column}」：{says}"
    assert len(faults_of(**{column: typed})) == (2 if typed == "水 利" else 1)


def test_an_unknown_kind_may_stand_where_the_room_is_named():
    assert row_of(类别="中央驻市单位", 所在群="成员单位群").kind == "中央驻市单位"


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ({"单位": "市水利局"}, "第3行「单位」：市水利局 与第2行重复；请合并为一行"),
        ({"单位": "市水 利局"}, "第3行「单位」：市水利局 与第2行重复；请合并为一行"),
        ({"账号": "U018 "}, "第3行「账号」：u018 与第2行（市水利局）重复；请改为本单位联络员的账号"),
        ({"全称": "市水利局"}, "第3行「全称」：市水利局 与第2行（市水利局）重名；请换一个能分清的"),
        ({"简称": "水利"}, "第3行「简称」：水利 与第2行（市水利局）重名；请换一个能分清的"),
        ({"简称": "市水利局"}, "第3行「简称」：市水利局 与第2行（市水利局）重名；请换一个能分清的"),
        ({"单位": "水利"}, "第2行「简称」：水利 与第3行（水利）重名；请换一个能分清的"),
        ({"全称": "水利"}, "第2行「简称」：水利 与第3行（寿县）重名；请换一个能分清的"),
    ],
)
def test_two_rows_that_mean_the_same_thing_are_told_apart_by_a_person(second, fault):
    rows, faults = check(GOOD | {"简称": "水利"}, OTHER | second)
    assert rows == []
    assert faults == [fault]


def test_all_faults_of_all_rows_are_told_at_once_in_the_order_of_the_file():
    _, faults = check(GOOD | {"账号": ""}, OTHER | {"单位": "", "联络员": "？"}, GOOD)
    assert [fault.split("：")[0] for fault in faults] == [
        "第2行「账号」",
        "第3行「单位」",
        "第3行「联络员」",
        "第4行「单位」",
    ]


def test_one_fault_is_enough_to_refuse_the_whole_list():
    rows, faults = check(GOOD, OTHER | {"账号": ""})
    assert rows == []
    assert len(faults) == 1


def test_a_list_without_rows_is_a_fault():
    assert check() == ([], ["名单里一个单位也没有；请在表头下面每行填一个单位"])


def test_own_numbers_give_the_official_order_and_doubtful_ones_do_not():
    rows, _ = check(GOOD | {"序号": "9"}, OTHER | {"序号": "2"})
    assert [(row.number, row.unit) for row in rows] == [(2, "寿县"), (9, "市水利局")]
    for first, second in [("1", "1"), ("1", ""), ("甲", "乙")]:
        rows, _ = check(GOOD | {"序号": first}, OTHER | {"序号": second})
        assert [(row.number, row.unit) for row in rows] == [(1, "市水利局"), (2, "寿县")]


def test_the_caller_may_reserve_more_accounts():
    assert check(GOOD, reserved={"U018"})[1] == ["第2行「账号」：u018 是保留的账号；请填写联络员本人的账号"]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(COLUMNS), st.text(st.characters() | st.sampled_from("市局=@ 　县区"))),
        max_size=6,
    )
)
def test_any_cells_give_rows_or_one_line_sentences_but_never_both(cells):
    rows, faults = check(*cells)
    assert bool(rows) != bool(faults)
    assert all(len(fault.splitlines()) == 1 and len(fault) < 200 for fault in faults)
    assert all(set(row.account) <= set(string.ascii_lowercase + string.digits + "_-@.") for row in rows)


@given(st.text())
@example("\u0339 \u0334")
def test_tidying_twice_is_tidying_once(text):
    assert joined(joined(text)) == joined(text)
    assert spaced(spaced(text)) == spaced(text)
