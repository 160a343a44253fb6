"""The curves of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..arrays import ImageArray

_SIZE = (420, 900)
_MARGIN = 60
_COLOURS = ((40, 90, 200), (200, 90, 40), (40, 150, 70), (140, 70, 160), (90, 90, 90))


def draw_curves(
    lines: Sequence[dict[str, float]], *, across: str, names: Sequence[str], title: str
) -> ImageArray:
    """Draw some values of a training's lines over another, both axes from 0: RGB.

    Parameters
    ----------
    lines : what the loop wrote; each holds some of the names
    across : the value along x
    names : the values along y
    title : what stands above
    """
    import cv2

    height, width = _SIZE
    image = np.full((height, width, 3), 255, np.uint8)
    series = {
        name: [(line[across], line[name]) for line in lines if name in line] for name in names
    }
    points = [point for pairs in series.values() for point in pairs if np.isfinite(point).all()]
    right = max((x for x, _ in points), default=1.0) or 1.0
    # The first values are far above all others: they leave the picture at the top.
    top = 1.2 * float(np.percentile([y for _, y in points], 90)) if points else 1.0
    left, bottom = _MARGIN, height - _MARGIN

    def place(x: float, y: float) -> tuple[int, int]:
        reach_x, reach_y = width - 2 * _MARGIN, height - 2 * _MARGIN
        return round(left + x / right * reach_x), round(bottom - min(y / top, 1.1) * reach_y)

    font, black = cv2.FONT_HERSHEY_SIMPLEX, (0, 0, 0)
    for part in range(5):
        x, y = place(right * part / 4, 0.0)[0], place(0.0, top * part / 4)[1]
        cv2.line(image, (left, y), (width - _MARGIN, y), (225, 225, 225), 1)
        cv2.putText(image, f"{top * part / 4:.3g}", (8, y + 4), font, 0.4, black, 1, cv2.LINE_AA)
        label = f"{right * part / 4:.4g}"
        cv2.putText(image, label, (x - 14, bottom + 18), font, 0.4, black, 1, cv2.LINE_AA)
    cv2.putText(image, title, (left, 24), font, 0.5, black, 1, cv2.LINE_AA)
    cv2.putText(image, across, (width // 2, height - 18), font, 0.45, black, 1, cv2.LINE_AA)
    for number, (name, pairs) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        if pairs:
            line = np.array([place(x, y) for x, y in pairs if np.isfinite(y)], np.int32)
            cv2.polylines(image, [line.reshape(-1, 1, 2)], False, colour, 1, cv2.LINE_AA)
        at = (left + 150 * number, 46)
        cv2.putText(image, name, at, font, 0.45, colour, 1, cv2.LINE_AA)
    return image


def write_picture(path: Path, image: ImageArray) -> None:
    """Write an RGB picture as .png."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.ascontiguousarray(image[..., ::-1]))
