"""Face boxes and landmarks in, regions with identities out."""

from .association import FaceTracker, Sighting, picture_from_crop
from .cuts import CutFinder
from .region import (
    crop_from_image,
    image_from_crop,
    region_from_array,
    region_from_box,
    region_from_landmarks,
    region_overlap,
)
from .stills import StillPicker

__all__ = [
    "CutFinder",
    "FaceTracker",
    "Sighting",
    "StillPicker",
    "crop_from_image",
    "image_from_crop",
    "picture_from_crop",
    "region_from_array",
    "region_from_box",
    "region_from_landmarks",
    "region_overlap",
]
