"""What a door hands in: one frozen value for a message or a pressed key, whatever the platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from models.sealing import Secret


@dataclass(frozen=True)
class Picture:
    """A picture already decoded and re-encoded from its pixels; not yet kept anywhere."""

    sha256: str
    mime: str
    width: int
    height: int
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The file name under which it is kept, once it is."""
        return f"{self.sha256}.{'png' if self.mime == 'image/png' else 'jpg'}"


@dataclass(frozen=True)
class Attachment:
    """A file whose content has been looked at; not yet kept anywhere. `kind` is what it is, such as `pdf`; `title` what
    its sender called it, made fit to be shown."""

    sha256: str
    kind: str
    title: str
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The file name under which it is kept, once it is."""
        return f"{self.sha256}.{self.kind}"

    @property
    def said_size(self) -> str:
        """Its size as people say it."""
        size = len(self.data)
        return f"{size / (1 << 20):.1f}兆" if size >= 1 << 20 else f"{max(size // 1024, 1)}K"


class Incoming(NamedTuple):
    """One message or click.

    `words` is wrapped, because any private message may turn out to be a lead. `room` is None for a private one.
    `message` is the platform's id of this message, `quote` that of the quoted one where the platform tells it,
    and `quoted_words` its text where that is all it tells. `key` is a pressed button's key, `target` the
    message that carries it. `called` is what a platform calls somebody whom the roster does not know. `heard`
    is False for a room message that the bot only keeps on the platform's behalf. `answer_at` is the row of
    `answer_addresses`, where the platform gave such an address.
    """

    channel: str
    external_id: str
    person: str
    room: str | None
    words: Secret
    at: datetime
    message: str = ""
    quote: str | None = None
    quoted_words: str = ""
    pictures: tuple[Picture, ...] = ()
    files: tuple[Attachment, ...] = ()
    key: str | None = None
    target: str | None = None
    heard: bool = True
    called: str = ""
    payload_hash: str = ""
    answer_at: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Incoming(channel={self.channel!r}, external_id={self.external_id!r})"

    @property
    def private(self) -> bool:
        return self.room is None
