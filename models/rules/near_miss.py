"""Which command a mistyped one was meant to be: one suggestion, or none."""

from collections.abc import Sequence

from models.rules.pinyin import syllables


def distance(a: str, b: str, most: int = 2) -> int:
    """Edits between two short words, a swap of neighbours counting as one; more than `most` is `most + 1`."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(text: str, words: Sequence[str]) -> tuple[str | None, str]:
    """`(word, rest)` when the first piece of `text` is one edit from a command of two characters or more.

    A one-character change of a two-character word counts only when the word stands alone or before a space, so that
    ordinary sentences are not taken for mistyped commands.
    """
    for word in words:
        if text.startswith(word) and text.removeprefix(word) in words:
            return word, text.removeprefix(word)  # two words run together
    head, space, rest = text.partition(" ")
    near = [
        word
        for word in sorted(words, key=lambda w: (-len(w), w))
        if len(word) > 1 and distance(head, word, 1) <= 1 and (len(word) > 2 or space or len(head) <= 3)
    ]
    if not near:
        return None, ""
    # 撤消 is as near to 撤回 as to 撤销, but sounds like one of them only.
    alike = [word for word in near if syllables(word) == syllables(head)] if len(near) > 1 else []
    return (alike or near)[0], rest.strip()
