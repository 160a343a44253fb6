"""Finds the cuts of footage as it goes by: where one shot ends and another begins.

A cut shows a picture that is not the last one moved, brightened or dimmed. So thumbnails are
compared by correlation, which takes no notice of brightness, at every shift that a fast pan may
make, and against how much the pictures before were changing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from ..arrays import Float32Array, ImageArray

THUMBNAIL = (24, 32)
_SAMPLES = 3
"""Samples a side that are averaged to a pixel of the thumbnail: more would only cost."""

# Measured on the thumbnails of six clips: from frame to frame at most 0.18, strong expressions and
# a tenth of the width of pan included; 0.14 in pans of 30 % of the width a frame; across cuts 0.42
# at least.
CUT_CHANGE = 0.30
_CUT_RATIO = 1.5
"""A cut changes so many times more than any of the frames before it."""
_N_RECENT = 8
_MIN_DIFFERENCE = 8.0
"""Grey levels: pictures closer than this show the same, whatever their correlation."""
_MIN_CONTRAST = 4.0
"""Grey levels: pictures below this show nothing; black between two shots is passed over."""
_MAX_SHIFT = (4, 8)
_SHIFT_STEP = 2

# A flash only adds light, and does not last.
_FLASH_S = 0.2
_FLASH_RISE = 10.0
_DARKER, _MAX_DARKER_SHARE = 8.0, 0.03


class CutFinder:
    """Looks at frame after frame, and knows no frame to come."""

    def __init__(self) -> None:
        self._last: Float32Array | None = None
        self._recent: deque[float] = deque(maxlen=_N_RECENT)
        self._flash_began_s: float | None = None

    def is_cut(self, image: ImageArray, time_s: float) -> bool:
        """Say whether a frame begins a new shot.

        Parameters
        ----------
        image : shape (height, width, 3)
        time_s : of the frame, later than that of the one before

        Notes
        -----
        A shot that follows on black begins where the picture is back. One that is everywhere
        brighter than the shot before it looks like a flash at first, and is found 0.2 s late.
        """
        small = thumbnail(image)
        if small.std() < _MIN_CONTRAST:
            return False
        if self._last is None:
            self._last = small
            return False
        change = _change(self._last, small)
        bound = max(CUT_CHANGE, _CUT_RATIO * max(self._recent, default=0.0))
        is_other = change > bound
        if is_other and self._is_flash(small, time_s):
            return False
        self._last, self._flash_began_s = small, None
        if is_other:
            self._recent.clear()
        else:
            self._recent.append(change)
        return is_other

    def _is_flash(self, small: Float32Array, time_s: float) -> bool:
        """Say whether a picture is the last one with light added, and not yet for long."""
        assert self._last is not None
        brighter = small - self._last
        is_lit = brighter.mean() > _FLASH_RISE
        if not is_lit or (brighter < -_DARKER).mean() > _MAX_DARKER_SHARE:
            return False
        if self._flash_began_s is None:
            self._flash_began_s = time_s
        return time_s - self._flash_began_s < _FLASH_S


def thumbnail(image: ImageArray) -> Float32Array:
    """Return a small picture of a frame in grey, shape (24, 32), made of a few of its pixels."""
    import cv2

    rows, columns = THUMBNAIL
    row_step = max(1, image.shape[0] // (_SAMPLES * rows))
    column_step = max(1, image.shape[1] // (_SAMPLES * columns))
    # Green alone: as good as grey here, and already there.
    sampled = np.ascontiguousarray(image[::row_step, ::column_step, 1])
    small = cv2.resize(sampled, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _change(before: Float32Array, after: Float32Array) -> float:
    """Return 0 for the same picture, moved or lit otherwise, to about 1 for quite another."""
    if np.abs(after - before).mean() < _MIN_DIFFERENCE:
        return 0.0
    unmoved = 1.0 - _correlation(before, after)
    if unmoved <= CUT_CHANGE:
        return unmoved
    return 1.0 - max(_correlation(*pair) for pair in _shifted_pairs(before, after))


def _shifted_pairs(
    one: Float32Array, other: Float32Array
) -> Iterator[tuple[Float32Array, Float32Array]]:
    """Yield what two pictures share when one is shifted against the other."""
    rows, columns = one.shape
    for down in range(-_MAX_SHIFT[0], _MAX_SHIFT[0] + 1, _SHIFT_STEP):
        for across in range(-_MAX_SHIFT[1], _MAX_SHIFT[1] + 1, _SHIFT_STEP):
            height, width = rows - abs(down), columns - abs(across)
            top, left = max(down, 0), max(across, 0)
            above, beside = max(-down, 0), max(-across, 0)
            yield (
                one[top : top + height, left : left + width],
                other[above : above + height, beside : beside + width],
            )


def _correlation(one: Float32Array, other: Float32Array) -> float:
    """Return the correlation of two pictures, −1 to 1; 0 where one of them is uniform."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0.0 else 0.0
