"""The mesh that a face is given away as: the engine's polygons, or those subdivided."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import FloatArray, IndexArray
from ..records import FaceTopology
from ..settings import MeshSettings
from .catmull_clark import subdivide_positions, subdivision
from .polygon_mesh import polygon_mesh
from .stencil import Stencil


@dataclass(frozen=True, slots=True, eq=False)
class FaceSurface:
    """Polygons, and how their vertices follow from the engine's points.

    `polygons` (n_polygons, n_corners) int32; `uv` (n_vertices, 2); `stencil` is None where the
    vertices are the engine's points themselves.
    """

    polygons: IndexArray
    uv: FloatArray
    stencil: Stencil | None = None

    @property
    def n_vertices(self) -> int:
        """Number of vertices."""
        return len(self.uv)

    def carry(self, values: FloatArray) -> FloatArray:
        """Turn positions or offsets of the engine's points into those of the vertices.

        Parameters
        ----------
        values : shape (n, n_points, 3), any unit

        Returns
        -------
        shape (n, n_vertices, 3)
        """
        return values if self.stencil is None else subdivide_positions(self.stencil, values)


def face_surface(topology: FaceTopology, settings: MeshSettings) -> FaceSurface:
    """Subdivide an engine's mesh as often as the settings say.

    Parameters
    ----------
    topology : polygons, quads where it has them, and UVs
    settings : levels, 0 for none; limit surface or not
    """
    polygons = topology.polygons
    if settings.subdivide == 0:
        return FaceSurface(polygons, topology.uv)
    fine = subdivision(
        polygon_mesh(polygons, n_vertices=len(topology.neutral_m)),
        levels=settings.subdivide,
        use_limit_surface=settings.use_limit_surface,
    )
    uv = subdivide_positions(fine.uv_stencil, topology.uv[None])[0]
    return FaceSurface(fine.mesh.face_rows(), uv, fine.stencil)
