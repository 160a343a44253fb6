"""Linear tables on the layout: points sampled from maps, and maps made of few scalar maps."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ..arrays import FloatArray
from .layout import MAP_SIZE


def sampling_matrix(uv: FloatArray) -> sparse.csr_matrix:
    """Return the bilinear sampling of a map at places (n, 2): sparse, shape (n, 128 · 128)."""
    place = np.clip(uv, 0.0, 1.0) * (MAP_SIZE - 1)
    low = np.minimum(place.astype(int), MAP_SIZE - 2)
    fx, fy = (place - low).T
    first = low[:, 1] * MAP_SIZE + low[:, 0]
    columns = np.stack([first, first + 1, first + MAP_SIZE, first + MAP_SIZE + 1], axis=1)
    values = np.stack([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy], axis=1)
    rows = np.repeat(np.arange(len(uv)), 4)
    return sparse.csr_matrix(
        (values.ravel(), (rows, columns.ravel())), (len(uv), MAP_SIZE * MAP_SIZE)
    )
