"""The pictures in a take: pieces of frames that were kept for the face's texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType

import numpy as np

from ..arrays import ImageArray
from ..errors import BackendError
from ..records import Still
from .durable_file import write_durably
from .take_header import StillEntry, damaged, read_header

STILLS_NAME = "stills"
_SHARED = [field.name for field in fields(StillEntry) if field.name != "file"]


def count_stills(folder: str | Path) -> int:
    """Return how many stills a take names, whether their pictures are whole or not.

    Raises
    ------
    TakeMissing, TakeTooNew, TakeDamaged, TakeError
        As `read_take`.
    """
    return len(read_header(Path(folder).absolute()).stills)


def read_stills(folder: str | Path) -> list[Still]:
    """Read the stills of a take, best first within each face.

    Raises
    ------
    TakeMissing, TakeTooNew, TakeDamaged, TakeError
        As `read_take`; TakeDamaged also where a picture is missing or no picture.
    """
    place = Path(folder).absolute()
    entries = sorted(read_header(place).stills, key=lambda entry: (entry.face_index, -entry.score))
    return [
        Still(image=_read_image(place, entry), **{name: getattr(entry, name) for name in _SHARED})
        for entry in entries
    ]


def write_stills(
    folder: Path, stills: Sequence[Still], *, before: Sequence[StillEntry]
) -> tuple[StillEntry, ...]:
    """Write the pictures of stills that are not among those before.

    Returns
    -------
    tuple of StillEntry
        One a still, in their order; no name is given twice, so that the old index stays true.

    Raises
    ------
    OSError, BackendError
        A picture could not be written; OpenCV is missing or cannot encode it.
    """
    names = {replace(entry, file=""): entry.file for entry in before}
    serial = 1 + max((_serial_of(entry.file) for entry in before), default=0)
    entries = []
    for still in stills:
        entry = _entry_of(still)
        name = names.get(entry)
        if name is None:
            name = f"face{still.face_index}-{serial:04d}.png"
            _write_image(folder, file=name, image=still.image)
            serial += 1
        entries.append(replace(entry, file=name))
    return tuple(entries)


def _entry_of(still: Still) -> StillEntry:
    """Return all of a still but its pixels, without a file yet."""
    return StillEntry(
        file="",
        face_index=int(still.face_index),
        frame_index=int(still.frame_index),
        score=float(still.score),
        x_px=float(still.x_px),
        y_px=float(still.y_px),
        scale=float(still.scale),
    )


def _serial_of(name: str) -> int:
    """Return the running number in the name of a still."""
    return int(name.removesuffix(".png").rpartition("-")[2])


def _write_image(folder: Path, *, file: str, image: ImageArray) -> None:
    """Write one picture of a take as a PNG."""
    cv2 = _opencv()
    is_encoded, png = cv2.imencode(
        ".png", cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR)
    )
    if not is_encoded:
        raise BackendError(f"OpenCV makes no PNG of an image of shape {image.shape}.")
    (folder / STILLS_NAME).mkdir(exist_ok=True)
    write_durably(folder / STILLS_NAME / file, png.tobytes())


def _read_image(folder: Path, entry: StillEntry) -> ImageArray:
    """Read one picture: (h, w, 3) RGB."""
    cv2 = _opencv()
    try:
        content = (folder / STILLS_NAME / entry.file).read_bytes()
    except OSError as error:
        raise damaged(folder, f"still '{entry.file}' cannot be read") from error
    image = None
    if content[-8:-4] == b"IEND":  # OpenCV fills up what is missing of a cut picture
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise damaged(folder, f"still '{entry.file}' is no picture")
    rgb: ImageArray = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return rgb


def _opencv() -> ModuleType:
    """Import OpenCV, which reads and writes the PNG files."""
    try:
        import cv2
    except ImportError as error:
        raise BackendError(
            f"The stills of a take need OpenCV, which cannot be loaded ({error}). "
            "Install opencv-python-headless."
        ) from error
    return cv2
