"""文号 and basis as directives write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.doc_numbers import basis_of, doc_numbers


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        (
            "根据《关于开展专项斗争的通知》（市扫黑办〔2026〕12号）要求，请各单位报方案",
            "《关于开展专项斗争的通知》（市扫黑办〔2026〕12号）",
        ),
        ("市扫黑办〔2026〕12号文件已下发", "市扫黑办〔2026〕12号"),
        ("按照国办发[2025] 5号精神，抓好落实", "国办发〔2025〕5号"),
        ("转发省扫黑办函（2026）3号", "省扫黑办函〔2026〕3号"),
        ("依据市委政法委【2026】第18号、市扫黑办〔2026〕9号", "市委政法委〔2026〕18号；市扫黑办〔2026〕9号"),
        ("现将皖政办秘〔2026〕7号转给你们", "皖政办秘〔2026〕7号"),
        ("落实《反有组织犯罪法》，开展宣传", "《反有组织犯罪法》"),
        (
            "贯彻《关于转发〈省办通知〉的通知》(淮扫黑办〔2026〕007号)",
            "《关于转发〈省办通知〉的通知》（淮扫黑办〔2026〕7号）",
        ),
        ("根据中央和省、市总体部署", ""),
        ("现将《工作要点》印发给你们", ""),
        ("〔12号〕通知还没回", ""),
        ("请看2026年12号文件", ""),
        ("2026年第3号台风", ""),
        ("", ""),
    ],
)
def test_the_basis_is_read_from_the_words(text: str, basis: str) -> None:
    assert basis_of(text) == basis


@given(st.text(alphabet="根据按照市扫黑办发函〔〕[]（）2026年第12号《通知》，。 ", max_size=60))
def test_a_number_is_only_read_where_all_of_it_stands(text: str) -> None:
    for number in doc_numbers(text):
        year = number.partition("〔")[2][:4]
        assert year in text and number[: number.index("〔")] in text
