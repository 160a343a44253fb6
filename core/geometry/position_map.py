"""Position map → vertices: what lies where on the map, and the quad meshes sampled from it.

The map's square is the whole face. Texel (row, column) of n × n lies at u = column / (n − 1), v =
row / (n − 1); u goes to the subject's left, v down; column c mirrors column n − 1 − c. The layout
is computed by `core/training/layout.py` from ICT-FaceKit's face (MIT), see docs/training.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from zipfile import BadZipFile

import numpy as np

from ..arrays import BoolArray, Float32Array, FloatArray, IndexArray, check_shape
from ..errors import RangeError, WeightsCorrupt, WeightsMissing
from ..inference.weights import assets_folder

MAP_SIZE = 128
"""Texels a side of a position map."""
LAYOUT_FILE = "position_map_layout.npz"
DENSITIES = MappingProxyType({"1k": 33, "4k": 65, "16k": 129})
"""Vertices a side of the quad meshes."""
SKIN, EYE, MOUTH = 0, 1, 2
"""What a texel shows: skin, the eyeball between the lids, the mouth's inside between the lips."""


@dataclass(frozen=True, slots=True, eq=False)
class QuadMesh:
    """One of the meshes that are sampled from the map.

    `uv` (n, 2): where each vertex lies on the map, row by row; `quads` (m, 4), counter-clockwise
    seen from outside; `zone` (m,): what each quad shows; `landmark_vertex` (68,): the vertex that
    lies at each iBUG landmark, −1 where the mesh has none to spare for it.
    """

    uv: Float32Array
    quads: IndexArray
    zone: IndexArray
    landmark_vertex: IndexArray

    def is_skin(self) -> BoolArray:
        """Return which quads are skin: without the others the eyes and the mouth are open."""
        return np.asarray(self.zone == SKIN)


@dataclass(frozen=True, slots=True, eq=False)
class PositionLayout:
    """The layout's tables.

    `landmarks_uv` (68, 2) of the iBUG landmarks; `facemesh_uv` (478, 2) of FaceMesh's; `neutral_m`
    (128, 128, 3): the map of the neutral face, metres, head space; `zone` (128, 128); `mesh_uv`:
    for each number of vertices a side where they lie, (n, n, 2).
    """

    landmarks_uv: Float32Array
    facemesh_uv: Float32Array
    neutral_m: Float32Array
    zone: IndexArray
    mesh_uv: MappingProxyType[int, Float32Array]

    def mesh(self, side: int) -> QuadMesh:
        """Return the mesh of `side` × `side` vertices.

        Raises
        ------
        RangeError
            There is no mesh of that size.
        """
        if side not in self.mesh_uv:
            sizes = ", ".join(str(size) for size in self.mesh_uv)
            raise RangeError(f"side must be one of {sizes}, got {side}")
        uv = self.mesh_uv[side].reshape(-1, 2)
        quads = grid_quads(side)
        middle = uv[quads].mean(axis=1)
        column, row = np.rint(middle * (MAP_SIZE - 1)).astype(int).T
        distance = np.linalg.norm(uv[None] - self.landmarks_uv[:, None], axis=2)
        nearest = distance.argmin(axis=1)
        is_there = distance[np.arange(len(nearest)), nearest] < 1e-5
        return QuadMesh(
            uv=uv,
            quads=quads,
            zone=np.asarray(self.zone[row, column], np.int32),
            landmark_vertex=np.where(is_there, nearest, -1).astype(np.int32),
        )


def vertices_from_map(position_map: FloatArray, uv: FloatArray) -> Float32Array:
    """Sample a position map at places, bilinear.

    Parameters
    ----------
    position_map : shape (128, 128, n), any unit and space
    uv : shape (m, 2), 0 … 1; places outside are moved to the edge

    Returns
    -------
    shape (m, n), float32
    """
    check_shape("position_map", position_map, (MAP_SIZE, MAP_SIZE, "n"))
    check_shape("uv", uv, ("m", 2))
    place = np.clip(uv.astype(np.float64), 0.0, 1.0) * (MAP_SIZE - 1)
    low = np.minimum(place.astype(np.int32), MAP_SIZE - 2)
    (fx, fy), (x, y) = (place - low).T[..., None], low.T
    top = (1.0 - fx) * position_map[y, x] + fx * position_map[y, x + 1]
    bottom = (1.0 - fx) * position_map[y + 1, x] + fx * position_map[y + 1, x + 1]
    return np.asarray((1.0 - fy) * top + fy * bottom, np.float32)


def grid_quads(side: int) -> IndexArray:
    """Return the quads of side × side vertices, counter-clockwise from outside: (m, 4)."""
    index = np.arange(side * side, dtype=np.int32).reshape(side, side)
    corners = (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:])
    return np.stack([corner.ravel() for corner in corners], axis=1)


def load_position_layout() -> PositionLayout:
    """Read the layout that the extension ships.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        It is not there; it is damaged.
    """
    path = assets_folder() / LAYOUT_FILE
    if not path.is_file():
        raise WeightsMissing(
            f"The position map's layout '{path.name}' is missing from '{path.parent}'. "
            "Install Mien again."
        )
    return read_position_layout(path)


def read_position_layout(path: Path) -> PositionLayout:
    """Read a layout from an `.npz`.

    Raises
    ------
    WeightsCorrupt
        The file is damaged, lacks an array, or its arrays contradict each other.
    """
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            layout = PositionLayout(
                landmarks_uv=arrays["landmarks_uv"].astype(np.float32),
                facemesh_uv=arrays["facemesh_uv"].astype(np.float32),
                neutral_m=arrays["neutral_m"].astype(np.float32),
                zone=arrays["zone"].astype(np.int32),
                mesh_uv=MappingProxyType(
                    {
                        side: arrays[f"mesh_uv_{side}"].astype(np.float32)
                        for side in DENSITIES.values()
                    }
                ),
            )
        check_shape("landmarks_uv", layout.landmarks_uv, (68, 2))
        check_shape("facemesh_uv", layout.facemesh_uv, (478, 2))
        check_shape("neutral_m", layout.neutral_m, (MAP_SIZE, MAP_SIZE, 3))
        check_shape("zone", layout.zone, (MAP_SIZE, MAP_SIZE))
        for side, uv in layout.mesh_uv.items():
            check_shape("mesh_uv", uv, (side, side, 2))
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise WeightsCorrupt(
            f"The position map's layout '{path}' cannot be read: {error}. Install Mien again."
        ) from error
    return layout
