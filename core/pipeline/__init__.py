"""Joins the stages: footage → take (`capture`), take → solved faces (`solve`).

The only folder that imports every stage.
"""

from .capture import capture
from .face_finder import FaceFinder
from .plan import CapturePlan
from .solve import solve
from .textures import face_textures

__all__ = ["CapturePlan", "FaceFinder", "capture", "face_textures", "solve"]
