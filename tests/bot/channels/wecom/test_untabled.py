"""A table on a leg that shows text as it stands."""

import pytest

from bot.channels.wecom.untabled import untabled

TWO = "〔1号〕签收 2/3\n没签收的1个：\n\n| 单位 | 情况 |\n| --- | --- |\n| 市水利局 | 没签收 |\n| 寿县 | 没办完，缺：盖章版 |"
FIVE = "未结通知1条：\n\n| 编号 | 事项 | 签收 | 办完 | 时限 |\n| --- | --- | --- | --- | --- |\n| 〔1号〕 | 方案 | 6/41 | 3/41 | 周五 |"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (TWO, "〔1号〕签收 2/3\n没签收的1个：\n市水利局：没签收\n寿县：没办完，缺：盖章版"),
        (
            f"{TWO}\n\n迟：大通区",
            "〔1号〕签收 2/3\n没签收的1个：\n市水利局：没签收\n寿县：没办完，缺：盖章版\n迟：大通区",
        ),
        (FIVE, "未结通知1条：\n〔1号〕：方案，签收 6/41，办完 3/41，时限 周五"),
        ("没有表\n\n| 不是 |\n完", "没有表\n\n| 不是 |\n完"),
        ("", ""),
    ],
    ids=["two columns", "words behind it", "five columns", "no table", "nothing"],
)
def test_a_table_becomes_lines_and_all_else_stays(text: str, lines: str) -> None:
    assert untabled(text) == lines
