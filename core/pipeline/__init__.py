"""Joins the stages: footage → take (`capture`), take → solved faces (`solve`).

The only folder that imports every stage.
"""

from .blendshape_weights import blendshape_weights
from .capture import capture
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
    "face_textures",
    "raw_geometries",
    "relocate_footage",
    "solve",
]
