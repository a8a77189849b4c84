"""What the words of a notice say about itself."""

import pytest

from models.rules.notice_words import (
    asks_figures,
    asks_pictures_without_reason,
    kind_of,
    sets_lead_target,
    split_kind,
    title,
)


@pytest.mark.parametrize(
    ("text", "kind", "rest"),
    [
        ("报数 各单位报送排查数", "报数", "各单位报送排查数"),
        ("【报数】各单位报送排查数", "报数", "各单位报送排查数"),
        ("（知照）下周停电", "知照", "下周停电"),
        ("[回复] 请报意见", "回复", "请报意见"),
        ("回复：请报意见", "回复", "请报意见"),
        ("签收，请各单位传达", None, "签收，请各单位传达"),
        ("交件: 方案", "交件", "方案"),
        ("回复率偏低的单位要整改", None, "回复率偏低的单位要整改"),
        ("报数要实", None, "报数要实"),
        ("签收情况通报如下", None, "签收情况通报如下"),
        ("各部门要制定方案，收到请回复", None, "各部门要制定方案，收到请回复"),
        ("", None, ""),
    ],
)
def test_a_kind_stands_apart_from_the_words_that_follow(text: str, kind: str | None, rest: str) -> None:
    assert split_kind(text) == (kind, rest)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("下周三停电，无需回复", "知照"),
        ("仅供知悉：下周三停电", "知照"),
        ("请知悉即可", "知照"),
        ("不用回复", "知照"),
        ("不必签收", "知照"),
        ("收到请回复", "签收"),
        ("各部门要制定方案", "签收"),
    ],
)
def test_the_lightest_kind_that_fits(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    ("text", "warns"),
    [
        ("请报送宣传照片", True),
        ("发朋友圈并截图", True),
        ("请上传现场图片，作为验收凭证", False),
        ("因为验收需要，请附照片", False),
        ("请传照片，用于年底台账", False),
        ("请报送方案", False),
    ],
)
def test_pictures_are_asked_for_with_a_reason_or_warned_about(text: str, warns: bool) -> None:
    assert asks_pictures_without_reason(text) is warns


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("请上报本周排查线索数", True),
        ("报送宣传单份数", True),
        ("统计参训人数", True),
        ("加快数字化建设，报送方案", False),
        ("请报送方案", False),
        ("报告数学竞赛情况", False),
    ],
)
def test_whether_figures_are_asked_for(text: str, asks: bool) -> None:
    assert asks_figures(text) is asks


def test_a_title_is_a_few_words_on_one_line() -> None:
    assert title("各部门要制定\n方案") == "各部门要制定 方案"
    assert title("各" * 18) == "各" * 18
    assert title("各" * 19) == "各" * 17 + "…"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("每个单位本月上报线索不少于5条", True),
        ("每单位至少报3条线索", True),
        ("各县区线索不低于10条", True),
        ("各部门每月报2条以上有效线索", True),
        ("完成20条线索摸排任务", True),
        ("将线索上报排名纳入考核", True),
        ("下达线索摸排指标", True),
        ("每月25日前报线索数，无则零报告", False),
        ("各部门要制定自己的线索摸排方案，收到请回复", False),
        ("寿县已经摸排线索147条", False),
        ("每个单位报2份材料", False),
        ("至少提前3天报送线索台账", False),
        ("有线索的及时报，没有的零报告", False),
    ],
)
def test_a_target_for_leads_is_seen(text: str, target: bool) -> None:
    assert sets_lead_target(text) is target
