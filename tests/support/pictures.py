"""Small pictures to send."""

import io

from PIL import Image


def photo(colour: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()
