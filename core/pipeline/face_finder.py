"""Finds the faces of one frame after another: detector, regions, engine, identities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import in_order
from ..detect import FaceDetector, open_detector
from ..inference.devices import Device
from ..landmarks import LandmarkEstimator, engine_spec
from ..records import Frame, Landmarks, Region
from ..track import (
    FaceTracker,
    Sighting,
    crop_from_image,
    picture_from_crop,
    region_from_box,
)
from .engine import landmarks_of_crop, open_estimator, with_followed_region
from .plan import CapturePlan

_NO_PICTURE = np.zeros((0, 3), np.float32)


class FaceFinder:
    """Follows the faces of footage; `find` is called with frame after frame, none left out."""

    def __init__(self, plan: CapturePlan) -> None:
        self._device = Device(plan.device)
        self._detector: FaceDetector = open_detector(
            plan.detect, device=self._device, n_threads=plan.n_threads
        )
        self._engine: LandmarkEstimator = open_estimator(
            plan.engine, device=self._device, n_threads=plan.n_threads
        )
        self._has_maps = engine_spec(plan.engine).map_size > 0
        self._tracker = FaceTracker(plan.track)
        self._settings = plan.track

    @property
    def device(self) -> Device:
        """What the networks run on."""
        return self._device

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the artist on how the device failed."""
        return self._device.warnings

    def find(self, frame: Frame) -> list[Landmarks | None]:
        """Return the landmarks of each followed face, None where it is lost."""
        regions = self._tracker.followed_regions()
        if len(regions) < self._settings.n_faces:
            detected = [
                region_from_box(box, scale=self._settings.region_scale)
                for box in self._detector.detect(in_order(frame.image))
            ]
            fresh = self._tracker.new_regions(detected)
            regions = regions + self._closer(frame, fresh)
        return self._tracker.assign(self._look_at(frame, regions))

    def begin_shot(self) -> None:
        """Go on behind a cut: the faces are looked for anew."""
        self._tracker.forget_places()

    def follow(self, frame: Frame, faces: Sequence[Landmarks | None]) -> None:
        """Go on behind a frame in which these faces were found, one entry a face."""
        self._tracker.follow([self._sighting(frame, landmarks) for landmarks in faces])

    def _sighting(self, frame: Frame, landmarks: Landmarks | None) -> Sighting | None:
        """Return what the tracker would have been told of a face."""
        if landmarks is None:
            return None
        if self._settings.n_faces == 1:
            return Sighting(landmarks=landmarks, picture=_NO_PICTURE)
        crop = crop_from_image(frame.image, landmarks.region, size=self._engine.input_size)
        return Sighting(landmarks=landmarks, picture=picture_from_crop(crop))

    def _closer(self, frame: Frame, detected: list[Region]) -> list[Region]:
        """Look once where faces were detected, for engines whose own regions are others."""
        closer = []
        for region in detected:
            for sighting in self._look_at(frame, [region]) if self._has_maps else ():
                found = sighting.landmarks
                if found.presence > self._settings.min_presence and found.followed is not None:
                    region = found.followed
            closer.append(region)
        return closer

    def _look_at(self, frame: Frame, regions: list[Region]) -> list[Sighting]:
        """Run the engine on regions of a frame."""
        if not regions:
            return []
        size = self._engine.input_size
        crops = np.stack([crop_from_image(frame.image, region, size=size) for region in regions])
        found = self._engine.estimate(crops)
        # A face that is the only one need not be told from others.
        is_alone = self._settings.n_faces == 1
        return [
            Sighting(
                landmarks=with_followed_region(
                    landmarks_of_crop(found, index, region=region, size=size),
                    scale=self._settings.region_scale,
                ),
                picture=_NO_PICTURE if is_alone else picture_from_crop(crop),
            )
            for index, (region, crop) in enumerate(zip(regions, crops, strict=True))
        ]
