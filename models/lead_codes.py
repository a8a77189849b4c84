"""Codes that people choose who give no name: kept as a salted slow hash, compared in constant time."""

import hashlib
import hmac
import re
import secrets

SHORTEST = 6
TRIES = 10
"""Wrong codes after which a lead no longer answers to its code."""

# scrypt as RFC 7914 has it; 16 MB and some 50 ms a try.
_COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
_SAID = re.compile(r"(?:暗号|口令|密码)\s*[:：是为]?\s*([^\s，,。;；、]+)")


def read_code(words: str) -> tuple[str | None, str]:
    """The code that `words` name after 暗号, and the words without it."""
    match = _SAID.search(words)
    if match is None:
        return None, words
    code = match[1].rstrip("，,。;；、")
    left = words[match.end(1) - len(match[1]) + len(code) :].lstrip("，,。;；、 ")
    return code, (words[: match.start()].rstrip("，,。;；、 ") + " " + left).strip()


def weak(code: str) -> bool:
    """Too short, or one character over and over."""
    return len(code) < SHORTEST or len(set(code)) < 3


def hashed(code: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_slow(code, salt).hex()}"


def fits(code: str, kept: str) -> bool:
    salt, dollar, digest = kept.partition("$")
    return bool(dollar) and hmac.compare_digest(_slow(code, bytes.fromhex(salt)).hex(), digest)


def _slow(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode("utf-8", "surrogatepass"), salt=salt, **_COST)
