"""接龙: a pasted chain of lines, `1. 市水利局 收到`, as people forward it from another group."""

import re

LINE = re.compile(r"^\s*(?:\d{1,3}\s*[.、．)）:：]|[-•·])\s*(.+?)\s*$")
TAIL = re.compile(r"[\s,，:：—-]*(?:已?收到|收悉|收|已阅|签收)[了！!。.~\s]*$")


def read_relay(text: str) -> list[str]:
    """What each numbered line says before its 收到; lines without a number or without an answer are left out."""
    found = []
    for line in text.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        words = match[1]
        found.append(TAIL.sub("", words) if TAIL.search(words) else words)
    return found
