"""Reading leads on an officer's own machine: ciphertext comes, the identity never leaves.

    fetch -> check every digest -> unwrap with the identity -> open -> show

and, for a new or a retired officer, wraps made here for the holders that the officer's own copy of the list names.
"""

import base64
import binascii
import getpass
import hashlib
import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pyrage

from bot import recipients
from bot.recipients import RecipientsError
from models.sealing import CannotOpen, Recipients, Sealed, associated, digest, rewrap, unseal

AGE = b"age-encryption.org/v1\n"
DRILL = "演练"  # for one holder alone, to try that key with
TIMEOUT = aiohttp.ClientTimeout(total=60)


class ReadingFailed(Exception):
    """A lead cannot be read; the text is one Chinese sentence."""


@dataclass(frozen=True)
class Part:
    """One envelope, opened. `who` is the author's account, empty where no name was given."""

    text: str = field(repr=False)
    who: str = field(repr=False)
    name: str = field(repr=False)
    unit: str = field(repr=False)
    at: str
    pictures: tuple[bytes, ...] = field(repr=False)
    files: tuple[tuple[str, bytes], ...] = field(repr=False)  # what their sender called them, and their bytes


def read_identity(path: Path, ask: Callable[[str], str] = getpass.getpass) -> str:
    """The private key in an identity file, as `lead keygen` writes it or as `age -p` has locked it."""
    try:
        data = path.read_bytes()
    except OSError:
        raise ReadingFailed(f"打不开密钥文件 {path}") from None
    if data.startswith(AGE):
        try:
            data = bytes(pyrage.passphrase.decrypt(data, ask("密钥口令：")))
        except pyrage.DecryptError:
            raise ReadingFailed("口令不对") from None
    keys = [line.strip() for line in data.decode("utf-8", "replace").splitlines() if line.startswith("AGE-SECRET-KEY-")]
    if len(keys) != 1:
        raise ReadingFailed(f"{path} 里应有且只有一把 AGE-SECRET-KEY- 开头的私钥")
    return keys[0]


def safe(server: str) -> str:
    """The server's address; plain HTTP only on this machine, or the token would travel in clear."""
    parts = urlsplit(server.rstrip("/"))
    host = parts.hostname or ""
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = host == "localhost"
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise ReadingFailed("服务器地址须以 https:// 开头；只有本机可以用 http")
    return server.rstrip("/")


class Client:
    """The officer's side of the ciphertext API. Raises ReadingFailed."""

    def __init__(self, server: str, token: str) -> None:
        self._server, self._headers = safe(server), {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: object) -> Any:
        return await self._ask("POST", path, body)

    async def _ask(self, method: str, path: str, body: object) -> Any:
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=TIMEOUT) as session,
                session.request(method, self._server + path, json=body, allow_redirects=False) as response,
            ):
                answer = await response.json()
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise ReadingFailed(f"连不上 {self._server}") from None
        if status != 200:
            said = answer.get("error") if isinstance(answer, dict) else None
            raise ReadingFailed(f"服务器拒绝（{status}）：{said or '没有说明'}")
        return answer


async def open_lead(client: Client, number: str, identity: str) -> list[Part]:
    """Every envelope of a lead, opened here. One that does not open fails the whole."""
    lead = await client.get(f"/api/leads/{number}")
    if lead.get("erased"):
        raise ReadingFailed(f"{number} 的内容已按期销毁")
    return [_part(open_envelope(one, identity)) for one in lead["envelopes"]]


def open_envelope(envelope: dict[str, Any], identity: str) -> bytes:
    """Open what the server handed out; its own word for the digest must fit what it handed."""
    try:
        sealed, bound = _sealed(envelope), _bound(envelope)
        if digest(sealed) != envelope["digest"]:
            raise CannotOpen
        return unseal(sealed, associated=bound, identity=identity)
    except CannotOpen as fault:
        raise ReadingFailed(str(fault)) from None
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise ReadingFailed("服务器给的信封不完整") from None


async def rewrap_all(client: Client, own: Recipients, identity: str, say: Callable[[str], None]) -> int:
    """Give every lead's key to the holders in `own`, this machine's copy of the list; gives how many leads changed."""
    theirs = (await client.get("/api/leads/recipients"))["fingerprint"]
    if theirs != own.fingerprint:
        raise ReadingFailed("服务器用的接收人名单与您手里的不同，请先两人核对指纹")
    changed, after = 0, 0
    while found := await client.get(f"/api/leads?after={after}"):
        for row in found:
            after = int(row["number"].removeprefix("L-"))
            if row["erased"] or row["stage"] == DRILL:
                continue
            lead = await client.get(f"/api/leads/{row['number']}")
            wraps = {one["token"]: _missing(one, own, identity) for one in lead["envelopes"]}
            answer = await client.post(f"/api/leads/{row['number']}/wraps", wraps)
            changed += bool(answer["added"] or answer["gone"])
            if answer["added"] or answer["gone"]:
                say(
                    f"{row['number']}：新增 {'、'.join(answer['added']) or '无'}，撤去 {'、'.join(answer['gone']) or '无'}"
                )
    return changed


def own_list(path: Path) -> Recipients:
    """This machine's copy of the list of recipients, whose fingerprint its officer compares by eye."""
    try:
        pinned = hashlib.sha256(path.read_bytes()).hexdigest()
        return recipients.load(path, pinned)
    except OSError:
        raise ReadingFailed(f"打不开接收人名单 {path}") from None
    except RecipientsError as fault:
        raise ReadingFailed(str(fault)) from None


def _missing(envelope: dict[str, Any], own: Recipients, identity: str) -> dict[str, str]:
    wanted = {key: public for key, public in own.keys().items() if key not in envelope["wraps"]}
    if not wanted:
        return {}
    open_envelope(envelope, identity)  # never pass on the key of an envelope that has been tampered with
    made = rewrap(_sealed(envelope), identity=identity, keys=wanted)
    return {key: base64.b64encode(data).decode() for key, data in made.items()}


def _sealed(envelope: dict[str, Any]) -> Sealed:
    wraps = {str(key): base64.b64decode(data) for key, data in envelope["wraps"].items()}
    nonce, ciphertext = base64.b64decode(envelope["nonce"]), base64.b64decode(envelope["ciphertext"])
    return Sealed(nonce, ciphertext, wraps, envelope["algorithm"])


def _bound(envelope: dict[str, Any]) -> bytes:
    hour = datetime.strptime(envelope["hour"], "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
    return associated(envelope["token"], hour, envelope["fingerprint"])


def _part(content: bytes) -> Part:
    said = json.loads(content)
    pictures = tuple(base64.b64decode(one) for one in said.get("pictures", []))
    return Part(
        text=said["text"],
        who=said.get("from") or "",
        name=said.get("name") or "",
        unit=said.get("unit") or "",
        at=said.get("at") or "",
        pictures=pictures,
        files=tuple((one["title"], base64.b64decode(one["data"])) for one in said.get("files", [])),
    )
