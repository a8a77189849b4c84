"""How a name sounds. Only ever a reason to ask: half the bureaus of a city sound alike to a program."""

from functools import lru_cache


def syllables(text: str) -> str:
    """The toneless syllables of a text run together, 「水利局」 → `shuiliju`; Latin letters stay, in one case.

    Each character by itself: one with two readings sounds the same on both sides, which is all that is asked of it.
    """
    return "".join(map(_syllable, text)).casefold()


@lru_cache(maxsize=4096)
def _syllable(char: str) -> str:
    from pypinyin import lazy_pinyin  # takes a sixth of a second to load, and most runs never ask

    return "".join(lazy_pinyin(char))
