"""What numbers about leads may be shown outside the office (R10): nothing below three, nor what would tell it."""

from collections.abc import Mapping

FEWEST = 3


def shown(
    total: int, this_month: int, by_stage: Mapping[str, int]
) -> tuple[int | None, int | None, dict[str, int | None]]:
    """Total, this month's and the stages, with None in place of a count that may not be shown.

    Where just one stage is left out, the total less the others would give it away: the next smallest goes as well.
    """
    hidden = {stage for stage, count in by_stage.items() if 0 < count < FEWEST}
    open_ones = sorted((count, stage) for stage, count in by_stage.items() if stage not in hidden and count)
    if len(hidden) == 1 and open_ones:
        hidden.add(open_ones[0][1])
    stages = {stage: None if stage in hidden else count for stage, count in by_stage.items()}
    whole = total if total == 0 or total >= FEWEST else None
    # The rest of the total, which is everything before this month, must not be small either.
    small = 0 < this_month < FEWEST or 0 < total - this_month < FEWEST
    return whole, None if small or whole is None else this_month, stages
