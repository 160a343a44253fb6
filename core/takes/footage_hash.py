"""Tells whether footage is still the footage that was captured."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..errors import CannotOpen

WHOLE_BYTES = 64 << 20
"""Files up to this size are hashed whole."""
PIECE_BYTES = 16 << 20
"""Of larger files the first, the middle and the last piece of this size."""


class FootageHash(NamedTuple):
    """Size in bytes and SHA-256 in hexadecimal, by the rules of `docs/formats/take.md`.

    Both are None for a camera or a stream, which has neither.
    """

    n_bytes: int | None
    sha256: str | None


def hash_footage(path: str | Path) -> FootageHash:
    """Identify a video file, or a folder of images by the names and sizes of its files.

    Returns
    -------
    FootageHash
        Without content where there is no file or folder of that name: a camera or a stream.

    Raises
    ------
    CannotOpen
        The file or folder is there but cannot be read.
    """
    place = Path(path)
    try:
        if place.is_dir():
            return hash_images([entry for entry in place.iterdir() if entry.is_file()])
        if place.is_file():
            return _hash_file(place)
    except OSError as error:
        raise CannotOpen(
            f"Footage '{place}' cannot be read: {error.strerror}. Check its permissions."
        ) from error
    return FootageHash(None, None)


def hash_images(files: list[Path]) -> FootageHash:
    """Identify images by their names and sizes; their order does not matter."""
    digest = hashlib.sha256()
    n_bytes = 0
    for file in sorted(files, key=lambda file: file.name):
        size = file.stat().st_size
        n_bytes += size
        digest.update(f"{file.name}\0{size}\n".encode("utf-8", "surrogateescape"))
    return FootageHash(n_bytes, digest.hexdigest())


def _hash_file(path: Path) -> FootageHash:
    """Hash a file: whole, or its size and three pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        n_bytes = path.stat().st_size
        if n_bytes <= WHOLE_BYTES:
            _update(digest, file, n_bytes=n_bytes)
        else:
            digest.update(n_bytes.to_bytes(8, "little"))
            for start in (0, (n_bytes - PIECE_BYTES) // 2, n_bytes - PIECE_BYTES):
                file.seek(start)
                _update(digest, file, n_bytes=PIECE_BYTES)
    return FootageHash(n_bytes, digest.hexdigest())


def _update(digest: hashlib._Hash, file: BinaryIO, *, n_bytes: int) -> None:
    """Feed the next bytes of a file to the digest, a mebibyte at a time."""
    while n_bytes > 0 and (piece := file.read(min(n_bytes, 1 << 20))):
        digest.update(piece)
        n_bytes -= len(piece)
