"""Joins the stages: footage → take (`capture`), take → solved faces (`solve`).

The only folder that imports every stage.
"""

from .blendshape_weights import blendshape_weights
from .capture import capture
from .contours import contours_of_mesh
from .density import has_position_maps
from .expression import CarriedExpression, carry_expression
from .face_finder import FaceFinder
from .plan import CapturePlan
from .relocate import relocate_footage
from .solve import Geometries, raw_geometries, solve
from .textures import face_textures

__all__ = [
    "CapturePlan",
    "CarriedExpression",
    "FaceFinder",
    "Geometries",
    "blendshape_weights",
    "capture",
    "carry_expression",
    "contours_of_mesh",
    "face_textures",
    "has_position_maps",
    "raw_geometries",
    "relocate_footage",
    "solve",
]
