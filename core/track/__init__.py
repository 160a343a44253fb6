"""Face boxes and landmarks in, regions with identities out."""

from .association import FaceTracker, Sighting, followed_region, picture_from_crop
from .cuts import CutFinder
from .patch import Patch, crop_from_patch, patch_from_image
from .region import (
    crop_from_image,
    image_from_crop,
    region_around,
    region_from_array,
    region_from_box,
    region_from_landmarks,
    region_overlap,
)
from .steady import steady_region
from .stills import StillPicker
from .variations import Variation, variations_of

__all__ = [
    "CutFinder",
    "FaceTracker",
    "Patch",
    "Sighting",
    "StillPicker",
    "Variation",
    "crop_from_image",
    "crop_from_patch",
    "followed_region",
    "image_from_crop",
    "patch_from_image",
    "picture_from_crop",
    "region_around",
    "region_from_array",
    "region_from_box",
    "region_from_landmarks",
    "region_overlap",
    "steady_region",
    "variations_of",
]
