"""No more than a limit says leaves in any window, however messages come and however often they are put off."""

from hypothesis import given
from hypothesis import strategies as st

from models.rules.quotas import Limit, taken

MINUTE, HOUR = Limit(5, 60), Limit(12, 3600)


@given(st.lists(st.floats(0.0, 90.0), max_size=60), st.integers(0, 3), st.floats(0.0, 2e9))
def test_no_window_ever_holds_more_than_its_limit(gaps: list[float], spare: int, start: float) -> None:
    counted, left, now = {}, [], start
    for gap in gaps:
        now += gap
        wait, counted = taken(counted, (MINUTE, HOUR), now, spare)
        if wait == 0:
            left.append(now)
        else:
            assert (
                taken(counted, (MINUTE, HOUR), now + wait + 0.01, spare)[0] < wait
            )  # it says truly when to come again
    for limit in (MINUTE, HOUR):
        for first in left:
            assert sum(first <= at < first + limit.seconds for at in left) <= limit.most - spare
    assert all(len(slots) <= 61 for slots in counted.values())


@given(st.floats(0.0, 2e9))
def test_all_that_the_limit_says_leaves_at_once(now: float) -> None:
    counted = {}
    for _ in range(MINUTE.most):
        wait, counted = taken(counted, (MINUTE, HOUR), now)
        assert wait == 0
    wait, _ = taken(counted, (MINUTE, HOUR), now)
    assert 59 <= wait <= 62


def test_what_a_clock_that_was_wrong_counted_holds_nothing_up() -> None:
    counted = {}
    for _ in range(MINUTE.most):
        _, counted = taken(counted, (MINUTE,), 5000.0)
    assert taken(counted, (MINUTE,), 1000.0)[0] == 0
