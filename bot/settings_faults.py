"""What pydantic finds wrong with a configuration, as sentences for the administrator."""

import os
from collections.abc import Collection, Mapping
from typing import Any

SAID = {
    "extra_forbidden": "没有这一项，请检查拼写",
    "missing": "缺少这一项",
    "string_type": "应是带引号的文字",
    "list_type": '应是列表，如 ["甲", "乙"]',
    "bool_type": "应是 true 或 false",
    "bool_parsing": "应是 true 或 false",
    "int_type": "应是整数，不带引号",
    "int_parsing": "应是整数，不带引号",
    "greater_than_equal": "应是1到36500的整数",
    "less_than_equal": "应是1到36500的整数",
    "int_from_float": "应是整数，不带引号",
    "model_type": "应是一节，写成 [节名] 另起一段",
    "path_type": "应是带引号的路径",
}
PREFIX, NESTED = "SHOUDAO_", "__"


def sentence(error: Mapping[str, Any]) -> str:
    """One fault as `ValidationError.errors()` gives it; the value itself is not repeated: it may be a secret."""
    return f"配置项 {_place(error['loc'])}：{_said(error['type'], error)}"


def _place(loc: Collection[str | int]) -> str:
    """`office.person.0.name` as people count: the first [[office.person]]."""
    parts = ""
    for part in loc:
        parts += f"（第{part + 1}个）" if isinstance(part, int) else ("." if parts else "") + part
    return parts or "（整个文件）"


def _said(kind: str, error: Mapping[str, Any]) -> str:
    if kind in SAID:
        return SAID[kind]
    if kind in ("enum", "literal_error"):
        return f"只能是 {error['ctx']['expected'].replace(' or ', ', ')}"
    if kind in ("greater_than_equal", "less_than_equal"):
        return (
            f"应{'不小于' if kind.startswith('greater') else '不大于'}{error['ctx'].get('ge', error['ctx'].get('le'))}"
        )
    if kind.startswith(("date_", "datetime_")):
        return "应是日期，如 2027-12-31，不带引号"
    if kind.startswith("string_"):
        return "不是能用的文字"
    return str(error["msg"]).removeprefix("Value error, ")


def unknown_variables(sections: Collection[str]) -> list[str]:
    """Environment variables that look like ours and name no section; pydantic would pass over them in silence."""
    return [
        f"环境变量 {name}：没有 {section.lower()} 这一节，请检查拼写"
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and NESTED in name
        for section in [name.removeprefix(PREFIX).partition(NESTED)[0]]
        if section.lower() not in sections
    ]
