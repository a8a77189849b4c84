"""Sealing what must never be read here again: an envelope per lead, opened only with an officer's own key.

    parts -> length + parts + zeros up to a bucket -> AES-256-GCM, random key used once -> ciphertext
                                                      that key, wrapped with age for each officer and for recovery

GCM binds the ciphertext to its row (`associated`): age alone would let a writer of the database swap two leads.
Wrapping: age v1 with X25519 (https://age-encryption.org/v1). The server holds public keys only.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Never, final

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALGORITHM = "aes-256-gcm+age-x25519"
RECOVERY = "recovery"
"""Key id of the offline recovery key; no officer may be called so."""

_SMALLEST = 256
_NONCE = 12
_LENGTH = 8


class CannotOpen(Exception):
    """The envelope does not open: another's key, another's row, or changed. Which of them it was is not told."""

    def __init__(self) -> None:
        super().__init__("打不开：密钥不对，或内容已被改动")


@dataclass(frozen=True)
class Recipients:
    """Who can open: `officers` and `recovery` are age public keys. Raises ValueError with a Chinese sentence if unfit.

    `fingerprint` is the SHA-256 of the file that named them, in hex; it is bound into every envelope.
    """

    officers: Mapping[str, str]
    recovery: str
    fingerprint: str

    def __post_init__(self) -> None:
        if len(self.officers) < 2:
            raise ValueError("接收人少于两名，线索不能收；请至少登记两名线索专员的公钥")
        if RECOVERY in self.officers:
            raise ValueError(f"线索专员不能叫 {RECOVERY}；这个名字留给恢复密钥")
        if not self.fingerprint:
            raise ValueError("接收人名单没有指纹；请在配置里填写")
        for name, key in self.keys().items():
            try:
                pyrage.x25519.Recipient.from_str(key)
            except pyrage.RecipientError:
                raise ValueError(f"{name} 的公钥不是 age1 开头的 age 公钥；请重新填写") from None
        if len(set(self.keys().values())) < len(self.officers) + 1:
            raise ValueError("有两个接收人用了同一把公钥；每名线索专员和恢复密钥须各用各的")

    def keys(self) -> dict[str, str]:
        """Public keys by key id, the recovery key among them."""
        return {**self.officers, RECOVERY: self.recovery}

    @property
    def short(self) -> str:
        """The fingerprint as people compare it: 「ab12-cd34-ef56」."""
        return "-".join(self.fingerprint[at : at + 4] for at in (0, 4, 8))


@dataclass(frozen=True)
class Sealed:
    """A closed envelope as it is stored. `wraps` hold the same key for each key id."""

    nonce: bytes
    ciphertext: bytes
    wraps: Mapping[str, bytes]
    algorithm: str = ALGORITHM


@final
class Secret:
    """Confidential text on its way to being sealed. Printing, rendering, pickling or copying it fails or shows nothing.

    Two of them are never equal, so that none is found by comparing. Python cannot wipe text from memory: keep it
    short-lived.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        return self.__text

    def __repr__(self) -> str:
        return "<Secret>"

    def __str__(self) -> Never:
        raise TypeError("confidential text is not for printing")

    def __format__(self, spec: str) -> Never:
        raise TypeError("confidential text is not for printing")

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("confidential text is neither stored nor copied")


def size_bucket(length: int) -> int:
    """Bytes to which a payload of `length` bytes is padded: 256 B, 1, 4, 16 … KB. All that its size may tell."""
    bucket = _SMALLEST
    while bucket < length + _LENGTH:
        bucket *= 4
    return bucket


def associated(lead_id: int | str, created_hour: datetime, recipients_fingerprint: str) -> bytes:
    """What the envelope is bound to: its row's id, the hour it came and who was meant to read it."""
    if created_hour.tzinfo is None:
        raise ValueError("created_hour needs a time zone")
    parts = (str(lead_id), created_hour.astimezone(UTC).strftime("%Y-%m-%dT%HZ"), recipients_fingerprint)
    if any("|" in part or not part for part in parts):
        raise ValueError("parts of the associated data must be filled and free of |")
    return "|".join(("v1", *parts)).encode()


def seal(parts: bytes, *, associated: bytes, recipients: Recipients) -> Sealed:
    """Close `parts` for every recipient. Nothing of the key or of the text remains here."""
    return seal_to(parts, associated=associated, keys=recipients.keys())


def seal_to(parts: bytes, *, associated: bytes, keys: Mapping[str, str]) -> Sealed:
    """Close `parts` for just these holders (public keys by key id): how one of them alone is tried."""
    key, nonce = AESGCM.generate_key(256), secrets.token_bytes(_NONCE)
    padded = (len(parts).to_bytes(_LENGTH) + parts).ljust(size_bucket(len(parts)), b"\0")
    wraps = {
        name: bytes(pyrage.encrypt(key, [pyrage.x25519.Recipient.from_str(public)])) for name, public in keys.items()
    }
    return Sealed(nonce, AESGCM(key).encrypt(nonce, padded, _bound(associated)), wraps)


def unseal(sealed: Sealed, *, associated: bytes, identity: str) -> bytes:
    """The parts, for whoever holds one of the private keys; raises CannotOpen. For officers' machines and tests."""
    try:
        if sealed.algorithm != ALGORITHM:
            raise CannotOpen
        padded = AESGCM(_unwrap(sealed, identity)).decrypt(sealed.nonce, sealed.ciphertext, _bound(associated))
        length = int.from_bytes(padded[:_LENGTH])
        parts = padded[_LENGTH : _LENGTH + length]
        if len(parts) != length or len(padded) != size_bucket(length):
            raise CannotOpen
    except Exception:  # one answer for every cause: the reason would tell what is inside
        raise CannotOpen from None
    return parts


def rewrap(sealed: Sealed, *, identity: str, keys: Mapping[str, str]) -> dict[str, bytes]:
    """The envelope's key, wrapped for further holders (public keys by key id). For officers' machines and tests.

    Raises CannotOpen when the identity does not hold the key.
    """
    try:
        key = _unwrap(sealed, identity)
        return {
            name: bytes(pyrage.encrypt(key, [pyrage.x25519.Recipient.from_str(public)]))
            for name, public in keys.items()
        }
    except Exception:  # as in `unseal`: one answer for every cause
        raise CannotOpen from None


def digest(sealed: Sealed) -> str:
    """SHA-256 in hex over all of the envelope, for the journal: age does not say who sealed, the journal does."""
    total = hashlib.sha256()
    fields = [sealed.algorithm.encode(), sealed.nonce, sealed.ciphertext]
    for name in sorted(sealed.wraps):
        fields += [name.encode(), sealed.wraps[name]]
    for field in fields:
        total.update(len(field).to_bytes(_LENGTH) + field)
    return total.hexdigest()


def _bound(associated: bytes) -> bytes:
    return ALGORITHM.encode() + b"\0" + associated


def _unwrap(sealed: Sealed, identity: str) -> bytes:
    own = pyrage.x25519.Identity.from_str(identity)
    for wrap in sealed.wraps.values():
        try:
            return bytes(pyrage.decrypt(wrap, [own]))
        except pyrage.DecryptError:
            continue
    raise CannotOpen
