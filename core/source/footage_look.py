"""What footage is, and a small picture of it, for whoever chooses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arrays import ImageArray
from ..records import Footage
from ..settings import SourceSettings
from .backend import load_cv2
from .opening import open_source


@dataclass(frozen=True, slots=True, eq=False)
class FootageLook:
    """`thumbnail` is (h, w, 3) RGB, the first frame of the range made small.

    `duration_s` follows from the header's claims; None where it makes none.
    """

    footage: Footage
    thumbnail: ImageArray
    duration_s: float | None


def look_at_footage(path: str, settings: SourceSettings, *, longest_px: int) -> FootageLook:
    """Open footage, decode one frame of it, and close it.

    Parameters
    ----------
    path, settings : as `open_source`
    longest_px : the longer side of the thumbnail, at most

    Raises
    ------
    SourceError, ArgumentError, BackendError
        As `open_source`; CannotDecode where the range holds no frame.
    """
    with open_source(path, settings, queue_size=1) as source:
        footage = source.footage
        frame = next(iter(source.frames()))
    duration_s = None if footage.n_frames is None else footage.n_frames / footage.rate_hz
    return FootageLook(footage, _made_small(frame.image, longest_px), duration_s)


def _made_small(image: ImageArray, longest_px: int) -> ImageArray:
    """Scale an image down so that its longer side fits."""
    cv2: Any = load_cv2()
    height, width = image.shape[:2]
    scale = min(1.0, longest_px / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small: ImageArray = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small
