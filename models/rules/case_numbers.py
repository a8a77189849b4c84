"""The case number: how every message about a notice carries it, and how it is read back from a quote."""

import re

CASE = re.compile(r"〔(\d{1,6})号〕")
# A number that a date, a clock, a decimal or a measure word goes on from is no case number.
GOES_ON = r"(?![\d年月日时点分%％万亿千百十余多份个人名次场起条件篇处台套辆张块元户家项批组])(?![,，.．:：/]\d)"
NAMED = re.compile(r"^第(\d{1,6})(?:号|条|项|件|个)?(?:通知)?(?!\d)")
TYPED = re.compile(rf"^[〔(（\[]?(\d{{1,6}})(?:号?[〕)）\]]|号|{GOES_ON})")


def read_case(text: str) -> int | None:
    """The one case number in a quoted text; several different ones say nothing."""
    found = {int(number) for number in CASE.findall(text)}
    return found.pop() if len(found) == 1 else None


def leading_number(text: str) -> tuple[int | None, str]:
    """A number typed as a command's first word, and what follows: `12 措施不具体` or `〔12号〕，…`."""
    match = NAMED.match(text) or TYPED.match(text)
    if match is None:
        return None, text
    return int(match[1]), text[match.end() :].lstrip(" ，,：:、").strip()
