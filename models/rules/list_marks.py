"""Signs that compatibility folding (NFKC) would turn into digits of the number beside them.

「①5000份」 becomes 15000份 and 「5000²」 50002 unless these are taken out before the text is levelled.
"""

import re

_LISTED = re.compile("[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3220-\u3229\u3280-\u3289\U0001f100-\U0001f10a]")
_RAISED = re.compile("[\u00b2\u00b3\u00b9\u2070-\u209c]")
_FRACTIONS = re.compile("[\u00bc-\u00be\u2150-\u215f\u2189]")


def without_list_marks(text: str) -> str:
    """The text with ①, ⑴, ⒈ as semicolons, raised digits as spaces and fractions as a sign that no number contains;
    every character keeps its place."""
    return _FRACTIONS.sub("?", _RAISED.sub(" ", _LISTED.sub(";", text)))
