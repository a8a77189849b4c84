"""The case number: how every message about a notice carries it, and how it is read back from a quote."""

import re

CASE = re.compile(r"〔(\d{1,6})号〕")
TYPED = re.compile(r"^第?[〔(（\[]?(\d{1,6})(?:号[〕)）\]]?)?(?![\d年月日时点:：.．%])")


def read_case(text: str) -> int | None:
    """The one case number in a quoted text; several different ones say nothing."""
    found = {int(number) for number in CASE.findall(text)}
    return found.pop() if len(found) == 1 else None


def leading_number(text: str) -> tuple[int | None, str]:
    """A number typed as a command's first word, and what follows: `12 措施不具体` or `〔12号〕，…`."""
    match = TYPED.match(text)
    if match is None:
        return None, text
    return int(match[1]), text[match.end() :].lstrip(" ，,：:、").strip()
