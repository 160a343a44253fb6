"""What is kept of a frame until a face is looked at again: a little more than its region."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Float64Array, ImageArray, as_stored, check_shape
from ..records import Region
from .region import image_from_crop_matrix, warped_crop

MARGIN = 0.2
"""What is kept around the region at each side, in sizes of it."""
_HALVED_FROM = 1.6
"""So many pixels of a patch or more to one of a crop are halved."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A piece of a frame around the regions of a face, smaller where there are pixels to spare.

    `image` (h, w, 3) RGB. `patch_from_image` (2, 3) float64 lays a point of the frame on it.
    `box_px` (2, 2) float64: lowest and highest x, y of what was asked for; where it reaches beyond
    the frame, the frame's border stands for what is there.
    """

    image: ImageArray
    patch_from_image: Float64Array
    box_px: Float64Array

    def holds(self, region: Region) -> bool:
        """Say whether all of a region of the frame was kept."""
        low, high = _box(region)
        return bool((self.box_px[0] <= low).all() and (high <= self.box_px[1]).all())


def patch_from_image(image: ImageArray, regions: Sequence[Region], *, size: int) -> Patch:
    """Keep what crops near some regions need.

    Pixels are averaged over areas where the regions are larger than a crop: what would be noise
    between the samples of a crop is gone, and the patch is small.

    Parameters
    ----------
    image : shape (height, width, 3), RGB
    regions : around which, at least one; partly inside of the image
    size : pixels a side of the crops
    """
    import cv2

    check_shape("image", image, ("height", "width", 3))
    stored, is_reversed = as_stored(image)
    boxes = np.stack([_box(region, margin=MARGIN) for region in regions])
    box = np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])
    columns, rows = (
        _span(low, high, length=length)
        for (low, high), length in zip(box.T.tolist(), image.shape[1::-1], strict=True)
    )
    kept, factor = np.ascontiguousarray(stored[rows, columns]), 1
    step = min(region.size_px for region in regions) / size
    # Halved, and halved again: quick where any other ratio would cost more than a crop's network.
    while step >= _HALVED_FROM * factor and min(kept.shape[:2]) >= 2:
        even = kept[: kept.shape[0] // 2 * 2, : kept.shape[1] // 2 * 2]
        halved = (even.shape[1] // 2, even.shape[0] // 2)
        kept, factor = cv2.resize(even, halved, interpolation=cv2.INTER_AREA), 2 * factor
    if is_reversed:
        kept = cv2.cvtColor(kept, cv2.COLOR_BGR2RGB)
    # A pixel's middle is where its number says: half a pixel is added and taken off again.
    placing = np.array(
        [
            [1.0 / factor, 0.0, (0.5 - columns.start) / factor - 0.5],
            [0.0, 1.0 / factor, (0.5 - rows.start) / factor - 0.5],
        ]
    )
    return Patch(np.asarray(kept, np.uint8), placing, box)


def crop_from_patch(patch: Patch, region: Region, *, size: int) -> ImageArray:
    """Cut a region of the frame out of what was kept of it; see `crop_from_image`."""
    image_from_crop = np.vstack([image_from_crop_matrix(region, size=size), [0.0, 0.0, 1.0]])
    return warped_crop(patch.image, patch.patch_from_image @ image_from_crop, size=size)


def _box(region: Region, *, margin: float = 0.0) -> Float64Array:
    """Return lowest and highest x, y of a region with a margin in sizes of it: shape (2, 2)."""
    turn = abs(math.cos(region.rotation_rad)) + abs(math.sin(region.rotation_rad))
    half = region.size_px * (0.5 * turn + margin)
    middle = np.array([region.x_px, region.y_px])
    return np.stack([middle - half, middle + half])


def _span(low: float, high: float, *, length: int) -> slice:
    """Return the pixels of an axis from one place to another, at least one."""
    first = min(max(math.floor(low), 0), length - 1)
    last = min(max(math.ceil(high), 0), length - 1)
    return slice(first, last + 1)
