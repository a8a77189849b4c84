"""The platform on a bad day: some calls are refused for their rate, some hang after they were done, some break off."""

from collections import deque

from fake_wecom_app import Fault
from live_wecom import Platform

# As measured and written down: of 100 calls 8 over the rate, 6 done and never answered, 2 busy, 1 broken off.
HOOK = ((0.08, 45009), (0.14, "hang_after"), (0.16, -1), (0.17, "reset"))
SEND = (
    (0.08, Fault("errcode", 45009)),
    (0.14, Fault("hang_after")),
    (0.16, Fault("errcode", -1)),
    (0.17, Fault("reset")),
)


def make_faulty(platform: Platform, chance) -> dict[str, int]:
    """From now on; gives the count of what went wrong, which grows."""
    counts = {"calls": 0, "faults": 0}

    def draw(table):
        counts["calls"] += 1
        one = chance.random()
        for upto, how in table:
            if one < upto:
                counts["faults"] += 1
                return how
        return None

    platform.bot._faults["hook"] = Drawn(lambda: draw(HOOK))
    platform.app._faults["/cgi-bin/message/send"] = Drawn(lambda: draw(SEND))
    return counts


def end_faults(platform: Platform) -> None:
    """The bad day is over; what hangs goes on hanging until its caller gives up."""
    platform.bot._faults["hook"] = deque()
    platform.app._faults["/cgi-bin/message/send"] = deque()


class Drawn(deque):
    """A queue of faults: whoever looks whether one waits may draw one."""

    def __init__(self, draw):
        super().__init__()
        self._draw = draw

    def __bool__(self):
        if not len(self) and (how := self._draw()) is not None:
            self.append(how)
        return len(self) > 0
