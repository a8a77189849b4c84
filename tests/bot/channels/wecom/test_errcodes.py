"""What an error code means, on every leg."""

import aiohttp
import pytest

from bot.channels.wecom import errcodes
from bot.channels.wecom.errcodes import _CODES, Meaning
from models.rules.retrying import Fate

FATES = [
    (0, Fate.SENT, None),
    (-1, Fate.UNSURE, None),
    (45009, Fate.LATER, 60),
    (45033, Fate.LATER, 2),
    (40014, Fate.LATER, 60),
    (42001, Fate.LATER, 60),
    (40001, Fate.LATER, 60),
    (853000, Fate.LATER, 60),
    (60020, Fate.LATER, 900),
    (93000, Fate.REFUSED, None),
    (93001, Fate.REFUSED, None),
    (93004, Fate.REFUSED, None),
    (93006, Fate.REFUSED, None),
    (93008, Fate.REFUSED, None),
    (93017, Fate.REFUSED, None),
    (93018, Fate.REFUSED, None),
    (93019, Fate.REFUSED, None),
    (40008, Fate.REFUSED, None),
    (40058, Fate.REFUSED, None),
    (44001, Fate.REFUSED, None),
    (44004, Fate.REFUSED, None),
    (45002, Fate.REFUSED, None),
    (81013, Fate.REFUSED, None),
    (846605, Fate.REFUSED, None),
    (846608, Fate.REFUSED, None),
    (42014, Fate.REFUSED, None),
    (123456, Fate.REFUSED, None),
]


@pytest.mark.parametrize(("errcode", "fate", "wait"), FATES)
def test_a_code_has_its_fate_and_its_wait(errcode, fate, wait):
    """O-06, O-07, O-08, O-09, O-10, O-11."""
    ended = errcodes.outcome(errcode, "id")
    assert ended.fate is fate
    assert (ended.wait.total_seconds() if ended.wait else None) == wait
    assert ended.provider_id == ("id" if fate is Fate.SENT else None)
    assert fate is Fate.SENT or str(errcode) in ended.reason


@pytest.mark.parametrize("errcode", [None, "0", 0.0, True, [], {}])
def test_an_answer_without_a_number_is_unsure(errcode):
    assert errcodes.outcome(errcode).fate is Fate.UNSURE


def test_a_card_refused_as_repeated_was_posted_by_an_earlier_try():
    assert errcodes.outcome(42014, attempts=2).fate is Fate.SENT


@pytest.mark.parametrize(
    ("errcode", "meaning"),
    [(93000, Meaning.GONE), (93008, Meaning.GONE), (93006, Meaning.NOT_YET), (846605, Meaning.LATE), (7, Meaning.OURS)],
)
def test_what_a_code_means_can_be_asked(errcode, meaning):
    assert errcodes.code(errcode).meaning is meaning


def test_every_code_has_a_sentence_for_the_office():
    assert all(known.says for errcode, known in _CODES.items() if errcode != 0)


@pytest.mark.parametrize(
    ("status", "fate"), [(429, Fate.LATER), (400, Fate.REFUSED), (500, Fate.UNSURE), (302, Fate.UNSURE)]
)
def test_an_http_status_has_its_fate(status, fate):
    assert errcodes.from_status(status).fate is fate
    assert errcodes.from_status(200) is None


@pytest.mark.parametrize(
    ("trouble", "fate"),
    [
        (aiohttp.ConnectionTimeoutError(), Fate.LATER),
        (aiohttp.ServerTimeoutError("https://x?key=SECRET"), Fate.UNSURE),
        (aiohttp.ServerDisconnectedError("SECRET"), Fate.UNSURE),
        (aiohttp.ClientPayloadError("SECRET"), Fate.UNSURE),
        (TimeoutError("SECRET"), Fate.UNSURE),
        (ConnectionResetError("SECRET"), Fate.UNSURE),
        (OSError("SECRET"), Fate.UNSURE),
        (aiohttp.InvalidURL("https://x?key=SECRET"), Fate.LATER),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_is_later_only_when_nothing_left_and_never_quotes_its_address(trouble, fate):
    ended = errcodes.failure(trouble)
    assert ended.fate is fate
    assert "SECRET" not in ended.reason
