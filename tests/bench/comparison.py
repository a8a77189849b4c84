"""The contenders side by side: tables and the plot."""

from collections.abc import Sequence

from plot import bars
from standing import Standing
from table import aligned

HEADS = ("× floor", "a second", "p50 ms", "p99 ms", "max ms", "µs of one", "MB", "a second, new connections")
BURST_HEADS = ("first try", "never answered", "kept once", "p50 ms", "p99 ms", "max ms")


def rates(title: str, found: Sequence[Standing]) -> str:
    """64 connections kept open, and as many new ones; processor time of one answer; most memory."""
    return aligned([(title, *HEADS), *(_rate(one) for one in found)], right=1)


def _rate(one: Standing) -> tuple[str, ...]:
    rate = one.rate
    if not rate.ratios:
        return one.title, *["–"] * len(HEADS)
    waits = [f"{rate.latency(percent):,.0f}" for percent in (50, 99, 100)]
    cost = f"{one.cost * 1e6:,.0f}"
    return (
        one.title,
        f"{rate.ratio:.3f}",
        f"{rate.rate:,.0f}",
        *waits,
        cost,
        f"{rate.resident:.0f}",
        f"{one.newly:,.0f}",
    )


def bursts(title: str, found: Sequence[Standing]) -> str:
    return aligned([(title, *BURST_HEADS), *(_burst(one) for one in found)], right=1)


def _burst(one: Standing) -> tuple[str, ...]:
    burst = one.burst
    if burst is None or not burst.tries:
        return one.title, *["–"] * len(BURST_HEADS)
    waits = [f"{burst.latency(percent):,.0f}" for percent in (50, 99, 100)]
    share = f"{burst.first / burst.sent:.1%}" if burst.first < burst.sent else "all"
    return one.title, share, f"{burst.unanswered:,}", f"{one.kept:,}", *waits


def honesty(found: Sequence[Standing]) -> str:
    """Whether they do what they are measured for."""
    heads = ("what", "a forged callback", "one that comes twice")
    cells = [
        (one.title, f"answered {one.tried.forged}", "kept once" if one.tried.once else "**not kept once**")
        if one.tried
        else (one.title, "–", "–")
        for one in found
    ]
    return aligned([heads, *cells])


def plot(panels: dict[str, Sequence[Standing]]) -> str:
    rows = {name: [(one.title, one.rate.ratio, one.rate.rate) for one in found] for name, found in panels.items()}
    return bars("Durable answers, as a part of what a bare aiohttp handler answers", rows)
