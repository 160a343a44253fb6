"""Polygons in, subdivided polygons out."""

from .catmull_clark import Subdivision, subdivide_positions, subdivision
from .polygon_mesh import PolygonMesh, polygon_mesh
from .stencil import Stencil, apply_stencil

__all__ = [
    "PolygonMesh",
    "Stencil",
    "Subdivision",
    "apply_stencil",
    "polygon_mesh",
    "subdivide_positions",
    "subdivision",
]
