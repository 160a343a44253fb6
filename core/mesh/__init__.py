"""Polygons in, subdivided polygons out."""

from .catmull_clark import Subdivision, subdivide_positions, subdivision
from .face_surface import FaceSurface, face_surface
from .polygon_mesh import PolygonMesh, polygon_mesh
from .stencil import Stencil, apply_stencil

__all__ = [
    "FaceSurface",
    "PolygonMesh",
    "Stencil",
    "Subdivision",
    "apply_stencil",
    "face_surface",
    "polygon_mesh",
    "subdivide_positions",
    "subdivision",
]
