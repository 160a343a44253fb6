"""Which face is which over time: a slot per face, kept through losses and crossings.

A face is told from the others by where it should be (constant speed) and by how it looks (a small
picture of it, remembered from frames in which no other face was near).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ..arrays import Float32Array, ImageArray
from ..records import Landmarks, Region
from ..settings import TrackSettings
from .region import region_from_array, region_from_landmarks, region_overlap

# Regions of detections that overlap a followed face's more than this are that face (MediaPipe).
SAME_FACE_OVERLAP = 0.5
# Two sets of landmarks nearer than this, in region sizes, lie on one and the same face.
SAME_FACE_DISTANCE = 0.08
# A remembered picture may change by this share a frame; faces nearer than this overlap spoil it.
MEMORY_RATE = 0.1
CLEAR_OVERLAP = 0.02
# What one face size of distance from the expected place costs, against a mean difference of the
# pictures of 1 (pictures are 0 to 1; two people differ by about 0.1 to 0.3).
PLACE_COST = 0.15
MAX_PLACE_SIZES = 2.0
PICTURE_SIZE = 12
_ANOTHER_SHOT = 10_000
"""Frames lost, as it were: so many that the place of a face says nothing."""


@dataclass(slots=True, eq=False)
class _Slot:
    """What is remembered of one face."""

    region: Region | None = None
    is_followed: bool = False
    velocity_px: tuple[float, float] = (0.0, 0.0)
    n_lost: int = 0
    picture: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face found in a frame: its landmarks, and a picture of it (`picture_from_crop`)."""

    landmarks: Landmarks
    picture: Float32Array


class FaceTracker:
    """Follows up to `settings.n_faces` faces, each in a slot of its own."""

    def __init__(self, settings: TrackSettings) -> None:
        self._settings = settings
        self._slots = [_Slot() for _ in range(settings.n_faces)]

    def followed_regions(self) -> list[Region]:
        """Return where the faces of the last frame are looked for in the next; may be none."""
        if not self._settings.is_tracked:
            return []
        return [slot.region for slot in self._slots if slot.is_followed and slot.region is not None]

    def new_regions(self, detected: Sequence[Region]) -> list[Region]:
        """Return those detections that no followed face explains, as many as there is room for."""
        followed = self.followed_regions()
        fresh = [
            region
            for region in detected
            if all(region_overlap(region, known) <= SAME_FACE_OVERLAP for known in followed)
        ]
        return fresh[: len(self._slots) - len(followed)]

    def assign(self, sightings: Sequence[Sighting]) -> list[Landmarks | None]:
        """Give each face found in the next frame to its slot, one entry a slot; None where lost."""
        present = [
            sighting
            for sighting in sightings
            if sighting.landmarks.presence > self._settings.min_presence
        ]
        distinct = _without_duplicates(present)[: len(self._slots)]
        by_slot: list[Sighting | None] = [None] * len(self._slots)
        for seen, slot_index in zip(distinct, self._best_slots(distinct), strict=True):
            by_slot[slot_index] = seen
        self.follow(by_slot)
        return [None if sighting is None else sighting.landmarks for sighting in by_slot]

    def follow(self, by_slot: Sequence[Sighting | None]) -> None:
        """Go on behind a frame in which these faces were found, one entry a slot."""
        for slot, sighting in zip(self._slots, by_slot, strict=True):
            others = [other for other in by_slot if other is not None and other is not sighting]
            self._remember(slot, sighting, others)

    def forget_places(self) -> None:
        """Begin a new shot: no face is where it was; what the faces look like is still known."""
        for slot in self._slots:
            slot.is_followed, slot.velocity_px = False, (0.0, 0.0)
            slot.n_lost += _ANOTHER_SHOT

    def _best_slots(self, sightings: Sequence[Sighting]) -> tuple[int, ...]:
        """Return the slot of each sighting: the cheapest assignment."""
        n_slots = len(self._slots)
        if n_slots == 1:
            return (0,) * len(sightings)
        costs = np.array([[self._cost(slot, s) for slot in self._slots] for s in sightings])
        costs = costs.reshape(len(sightings), n_slots)
        if n_slots <= 4:
            choices = permutations(range(n_slots), len(sightings))
            return min(choices, key=lambda slots: sum(costs[i, s] for i, s in enumerate(slots)))
        chosen: list[int] = []
        for row in costs:
            free = [index for index in range(n_slots) if index not in chosen]
            chosen.append(min(free, key=lambda index: float(row[index])))
        return tuple(chosen)

    def _cost(self, slot: _Slot, sighting: Sighting) -> float:
        """Return how badly a sighting fits a slot; an unused slot is dearer than any likely fit."""
        if slot.region is None or slot.picture is None:
            return PLACE_COST * MAX_PLACE_SIZES
        look = float(np.abs(slot.picture - sighting.picture).mean())
        region = sighting.landmarks.region
        steps = slot.n_lost + 1
        distance = np.hypot(
            region.x_px - slot.region.x_px - slot.velocity_px[0] * steps,
            region.y_px - slot.region.y_px - slot.velocity_px[1] * steps,
        )
        sizes = min(float(distance) / max(slot.region.size_px, 1e-6), MAX_PLACE_SIZES)
        # The longer a face was lost, the less its expected place says.
        return look + PLACE_COST * sizes / float(np.sqrt(steps))

    def _remember(self, slot: _Slot, sighting: Sighting | None, others: Sequence[Sighting]) -> None:
        """Update a slot with what was seen of its face in this frame."""
        if sighting is None:
            slot.is_followed = False
            slot.n_lost += 1
            return
        region = followed_region(sighting.landmarks, scale=self._settings.region_scale)
        if slot.region is not None and slot.is_followed:
            step = (region.x_px - slot.region.x_px, region.y_px - slot.region.y_px)
            slot.velocity_px = tuple(  # type: ignore[assignment]
                0.5 * old + 0.5 * new for old, new in zip(slot.velocity_px, step, strict=True)
            )
        slot.region, slot.is_followed, slot.n_lost = region, True, 0
        is_clear = all(
            region_overlap(region, other.landmarks.region) <= CLEAR_OVERLAP for other in others
        )
        if slot.picture is None:
            slot.picture = sighting.picture
        elif is_clear:
            slot.picture = (1.0 - MEMORY_RATE) * slot.picture + MEMORY_RATE * sighting.picture


def followed_region(landmarks: Landmarks, *, scale: float) -> Region:
    """Return where a face that was found is looked for next, to the precision of a take.

    A capture that is gone on with reads it from there, and goes on as if it had not stopped.
    """
    if landmarks.followed is not None:
        return landmarks.followed
    return region_from_array(region_from_landmarks(landmarks.points_px, scale=scale).as_array())


def picture_from_crop(crop: ImageArray) -> Float32Array:
    """Return the middle of an upright crop as a tiny picture, shape (144, 3), 0 to 1."""
    import cv2

    quarter = crop.shape[0] // 4
    middle = crop[quarter:-quarter, quarter:-quarter]
    small = cv2.resize(middle, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(small.reshape(-1, 3), np.float32) / 255.0


def _without_duplicates(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Drop sightings that lie on the same face as one with more presence."""
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda s: -s.landmarks.presence):
        points, size = sighting.landmarks.points_px, sighting.landmarks.region.size_px
        distances = (
            float(np.abs(points[:, :2] - other.landmarks.points_px[:, :2]).mean()) / size
            for other in kept
        )
        if all(distance > SAME_FACE_DISTANCE for distance in distances):
            kept.append(sighting)
    return kept
