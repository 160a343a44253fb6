"""Tells whether footage is still the footage that was captured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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


def hash_footage(files: Sequence[Path]) -> FootageHash:
    """Identify footage: one file by its content, several by their names and sizes.

    Parameters
    ----------
    files : those that its frames are read from (`FrameSource.files`), in any order

    Returns
    -------
    FootageHash
        Without content where there are no files: a camera or a stream.

    Raises
    ------
    CannotOpen
        A file is missing or cannot be read.
    """
    if not files:
        return FootageHash(None, None)
    try:
        return _hash_file(files[0]) if len(files) == 1 else _hash_images(files)
    except OSError as error:
        raise CannotOpen(
            f"Footage '{error.filename or files[0]}' cannot be read: {error.strerror}. "
            "Check that it is there, and its permissions."
        ) from error


def _hash_images(files: Sequence[Path]) -> FootageHash:
    """Hash images by their names and sizes; their order does not matter."""
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
