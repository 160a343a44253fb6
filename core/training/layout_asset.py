"""Writes `assets/position_map_layout.npz`: what the product knows of the layout.

Run as `python -m mien.core.training.layout_asset --data DIR --out FILE`, DIR holding ICT-FaceKit's
light model and the portraits (docs/training.md).
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import numpy as np

from ..arrays import FloatArray
from ..convert.plain_npz import plain_npz
from ..errors import MienError
from ..geometry.position_map import DENSITIES
from .face_model import FaceModel, load_face_model
from .layout import Layout, make_layout
from .portraits import load_gallery
from .prnet_data import MODEL_FILE, PORTRAITS_FOLDER
from .semantic_grid import semantic_grid

_DIGITS = 6
"""Places are rounded, so that other machines' last bits do not show in the file."""


def layout_asset(model: FaceModel, layout: Layout, facemesh_uv: FloatArray) -> bytes:
    """Return the bytes of the layout's file.

    Parameters
    ----------
    model, layout : the face
    facemesh_uv : shape (478, 2), where FaceMesh's landmarks lie
    """
    neutral = layout.map_m(model.neutral_m).astype(np.float64)
    mirrored = neutral[:, ::-1] * (-1.0, 1.0, 1.0)
    arrays = {
        "landmarks_uv": np.round(layout.landmarks_uv, _DIGITS).astype(np.float32),
        "facemesh_uv": np.round(facemesh_uv, _DIGITS).astype(np.float32),
        "neutral_m": np.round(0.5 * (neutral + mirrored), _DIGITS).astype(np.float32),
        "zone": layout.zone.astype(np.uint8),
    }
    for side in DENSITIES.values():
        places = np.round(semantic_grid(side, arrays["landmarks_uv"]), _DIGITS)
        arrays[f"mesh_uv_{side}"] = places.astype(np.float32)
    return plain_npz(arrays)


def main(words: list[str] | None = None) -> int:
    """Write the file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO)
    try:
        model = load_face_model(options.data / MODEL_FILE)
        layout = make_layout(model)
        gallery = load_gallery(options.data / PORTRAITS_FOLDER, model, layout)
    except MienError as error:
        logging.getLogger(__name__).error("%s", error)
        return 3
    options.out.write_bytes(layout_asset(model, layout, gallery.facemesh_uv))
    return 0


if __name__ == "__main__":
    sys.exit(main())
