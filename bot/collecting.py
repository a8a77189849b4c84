"""How the collector of garbage is kept from those who wait for an answer."""

import gc

# Of what a burst of 收到 makes next to nothing goes round in circles: to look for it after every 700 objects, as Python
# does by itself, took a twentieth of all the work.
YOUNG, MIDDLE, OLD = 10_000, 20, 50


def spare_those_who_wait() -> None:
    """Once everything is loaded: what stands now is never looked at again, what comes is looked at seldom.

    Walking it all in every full collection held everybody for 50 ms.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
