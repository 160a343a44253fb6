"""Pictures in a grid, each with a caption: a clip at one glance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..arrays import ImageArray, check_shape
from ..errors import ArgumentError

_PAPER_RGB, _INK_RGB, _EMPTY_RGB = (24, 24, 27), (232, 232, 235), (44, 44, 48)
_GAP_PX, _CAPTION_PX = 8, 26
_FONT_SCALE = 0.5


def contact_sheet(
    rows: Sequence[Sequence[ImageArray | None]],
    *,
    row_captions: Sequence[str] = (),
    column_captions: Sequence[str] = (),
    cell_width: int = 400,
) -> ImageArray:
    """Lay pictures out in a grid.

    Parameters
    ----------
    rows : pictures, each (height, width, 3) RGB of any size; None leaves a place empty
    row_captions : one a row, shown in the corner of its first picture
    column_captions : one a column, shown above it
    cell_width : pixels; the height follows from the first picture

    Returns
    -------
    shape (height, width, 3), RGB
        Pictures of other proportions are fitted in, with a border.
    """
    pictures = [picture for row in rows for picture in row if picture is not None]
    n_columns = max((len(row) for row in rows), default=0)
    if not pictures or cell_width < 16:
        raise ArgumentError("A contact sheet needs at least one picture, 16 pixels wide.")
    for known in pictures:
        check_shape("picture", known, ("height", "width", 3))
    cell_height = max(round(cell_width * pictures[0].shape[0] / pictures[0].shape[1]), 1)
    top = _GAP_PX + (_CAPTION_PX if column_captions else 0)
    height = top + len(rows) * (cell_height + _GAP_PX)
    width = _GAP_PX + n_columns * (cell_width + _GAP_PX)
    sheet = np.full((height, width, 3), _PAPER_RGB, np.uint8)
    for row_index, row in enumerate(rows):
        y = top + row_index * (cell_height + _GAP_PX)
        for column in range(n_columns):
            picture = row[column] if column < len(row) else None
            x = _GAP_PX + column * (cell_width + _GAP_PX)
            cell = sheet[y : y + cell_height, x : x + cell_width]
            _place_into(cell, picture)
            if column == 0 and row_index < len(row_captions):
                _write_into(cell, row_captions[row_index], left=8, baseline=cell_height - 10)
    for column, caption in enumerate(column_captions[:n_columns]):
        left = _GAP_PX + column * (cell_width + _GAP_PX)
        _write_into(sheet, caption, left=left + 2, baseline=_GAP_PX + _CAPTION_PX - 10)
    return sheet


def _place_into(cell: ImageArray, picture: ImageArray | None) -> None:
    """Fit a picture into its cell, in the middle."""
    import cv2

    cell[:] = _EMPTY_RGB
    if picture is None:
        return
    height, width = cell.shape[:2]
    scale = min(height / picture.shape[0], width / picture.shape[1])
    size = (
        max(min(round(picture.shape[1] * scale), width), 1),
        max(min(round(picture.shape[0] * scale), height), 1),
    )
    flags = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    small = cv2.resize(picture, size, interpolation=flags)
    y, x = (height - size[1]) // 2, (width - size[0]) // 2
    cell[y : y + size[1], x : x + size[0]] = small


def _write_into(image: ImageArray, text: str, *, left: int, baseline: int) -> None:
    """Write light text with a dark rim, readable on anything; OpenCV's font has ASCII only."""
    import cv2

    shown = text.encode("ascii", "replace").decode("ascii")
    # Cut, never shrunk: a row of captions stays even.
    room = image.shape[1] - left - 4
    while shown and _width_px(shown) > room:
        shown = shown[:-1]
    canvas = np.ascontiguousarray(image)
    for colour, thickness in ((_PAPER_RGB, 3), (_INK_RGB, 1)):
        cv2.putText(
            canvas,
            shown,
            (left, baseline),
            cv2.FONT_HERSHEY_SIMPLEX,
            _FONT_SCALE,
            colour,
            thickness,
            cv2.LINE_AA,
        )
    image[:] = canvas


def _width_px(text: str) -> int:
    """Return how wide text will be."""
    import cv2

    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, _FONT_SCALE, 1)
    return math.ceil(width)
