"""Which unit is meant: the table, commands with and without spaces, lists before a colon."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.names import Match, UnitName, find_unit, match_unit, read_kind, split_audience

HERE = Path(__file__).parent


def _roster() -> tuple[UnitName, ...]:
    with (HERE / "roster-sample.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(UnitName(r["单位"], r["全称"], tuple(r["简称"].split())) for r in csv.DictReader(file))


ROSTER = _roster()
NAMES = {unit.name for unit in ROSTER}
TABLE = [line.split("\t") for line in (HERE / "units.tsv").read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("typed", "unit"), TABLE)
def test_a_name_of_the_table_is_matched_or_asked_about(typed: str, unit: str) -> None:
    match = match_unit(typed, ROSTER)
    assert (match.unit or "ask") == unit
    assert set(match.candidates) <= NAMES


@pytest.mark.parametrize("unit", ROSTER, ids=lambda unit: unit.name)
def test_every_spelling_of_the_roster_is_its_unit(unit: UnitName) -> None:
    for spelling in (unit.name, unit.full, *unit.aliases):
        assert match_unit(spelling, ROSTER) == Match(unit.name)
        assert find_unit(f"{spelling}收到 电话确认", ROSTER) == (Match(unit.name), "收到 电话确认")
        assert split_audience(f"{spelling}：请报", ROSTER) == ([unit.name], [], "请报")


@pytest.mark.parametrize(
    ("typed", "candidate"),
    [
        ("水力局", "市水利局"),
        ("shuiliju", "市水利局"),
        ("检查院", "市检察院"),
        ("风台县", "凤台县"),
        ("大同区", "大通区"),
        ("寿县水利局", "寿县"),
        ("寿县水利局", "市水利局"),
        ("监管局", "市地方金融监督管理局"),
        ("市局", "市公安局"),
        ("城管执法局", "市城市管理局"),
    ],
)
def test_what_is_asked_names_the_likely_unit(typed: str, candidate: str) -> None:
    assert candidate in match_unit(typed, ROSTER).candidates


def test_a_name_that_two_units_bear_is_asked_about() -> None:
    roster = [UnitName("市水利局", aliases=("水务局",)), UnitName("市水务集团", aliases=("水务局",))]
    assert match_unit("水务局", roster) == Match(None, ("市水利局", "市水务集团"))


def test_the_rosters_own_name_goes_before_anothers_alias() -> None:
    roster = [UnitName("市民政局", aliases=("救助站",)), UnitName("救助站")]
    assert match_unit("救助站", roster) == Match("救助站")


def test_another_campaigns_office_is_learnt_from_the_roster() -> None:
    roster = [UnitName("东县", "东县防汛办"), UnitName("西山县", aliases=("西山",))]
    assert match_unit("西山防汛办", roster) == Match("西山县")
    assert match_unit("西山扫黑办", roster).unit is None


def test_a_county_office_strips_its_own_level() -> None:
    roster = [UnitName("县水利局"), UnitName("县公安局")]
    assert match_unit("水利局", roster) == Match("县水利局")
    assert match_unit("市水利局", roster) == Match(None, ("县水利局",))


@pytest.mark.parametrize(
    ("text", "unit", "rest"),
    [
        ("市水利局 收到 电话确认", "市水利局", "收到 电话确认"),
        ("市水利局收到 电话确认", "市水利局", "收到 电话确认"),
        ("市 水利局 收到", "市水利局", "收到"),
        ("市水利局：收到", "市水利局", "收到"),
        ("城管收到", "市城市管理局", "收到"),
        ("寿县 12 措施不具体", "寿县", "12 措施不具体"),
        ("寿县12措施不具体", "寿县", "12措施不具体"),
        ("寿县措施不具体", "寿县", "措施不具体"),
        ("寿县全部重报", "寿县", "全部重报"),
        ("大通区周五", "大通区", "周五"),
        ("大通扫黑办已收到", "大通区", "已收到"),
        ("卫健委电话确认收到", "市卫生健康委员会", "电话确认收到"),
        ("高新区〔12号〕", "市高新区", "〔12号〕"),
        ("大通區 週五", "大通区", "週五"),
        ("气象局 收到", None, "收到"),
        ("市局 收到", None, "收到"),
        ("寿县水利局收到", None, "收到"),
        ("寿县公安局 收到", None, "收到"),
        ("市水力局 收到", None, "收到"),
        ("寿县、大通区 收到", None, "、大通区 收到"),
        ("寿县和大通区 收到", None, "和大通区 收到"),
        ("12 寿县", None, "12 寿县"),
        ("收到", None, "收到"),
        ("", None, ""),
    ],
)
def test_the_unit_at_the_head_of_a_command_is_found(text: str, unit: str | None, rest: str) -> None:
    match, left = find_unit(text, ROSTER)
    assert (match.unit, left) == (unit, rest)


@pytest.mark.parametrize(
    ("text", "units", "unknown", "rest"),
    [
        ("寿县、大通区：各单位要抓紧", ["寿县", "大通区"], [], "各单位要抓紧"),
        ("寿县、大通区: 收到请回复", ["寿县", "大通区"], [], "收到请回复"),
        ("大通区，寿县：x", ["大通区", "寿县"], [], "x"),
        ("寿县 大通区：x", ["寿县", "大通区"], [], "x"),
        ("寿县大通区：x", ["寿县", "大通区"], [], "x"),
        ("寿县和大通区：x", ["寿县", "大通区"], [], "x"),
        ("请寿县、大通区：x", ["寿县", "大通区"], [], "x"),
        ("寿县、寿县扫黑办：x", ["寿县"], [], "x"),
        ("寿县、大通区2个单位：x", ["寿县", "大通区"], [], "x"),
        ("市住房和城乡建设局、市文化和旅游局：x", ["市住房和城乡建设局", "市文化和旅游局"], [], "x"),
        ("壽縣、住建局：12:00前报", ["寿县", "市住房和城乡建设局"], [], "12:00前报"),
        ("寿县、气象局：x", ["寿县"], ["气象局"], "x"),
        ("寿县、凤苔：x", ["寿县"], ["凤苔"], "x"),
        ("寿县、大通区等单位：x", ["寿县"], ["大通区等单位"], "x"),
        ("寿县、各成员单位：x", ["寿县"], ["各成员单位"], "x"),
        ("气象局：请报", [], ["气象局"], "请报"),
        ("市局：请报", [], ["市局"], "请报"),
        ("水利、财政：请报", [], ["水利", "财政"], "请报"),
    ],
)
def test_a_list_of_units_before_a_colon_is_the_audience(
    text: str, units: list[str], unknown: list[str], rest: str
) -> None:
    assert split_audience(text, ROSTER) == (units, unknown, rest)


@pytest.mark.parametrize(
    "text",
    [
        "通知如下：各单位要抓紧",
        "各成员单位：请报",
        "各县区、各成员单位：请报",
        "全体：请报",
        "时间：明天",
        "会议时间：16:00",
        "会议地点：市公安局",
        "会议地点在市公安局：请准时",
        "参会单位：寿县、大通区",
        "宣传：要加强",
        "组织：要有力",
        "经研究决定：下周一开会",
        "一、提高认识：各单位",
        "今天16:00前报",
        "寿县 12:00前报",
        "http://寿县",
        "：寿县",
        "各部门要根据领导小组文件要求，制定方案，收到请回复。",
        "寿县",
        "",
    ],
)
def test_other_words_before_a_colon_are_the_text(text: str) -> None:
    assert split_audience(text, ROSTER) == ([], [], text)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        *[
            (word, "县区")
            for word in ("各县区", "县区", "各区县", "各县", "各区", "各县（区）", "所有县区", "各县市区")
        ],
        *[(word, "成员单位") for word in ("各成员单位", "成员单位", "全体成员单位")],
        *[(word, "") for word in ("全体", "各单位", "各部门", "所有单位", "全体单位", "各有关单位", "所有人")],
        *[(word, None) for word in ("寿县", "县", "区", "通知", "各乡镇", "单位", "", "各位")],
    ],
)
def test_a_word_for_a_group_is_known(word: str, kind: str | None) -> None:
    assert read_kind(word) == kind


@given(st.text(max_size=60))
def test_any_text_is_borne_and_only_roster_names_come_back(text: str) -> None:
    match, _ = find_unit(text, ROSTER)
    units, _, rest = split_audience(text + "：x", ROSTER)
    assert {match.unit, match_unit(text, ROSTER).unit} <= NAMES | {None}
    assert set(units) <= NAMES
    assert rest


def test_an_empty_roster_knows_nobody() -> None:
    assert match_unit("市水利局", ()) == Match(None)
    assert find_unit("市水利局 收到", []) == (Match(None), "收到")
    assert split_audience("寿县：x", ()) == ([], ["寿县"], "x")
