"""The media folder: where pictures and files that are shown or reported are kept, by the hash of their content."""

import hashlib
from pathlib import Path

from bot import attachments, photos
from models.incoming import Attachment, Picture


async def read_picture(data: bytes) -> Picture:
    """Decode and re-encode a picture from outside, in memory only. Raises PhotoRefused."""
    clean = await photos.clean(data)
    digest = hashlib.sha256(clean.data).hexdigest()
    return Picture(sha256=digest, mime=clean.mime, width=clean.width, height=clean.height, data=clean.data)


class Media:
    """Keeps pictures and files under one folder; the same content twice is one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, picture: Picture) -> str:
        kept = photos.Clean(data=picture.data, mime=picture.mime, width=picture.width, height=picture.height)
        return (await photos.keep(kept, self.folder)).name

    async def keep_file(self, file: Attachment) -> str:
        return await attachments.keep(file, self.folder)

    async def forget(self, name: str) -> None:
        """Delete a picture or file that nothing shows any more."""
        path = self.path(name) or self.path_of_file(name)
        if path is not None:
            path.unlink(missing_ok=True)

    def path(self, name: str) -> Path | None:
        return photos.path_of(self.folder, name)

    def path_of_file(self, name: str) -> Path | None:
        return attachments.path_of(self.folder, name)
