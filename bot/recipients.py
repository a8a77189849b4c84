"""Who may read leads: a file beside the configuration, pinned by its SHA-256, and the making of its keys.

The list is not in the database on purpose: one `UPDATE` there would make every future lead readable to the writer.
"""

import hashlib
import hmac
import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage

from models.sealing import RECOVERY, Recipients

_LARGEST = 64 << 10
_OFFICER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


class RecipientsError(Exception):
    """Leads cannot be taken; the text is one Chinese sentence that says why and how to mend it."""


class Unfit(RecipientsError):
    """The list is the one that was pinned, and nobody's leads could be sealed to it: fewer than two officers, say. The
    bot goes on without leads; a list that is not the pinned one stops it."""


@dataclass(frozen=True)
class Keys:
    """What `make_keys` wrote: the public list, its fingerprint to pin, and a private file per key id (recovery too)."""

    recipients: Path
    fingerprint: str
    identities: dict[str, Path]


def load(path: Path, pinned_fingerprint: str) -> Recipients:
    """The recipients in the file at `path` if it is still the pinned one; raises RecipientsError, `Unfit` among them."""
    data = _read(path)
    fingerprint = hashlib.sha256(data).hexdigest()
    pinned = re.sub(r"[\s:-]", "", pinned_fingerprint).lower()
    if not pinned:
        raise RecipientsError("没有填写 [leads] fingerprint，线索不能收；请核对接收人名单后填入它的 SHA-256")
    if not hmac.compare_digest(fingerprint.encode(), pinned.encode()):
        raise RecipientsError(
            f"接收人名单 {path.name} 与配置里的指纹不符，可能被改动，线索不能收；请两人核对后更新指纹"
        )
    try:
        content = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise RecipientsError(f"接收人名单 {path.name} 不是正确的 TOML；请用 shoudao lead keygen 重新生成") from None
    if b"AGE-SECRET-KEY-" in data.upper():
        raise RecipientsError(f"接收人名单 {path.name} 里有私钥，已泄露；请另做密钥，名单里只放公钥")
    try:
        return Recipients(_officers(content), _text(content.get("recovery"), "[recovery]", "public_key"), fingerprint)
    except ValueError as error:
        raise Unfit(str(error)) from None


def make_keys(folder: Path, officer_ids: Sequence[str]) -> Keys:
    """Fresh keys in `folder`: recipients.toml, and `<id>.key` per officer and for recovery; for the owner's eyes only.

    Nothing is overwritten, nothing half done is left; raises RecipientsError. The `.key` files must leave this machine.
    """
    names = list(officer_ids)
    if unfit := [name for name in names if not _OFFICER.fullmatch(name) or name.lower() == RECOVERY]:
        raise RecipientsError(f"线索专员的标识 {unfit[0]!r} 不能用；请用字母、数字和 _-.")
    if len({name.lower() for name in names}) < max(2, len(names)):
        raise RecipientsError("至少要两名不同的线索专员；请写明各人的标识")
    secrets = {name: pyrage.x25519.Identity.generate() for name in [*names, RECOVERY]}
    listing = _listing({name: str(secret.to_public()) for name, secret in secrets.items()})
    identities = {name: folder / f"{name}.key" for name in secrets}
    made: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, path in identities.items():
            _write_new(path, f"# {name}\n# public key: {secrets[name].to_public()}\n{secrets[name]}\n".encode(), made)
        _write_new(folder / "recipients.toml", listing, made)
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise RecipientsError(f"{error.filename} 已存在，不会覆盖；请换一个文件夹") from None
        raise RecipientsError(f"写不进 {folder}；请核对路径、权限和空间") from None
    return Keys(folder / "recipients.toml", hashlib.sha256(listing).hexdigest(), identities)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise RecipientsError(f"找不到接收人名单 {path}，线索不能收；请用 shoudao lead keygen 生成") from None
    except (OSError, ValueError):
        raise RecipientsError(f"打不开接收人名单 {path}，线索不能收；请核对路径和权限") from None
    if len(data) > _LARGEST:
        raise RecipientsError(f"接收人名单 {path.name} 大得不像名单；请核对路径")
    return data


def _officers(content: dict[str, Any]) -> dict[str, str]:
    listed = content.get("officer", [])
    if not isinstance(listed, list):
        raise ValueError("接收人名单里的线索专员写法不对；请写成 [[officer]]，每人一段")
    officers: dict[str, str] = {}
    for number, entry in enumerate(listed, 1):
        name = _text(entry, f"第{number}个 [[officer]]", "id")
        if not _OFFICER.fullmatch(name):
            raise ValueError(f"第{number}个 [[officer]] 的 id 不能用；请用字母、数字和 _-.")
        if name in officers:
            raise ValueError(f"接收人名单里 {name} 出现了两次；请只留一段")
        officers[name] = _text(entry, name, "public_key")
    return officers


def _text(entry: object, where: str, key: str) -> str:
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"接收人名单里 {where} 缺少 {key}；请补上")
    return value.strip()


def _listing(public: dict[str, str]) -> bytes:
    blocks = [f'[[officer]]\nid = "{name}"\npublic_key = "{key}"\n' for name, key in public.items() if name != RECOVERY]
    return "\n".join([*blocks, f'[recovery]\npublic_key = "{public[RECOVERY]}"\n']).encode()


def _write_new(path: Path, content: bytes, made: list[Path]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    made.append(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
