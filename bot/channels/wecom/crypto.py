"""Is a callback theirs, and what does it say: signature, decryption and the encrypted answer.

Scheme: developer.work.weixin.qq.com/document/path/90968 (apps) and 101033 (智能机器人, receiveid empty).

    msg_signature = SHA-1 of token, timestamp, nonce and Encrypt, sorted and joined without a separator
    Encrypt       = base64(AES-256-CBC(16 random bytes + length, 4 bytes + message + receiveid, padded to blocks of 32))

The signature does not say where the timestamp ends and the nonce begins, so neither proves anything: what must be
unique is the id inside. wechatpy is the reference that the tests compare with; it compares signatures with `!=`, does
not look at the padding, and takes an over-long length field when receiveid is empty. This one demands exact lengths.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

BLOCK, PREFIX, LENGTH = 32, 16, 4
_HEAD = re.compile(r"[0-9a-fA-F]{40} [0-9]{10} [0-9A-Za-z_]{1,64}")  # signature, timestamp and nonce
_ENCODING_KEY = re.compile(r"[0-9A-Za-z+/]{43}")


class Malformed(Exception):
    """Not of the shape that the platform writes."""

    def __init__(self) -> None:
        super().__init__("malformed")


class Forged(Exception):
    """Not signed with our token, or not encrypted for us. Which of them it was is not told."""

    def __init__(self) -> None:
        super().__init__("forged")


@dataclass(frozen=True)
class KeySet:
    """One Token and EncodingAESKey. Raises ValueError with a Chinese sentence if unfit."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("缺少 Token；请从企业微信管理后台复制")
        if not _ENCODING_KEY.fullmatch(self.aes_key):
            raise ValueError("EncodingAESKey 应是 43 个字母和数字；请从企业微信管理后台复制")

    @property
    def key(self) -> bytes:
        """The 32 bytes of the AES key. The last character carries two bits too many, which are random: not checked."""
        return base64.b64decode(self.aes_key + "=")


def key_sets(token: str, aes_key: str, old_token: str = "", old_aes_key: str = "") -> tuple[KeySet, ...]:
    """The pair in use and, while it is being changed, the one before; either half may change alone."""
    sets = [KeySet(token, aes_key)]
    if old_token or old_aes_key:
        sets.append(KeySet(old_token or token, old_aes_key or aes_key))
    return tuple(sets)


class Opened(NamedTuple):
    """What was inside, and the pair that opened it, with which the answer is sealed."""

    message: bytes
    keys: "_Keys"

    def __repr__(self) -> str:
        return "Opened()"

    @property
    def aes_key(self) -> str:
        """The EncodingAESKey that fitted; pictures of the same message are encrypted with it."""
        return self.keys.aes_key


@dataclass(frozen=True)
class Sealed:
    """The four parts of an encrypted answer."""

    encrypt: str
    signature: str
    timestamp: str
    nonce: str


@dataclass(frozen=True)
class _Keys:
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    cipher: "Cipher[modes.CBC]" = field(repr=False)
    opening: CipherContext = field(repr=False)


def _keys(pair: KeySet) -> _Keys:
    cipher = Cipher(algorithms.AES(pair.key), modes.CBC(pair.key[:16]))
    return _Keys(pair.token, pair.aes_key, cipher, cipher.decryptor())


class Envelopes:
    """Opens what was sealed for one receiver. `receiveid` is the corp id for an app, empty for a 智能机器人."""

    def __init__(self, sets: Sequence[KeySet], receiveid: str) -> None:
        self._receiveid = receiveid.encode()
        self._sets = [_keys(one) for one in sets]

    def open(self, signature: str, timestamp: str, nonce: str, encrypt: str) -> Opened:
        """Check and decrypt. Raises Malformed for a wrong format, Forged for everything that a key decides."""
        if not _HEAD.fullmatch(f"{signature} {timestamp} {nonce}"):
            raise Malformed
        raw = _decoded(encrypt)
        # Two sets may share a token, so a fitting signature does not yet tell which key it was.
        for keys in self._sets:
            expected = sign(keys.token, timestamp, nonce, encrypt)
            if hmac.compare_digest(expected, signature.lower()):
                message = _decrypt(keys, raw, self._receiveid)
                if message is not None:
                    return Opened(message, keys)
        raise Forged

    def seal(self, opened: Opened, message: bytes, timestamp: str, nonce: str) -> Sealed:
        """Encrypt an answer with the pair that opened the question; its nonce is the question's."""
        encrypt = encrypt_with(opened.keys.cipher, message, self._receiveid)
        return Sealed(encrypt, sign(opened.keys.token, timestamp, nonce, encrypt), timestamp, nonce)


def sign(token: str, timestamp: str, nonce: str, encrypt: str) -> str:
    parts = sorted((token, timestamp, nonce, encrypt))  # as UTF-8 sorts them
    return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()


def encrypt_with(cipher: "Cipher[modes.CBC]", message: bytes, receiveid: bytes) -> str:
    plain = secrets.token_bytes(PREFIX) + len(message).to_bytes(LENGTH, "big") + message + receiveid
    pad = BLOCK - len(plain) % BLOCK
    encryptor = cipher.encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()


def unpad(plain: bytes) -> bytes | None:
    """Take PKCS#7 padding to blocks of 32 away; None where it is not exactly that."""
    if not plain or len(plain) % BLOCK:
        return None
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or not hmac.compare_digest(plain[-pad:], bytes([pad]) * pad):
        return None
    return plain[:-pad]


def _decoded(encrypt: str) -> bytes:
    """Of base64, padded exactly. Raises Malformed. A pattern would take longer to look at it than this takes for both."""
    if not encrypt or len(encrypt) % 4 or encrypt.endswith("==="):  # which the strict mode lets pass behind whole bytes
        raise Malformed
    try:
        return binascii.a2b_base64(encrypt, strict_mode=True)
    except ValueError:  # not of ASCII, or not base64
        raise Malformed from None


def _decrypt(keys: _Keys, raw: bytes, receiveid: bytes) -> bytes | None:
    """The message, or None where any length, the padding or the receiver is not exactly as it must be."""
    if len(raw) % BLOCK:
        return None
    # One context for all: to make one takes longer than to decrypt. What the last message left in it spoils the first
    # block of the next, and no more (CBC); that block is random, and nobody reads it.
    plain = unpad(keys.opening.update(raw))
    if plain is None or len(plain) < PREFIX + LENGTH + len(receiveid):
        return None
    size = int.from_bytes(plain[PREFIX : PREFIX + LENGTH], "big")
    end = PREFIX + LENGTH + size
    if end + len(receiveid) != len(plain) or not hmac.compare_digest(plain[end:], receiveid):
        return None
    return plain[PREFIX + LENGTH : end]
