"""A contact sheet of training pairs: what the data maker makes, with its truth drawn in.

Run as `python -m mien.core.training.pair_sheet PAIRS.npz --out sheet.jpg`; pairs lie in the folder
of a training (docs/training.md).
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import numpy as np

from ..arrays import ImageArray
from ..errors import MienError
from .pair_maker import Kind
from .pair_store import PairFile, read_pairs

_GREEN, _RED = (0, 255, 0), (255, 0, 0)
_COLUMNS = 10


def pair_sheet(pairs: PairFile, *, n_shown: int = 60) -> ImageArray:
    """Return pictures side by side; every second one with its 68 points.

    Parameters
    ----------
    pairs : what is shown
    n_shown : how many of them, from the first
    """
    tiles = [_tile(pairs, row, is_marked=row % 2 == 1) for row in range(min(n_shown, len(pairs)))]
    while len(tiles) % _COLUMNS:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]
    return np.asarray(np.vstack(rows), np.uint8)


def _tile(pairs: PairFile, row: int, *, is_marked: bool) -> ImageArray:
    """Return one picture: green the truth, red what the engine saw on a photograph."""
    import cv2

    image: ImageArray = pairs.image[row].copy()
    if not is_marked or pairs.kind[row] == int(Kind.NOBODY):
        return image
    for x, y in pairs.landmarks_px[row, :, :2]:
        cv2.circle(image, (round(float(x)), round(float(y))), 1, _GREEN, -1)
    if pairs.kind[row] == int(Kind.REAL):
        for x, y in pairs.facemesh_px[row]:
            cv2.circle(image, (round(float(x)), round(float(y))), 0, _RED, -1)
    return image


def main(words: list[str] | None = None) -> int:
    """Write the sheet; return the exit code."""
    import cv2

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO)
    try:
        image = pair_sheet(read_pairs(options.pairs))
    except MienError as error:
        logging.getLogger(__name__).error("%s", error)
        return 3
    cv2.imwrite(str(options.out), np.ascontiguousarray(image[..., ::-1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
