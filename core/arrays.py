"""Array types, and the checks that public functions make on what they are given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import RangeError, ShapeError

FloatArray = NDArray[np.floating[Any]]
Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
IndexArray = NDArray[np.int32]
BoolArray = NDArray[np.bool_]
ImageArray = NDArray[np.uint8]
AnyArray = NDArray[Any]


def as_stored(image: ImageArray) -> tuple[ImageArray, bool]:
    """Return an image with its channels as they lie in memory, and whether that is in reverse.

    Decoders give BGR. Read backwards, shape (height, width, 3) with a negative stride, it is RGB
    without a copy; but whoever goes through all of it pays twenty times for that.
    """
    is_reversed = image.strides[-1] < 0
    return (image[..., ::-1] if is_reversed else image), is_reversed


def in_order(image: ImageArray) -> ImageArray:
    """Return the same image with its channels in the order in which they lie in memory."""
    stored, is_reversed = as_stored(image)
    if not is_reversed:
        return image
    import cv2

    return np.asarray(cv2.cvtColor(np.ascontiguousarray(stored), cv2.COLOR_BGR2RGB), np.uint8)


def check_shape(name: str, array: AnyArray, shape: tuple[int | str, ...]) -> None:
    """Raise unless the array has the shape.

    Parameters
    ----------
    name : what the array is called in the message
    array : any array
    shape : one entry an axis: a number must match, a word stands for any number of at least 0

    Raises
    ------
    ShapeError
        Number of axes or a length differs.
    """
    fits = array.ndim == len(shape) and all(
        isinstance(wanted, str) or wanted == found
        for wanted, found in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted_text = "(" + ", ".join(str(length) for length in shape) + ")"
        raise ShapeError(f"{name} must have shape {wanted_text}, got {array.shape}")


def check_indices(name: str, indices: AnyArray, count: int) -> None:
    """Raise unless all indices lie in 0 … count − 1.

    Raises
    ------
    RangeError
        An index points outside.
    """
    if indices.size and (indices.min() < 0 or indices.max() >= count):
        raise RangeError(
            f"{name} must lie in 0 … {count - 1}, got {int(indices.min())} … {int(indices.max())}"
        )
