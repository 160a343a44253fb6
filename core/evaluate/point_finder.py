"""What finds 68 points in a photograph: any engine, by its landmarks or its position map."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, ImageArray, IndexArray
from ..detect import FaceDetector, open_detector
from ..geometry import is_of_map
from ..geometry.map_face import load_map_face
from ..inference.devices import Device
from ..landmarks import ENGINES
from ..landmarks.topology import FACEMESH_OF_68
from ..pipeline.engine import landmarks_of_crop, open_estimator, with_followed_region
from ..records import Landmarks, Region
from ..settings import DetectSettings, TrackSettings
from ..track import crop_from_image, region_around, region_from_box
from .authors_maps import AUTHORS_MAPS, AuthorsMapFinder
from .boxes import box_around, box_overlap

EVALUATED = (*ENGINES, *AUTHORS_MAPS)
"""Engines, and networks that can be measured but not captured with."""
_N_LOOKS = 3
"""A photograph has no frame before it: the region is found again from what was found in it."""
_SAME_FACE = 0.5
_TRUE_BOX_SCALE = 1.8
"""A first region over the box of the 68 points, which ends at the brows."""


class PointFinder(Protocol):
    """Finds the 68 points of faces, image space."""

    def find(self, image: ImageArray) -> list[Float32Array]:
        """Return the points (68, 2) of each face that the detector finds in an RGB image."""
        ...

    def find_near(self, image: ImageArray, points_px: FloatArray) -> Float32Array | None:
        """Return the points of the face whose true points are given, None where there is none."""
        ...


def open_finder(name: str, *, device: str = "cpu", n_threads: int = 1) -> PointFinder:
    """Load what an engine, or a network of `AUTHORS_MAPS`, needs.

    Raises
    ------
    ArgumentError, ModelError
        There is no such engine; its weights are missing or damaged, or nothing can run them.
    """
    shared = Device(device)
    detector = open_detector(DetectSettings(), device=shared, n_threads=n_threads)
    if name in AUTHORS_MAPS:
        return AuthorsMapFinder(name, detector, device=shared, n_threads=n_threads)
    return EngineFinder(name, detector, device=shared, n_threads=n_threads)


class EngineFinder:
    """An engine as a capture runs it, which looks several times at one frame."""

    def __init__(
        self, name: str, detector: FaceDetector, *, device: Device, n_threads: int
    ) -> None:
        self._detector = detector
        self._engine = open_estimator(name, device=device, n_threads=n_threads)
        self._settings = TrackSettings()

    def find(self, image: ImageArray) -> list[Float32Array]:
        """Return the points (68, 2) of each face that the detector finds in an RGB image."""
        faces: list[Float32Array] = []
        for box in self._detector.detect(image):
            region = region_from_box(box, scale=self._settings.region_scale)
            points = self._settled(image, region)
            if points is not None and not _is_known(points, faces):
                faces.append(points)
        return faces

    def find_near(self, image: ImageArray, points_px: FloatArray) -> Float32Array | None:
        """Return the points of the face whose true points are given, None where there is none."""
        around = region_around(points_px, scale=_TRUE_BOX_SCALE, rotation_rad=0.0)
        return self._settled(image, around)

    def _settled(self, image: ImageArray, region: Region) -> Float32Array | None:
        """Look again where the face was found; None where the last look shows none."""
        found = self._look(image, region)
        for _ in range(_N_LOOKS - 1):
            followed = with_followed_region(found, scale=self._settings.region_scale).followed
            if followed is None or not np.isfinite(followed.as_array()).all():
                break
            found = self._look(image, followed)
        if not found.presence > self._settings.min_presence:
            return None
        points = found.points_px[points_of_68(len(found.points_px)), :2]
        return np.asarray(points, np.float32) if np.isfinite(points).all() else None

    def _look(self, image: ImageArray, region: Region) -> Landmarks:
        """Run the engine on a region."""
        size = self._engine.input_size
        crop = crop_from_image(image, region, size=size)
        return landmarks_of_crop(self._engine.estimate(crop[None]), 0, region=region, size=size)


def points_of_68(n_landmarks: int) -> IndexArray:
    """Return which of an engine's landmarks stand for the 68 of iBUG: shape (68,).

    Raises
    ------
    RangeError, ModelError
        No mesh has so many points; a position map's layout is missing or damaged.
    """
    if is_of_map(n_landmarks):
        return load_map_face(n_landmarks).landmark_vertex
    return np.array(FACEMESH_OF_68, np.int32)


def _is_known(points_px: Float32Array, faces: list[Float32Array]) -> bool:
    """Tell whether two detections led to one face."""
    box: Float64Array = box_around(points_px)
    return any(box_overlap(box, box_around(face)) > _SAME_FACE for face in faces)
