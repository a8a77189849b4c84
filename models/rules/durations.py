"""ISO 8601 durations, as far as a clock that is moved on needs them."""

import re
from datetime import timedelta

PATTERN = re.compile(r"P(?=.)(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?")


def read_duration(text: str) -> timedelta | None:
    """`PT2H`, `P1DT30M`: weeks, days, hours, minutes, seconds; years and months have no fixed length: None."""
    match = PATTERN.fullmatch(text)
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
