"""One image file → RGB, 8 bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import AnyArray, ImageArray
from ..errors import CannotDecode
from .backend import load_cv2

IMAGE_SUFFIXES = (
    ".bmp", ".dib", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm",
    ".tif", ".tiff", ".webp",
)  # fmt: skip


def read_image(path: Path) -> ImageArray:
    """Read an image as an artist sees it.

    Grey becomes RGB; 16 bit are scaled to 8 (65535 to 255); float images are taken as 0 to 1; an
    EXIF orientation is obeyed. Transparent pixels are laid over black: what an alpha channel hides
    has arbitrary colours, and stays hidden.

    Parameters
    ----------
    path : the file; any name that the system allows

    Returns
    -------
    shape (height, width, 3), uint8, RGB

    Raises
    ------
    CannotDecode
        The file is missing, may not be read, or is not an image.
    """
    try:
        encoded = np.fromfile(path, np.uint8)  # `imread` takes no non-ASCII names on Windows.
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotDecode(
            f"Image '{path.name}' cannot be read: {reason}. Check the file."
        ) from error
    image = _decoded(encoded)
    if image is None:
        raise CannotDecode(
            f"Image '{path.name}' cannot be decoded: it is damaged or of an unknown kind. "
            "Export it again as PNG."
        )
    return image


def _decoded(encoded: AnyArray) -> ImageArray | None:
    """Decode an image file's bytes; None where they are not an image."""
    cv2: Any = load_cv2()
    if not encoded.size:
        return None
    try:
        # Only with the colour flag does OpenCV turn the image as EXIF says; it drops alpha then.
        color = cv2.imdecode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        raw = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    except cv2.error:  # larger than OpenCV's limit, or a broken header
        return None
    if color is None or raw is None:
        return None
    bgr = _to_8_bit(color)
    if raw.ndim == 3 and raw.shape[2] == 4 and raw.shape[:2] == color.shape[:2]:
        alpha = _to_8_bit(raw[..., 3:]).astype(np.float32) / 255.0
        bgr = np.rint(bgr * alpha).astype(np.uint8)
    return np.ascontiguousarray(bgr[..., ::-1])


def _to_8_bit(image: AnyArray) -> ImageArray:
    """Scale to 0 to 255."""
    if image.dtype == np.uint8:
        return image
    largest = np.iinfo(image.dtype).max if np.issubdtype(image.dtype, np.integer) else 1.0
    scaled = np.nan_to_num(image) * np.float32(255.0 / largest)
    return np.asarray(np.rint(scaled).clip(0, 255), np.uint8)
