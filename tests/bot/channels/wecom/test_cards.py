"""Cards with buttons and texts cut to size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wecom.cards import button_card, cut_bytes, fits_card, message_of, task_id

BUTTON = [{"key": "收 12", "text": "收到"}]


def test_the_first_line_is_the_title_and_the_rest_the_text():
    card = button_card("〔12号〕催办\n请尽快签收\n今天下班前", BUTTON, "t-1")
    assert card == {
        "card_type": "button_interaction",
        "main_title": {"title": "〔12号〕催办"},
        "sub_title_text": "请尽快签收\n今天下班前",
        "task_id": "t-1",
        "button_list": [{"text": "收到", "style": 1, "key": "收 12"}],
    }


def test_a_long_first_line_opens_the_text_whole():
    card = button_card("长" * 60, BUTTON, "t-1")
    assert card["main_title"]["title"] == "长" * 25 + "…"
    assert card["sub_title_text"] == "长" * 60


@given(st.text(max_size=300), st.lists(st.text(max_size=30), min_size=1, max_size=9))
def test_no_part_of_a_card_is_longer_than_the_platform_takes(body, captions):
    card = button_card(body, [{"key": "k", "text": caption} for caption in captions], "t-1", replaced="已收到" * 9)
    assert len(card["main_title"]["title"]) <= 26
    assert len(card.get("sub_title_text", "")) <= 112
    assert 1 <= len(card["button_list"]) <= 6
    assert all(len(button["text"]) <= 10 for button in card["button_list"])
    assert len(card["replace_text"]) <= 10


@pytest.mark.parametrize(
    ("body", "buttons", "fits"),
    [
        ("题\n文", BUTTON, True),
        ("题\n" + "长" * 112, BUTTON, True),
        ("题\n" + "长" * 113, BUTTON, False),
        ("长" * 113, BUTTON, False),
        ("题", [], False),
        ("题", BUTTON * 7, False),
        ("题", [{"key": "长" * 400, "text": "收到"}], False),
    ],
)
def test_what_a_card_cannot_show_whole_does_not_fit(body, buttons, fits):
    assert fits_card(body, buttons) is fits


def test_the_name_of_a_card_leads_back_to_its_row_in_this_installation_only():
    name = task_id(123456789, b"ours")
    assert message_of(name, b"ours") == 123456789
    assert message_of(name, b"theirs") is None
    assert task_id(1, b"ours") != task_id(1, b"theirs")
    assert len(name) <= 128
    assert not set(name) - set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-@")


@pytest.mark.parametrize("name", ["", "x", "12345678-", "12345678-x", "-1", "12345678-1 ", "１２３４５６７８-1"])
def test_a_card_of_nobody_leads_nowhere(name):
    assert message_of(name, b"ours") is None


@given(st.text(alphabet="a收👍é<@>li si\n", max_size=200), st.integers(min_value=0, max_value=300))
def test_a_cut_text_fits_and_is_a_beginning_and_never_ends_inside_a_mention(text, limit):
    cut = cut_bytes(text, limit)
    assert len(cut.encode()) <= limit
    if cut != text:
        kept = cut.removesuffix("…")
        assert text.startswith(kept)
        opened = kept.rfind("<@")
        inside = text.find(">", opened)
        assert opened < 0 or inside < 0 or ">" in kept[opened:] or "<" in text[opened + 1 : inside]


def test_a_mention_at_the_edge_goes_whole():
    assert cut_bytes("看<@zhangsan>看", 12) == "看…"
    assert cut_bytes("看<@zhangsan>看", 14) == "看…"
    assert cut_bytes("看<@zhangsan>看看", 18) == "看<@zhangsan>…"


def test_a_text_that_fits_is_left_alone():
    assert cut_bytes("收" * 682, 2046) == "收" * 682
    assert cut_bytes("收" * 683, 2048) == "收" * 681 + "…"
