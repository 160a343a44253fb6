"""Looks at a frame again: several crops of each face, from a region that does not shake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import ImageArray
from ..inference.devices import Device
from ..landmarks import agreeing
from ..records import CropLandmarks, Landmarks, Region
from ..track import (
    Patch,
    Variation,
    crop_from_patch,
    followed_region,
    patch_from_image,
    variations_of,
)
from .engine import landmarks_of_crop, landmarks_of_map, open_estimator
from .plan import CapturePlan


class SecondLook:
    """Runs the engine on several crops of each face; for one thread, with a network of its own."""

    def __init__(self, plan: CapturePlan, device: Device) -> None:
        self._engine = open_estimator(plan.engine, device=device, n_threads=plan.n_threads)
        self._n_crops = plan.second_look.n_crops
        self._min_presence = plan.track.min_presence
        self._region_scale = plan.track.region_scale

    def keep(
        self, image: ImageArray, faces: Sequence[Landmarks | None]
    ) -> tuple[Patch | None, ...]:
        """Keep of a frame what the second look needs, one entry a face; for any thread."""
        return tuple(None if face is None else self._patch(image, face) for face in faces)

    def look(
        self,
        faces: Sequence[Landmarks | None],
        *,
        patches: Sequence[Patch | None],
        regions: Sequence[Region | None],
    ) -> list[Landmarks | None]:
        """Find the landmarks of a frame's faces anew.

        Parameters
        ----------
        faces, patches : what was found in the frame, and kept of it; one entry a face
        regions : where to look

        Returns
        -------
        list
            One entry a face. Where the second look finds no face, or what was kept of the frame
            does not hold the region, the first look's landmarks stay.
        """
        found = list(faces)
        jobs = [
            (index, patch, region)
            for index, (patch, region) in enumerate(zip(patches, regions, strict=True))
            if patch is not None and region is not None and patch.holds(region)
        ]
        if not jobs:
            return found
        size = self._engine.input_size
        looks = [(patch, variations_of(region, self._n_crops)) for _, patch, region in jobs]
        crops = [_crop(patch, variation, size=size) for patch, many in looks for variation in many]
        raw = self._engine.estimate(np.stack(crops))
        for number, (index, _, region) in enumerate(jobs):
            first = faces[index]
            assert first is not None, "a face that was lost has no patch"
            again = _mean_face(
                first,
                raw,
                start=number * self._n_crops,
                variations=looks[number][1],
                region=region,
                size=size,
            )
            if again.presence > self._min_presence:
                found[index] = replace(again, followed=first.followed)
        return found

    def _patch(self, image: ImageArray, face: Landmarks) -> Patch:
        """Keep the surroundings of a face; a jump away is repaired where it was looked for."""
        own = followed_region(face, scale=self._region_scale)
        return patch_from_image(image, (own, face.region), size=self._engine.input_size)


def _crop(patch: Patch, variation: Variation, *, size: int) -> ImageArray:
    """Cut one crop."""
    import cv2

    crop = crop_from_patch(patch, variation.region, size=size)
    return np.asarray(cv2.flip(crop, 1), np.uint8) if variation.is_mirrored else crop


def _mean_face(
    first: Landmarks,
    found: CropLandmarks,
    *,
    start: int,
    variations: Sequence[Variation],
    region: Region,
    size: int,
) -> Landmarks:
    """Average what a face's crops gave, which are the batch's from `start` on, and the first look.

    Of two that disagree the second is right: it looked where the face steadily is.
    """
    again = [
        landmarks_of_crop(
            found,
            start + number,
            region=variation.region,
            size=size,
            is_mirrored=variation.is_mirrored,
        )
        for number, variation in enumerate(variations)
    ]
    presence = float(found.presence[start : start + len(again)].mean())
    placed = [first, *again]
    points = np.stack([one.points_px for one in placed])
    is_agreeing = agreeing(points, size_px=region.size_px, newest_wins=True)
    maps = [one.position_map for one in placed if one.position_map is not None]
    if maps:
        mean_map = np.stack(maps)[is_agreeing].mean(axis=0)
        return landmarks_of_map(mean_map, presence=presence, region=region)
    mean = points[is_agreeing].mean(axis=0, dtype=np.float64)
    return Landmarks(
        points_px=np.asarray(mean, np.float32),
        presence=presence,
        region=region,
    )
