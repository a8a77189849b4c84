"""Named pieces of a directive, and which of them are still missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.demands import Sent, missing, read_demands, say


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("请于周五前报送：总结、盖章版、照片3张", "总结、盖章版、照片3张"),
        ("报送：总结、盖章版、照片三张。明天下班前", "总结、盖章版、照片3张"),
        ("报送:总结,盖章版,现场照片2张", "总结、盖章版、现场照片2张"),
        ("请各单位提交以下材料：1.工作总结；2.盖章版扫描件", "工作总结、盖章版扫描件"),
        (
            "请提交以下材料：\n1. 工作总结\n2. 汇总表（盖章版）\n3. 现场照片2张\n明天下班前",
            "工作总结、汇总表(盖章版)、现场照片2张",
        ),
        ("请提交如下材料：①实施方案②领导小组名单", "实施方案、领导小组名单"),
        ("报送材料：工作方案、领导小组名单、联络员名单各1份，周五前报到市扫黑办", "工作方案、领导小组名单、联络员名单"),
        ("报送：总结、盖章版、照片3张，用于年底归档", "总结、盖章版、照片3张"),
        ("交件：实施方案和汇总表", "实施方案、汇总表"),
        ("材料包括：台账、印证资料", "台账、印证资料"),
        ("请上报：整改报告一份、整改前后照片各2张", "整改报告、整改前后照片2张"),
        ("需报送：工作总结（电子版）、工作总结（盖章版）", "工作总结(电子版)、工作总结(盖章版)"),
        ("請報送：總結、蓋章版", "总结、盖章版"),
        ("请各单位报送摸排方案，收到请回复", ""),
        ("注意事项：按时报送，不得迟到", ""),
        ("市扫黑办：请各单位报送材料", ""),
        ("时间：周五前", ""),
        ("", ""),
    ],
)
def test_the_pieces_are_read_behind_the_colon(text: str, pieces: str) -> None:
    assert say(read_demands(text)) == pieces


DEMANDS = read_demands("报送：总结、盖章版、照片3张")


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ([("总结", 0)], "盖章版、照片3张"),
        ([("总结见附，盖章版稍后补", 1)], "盖章版、照片3张"),
        ([("总结已发，盖章版还没盖", 0)], "盖章版、照片3张"),
        ([("这是总结，盖章版明天报", 0)], "盖章版、照片3张"),
        ([("盖章版", 1)], "总结、照片3张"),
        ([("总结、盖章版、照片", 2)], "照片1张"),
        ([("总结、盖章版、照片", 2), ("再补一张照片", 1)], ""),
        ([("总结、盖章版、照片", 3)], ""),
        ([("现场情况", 3)], "总结、盖章版"),
        ([("", 3)], "总结、盖章版"),
        ([("总结和盖章版都在这", 0), ("", 3)], ""),
        ([("缺盖章版", 0)], "总结、盖章版、照片3张"),
        ([("盖章版要吗？", 0)], "总结、盖章版、照片3张"),
        ([("照片3张", 0)], "总结、盖章版、照片3张"),
        ([], "总结、盖章版、照片3张"),
    ],
)
def test_what_is_missing_is_named_precisely(sent: list[tuple[str, int]], left: str) -> None:
    assert say(missing(DEMANDS, [Sent(*one) for one in sent])) == left


def test_two_pieces_of_one_name_are_told_apart_by_what_is_in_brackets() -> None:
    demands = read_demands("需报送：工作总结（电子版）、工作总结（盖章版）")
    assert say(missing(demands, [Sent("工作总结电子版", 0)])) == "工作总结(盖章版)"
    assert say(missing(demands, [Sent("盖章版", 1)])) == "工作总结(电子版)"
    assert len(missing(demands, [Sent("工作总结", 0)])) == 2


@given(st.text(max_size=60), st.integers(0, 5))
def test_no_words_make_more_missing_than_was_demanded(text: str, photos: int) -> None:
    left = missing(DEMANDS, [Sent(text, photos)])
    assert {d.name for d in left} <= {d.name for d in DEMANDS}
    assert not missing(DEMANDS, [Sent(text, photos), Sent("总结、盖章版、照片", 3)])


@given(st.text(max_size=200))
def test_any_text_is_read_without_trouble(text: str) -> None:
    assert all(d.name and d.count > 0 for d in read_demands(f"报送：{text}"))
