"""The engine of a capture: opened by name, and what its crops give laid back on the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..arrays import Float32Array
from ..geometry import (
    REGION_SCALE,
    PositionMapNet,
    in_facemesh_order,
    is_of_map,
    landmarks_from_map,
    mirrored_map,
    roll_of_landmarks,
)
from ..inference.devices import Device
from ..inference.weights import open_network
from ..landmarks import LandmarkEstimator, engine_spec, mirrored_back, open_engine
from ..records import CropLandmarks, Landmarks, Region
from ..track import followed_region, image_from_crop, region_around


def open_estimator(
    name: str, *, device: str | Device = "cpu", n_threads: int = 1
) -> LandmarkEstimator:
    """Load an engine's network, of landmarks or of position maps.

    Raises
    ------
    ArgumentError, ModelError
        No such engine; its weights are missing or damaged, or nothing can run them.
    """
    spec = engine_spec(name)
    if not spec.map_size:
        return open_engine(name, device=device, n_threads=n_threads)
    return PositionMapNet(open_network(spec.weights, device=device, n_threads=n_threads))


def landmarks_of_crop(
    found: CropLandmarks, index: int, *, region: Region, size: int, is_mirrored: bool = False
) -> Landmarks:
    """Lay what one crop gave back on the image.

    Parameters
    ----------
    found : of a batch of crops
    index : of the crop in the batch
    region : what was cropped
    size : pixels a side of the crop
    is_mirrored : left and right were exchanged in the crop
    """
    presence = float(found.presence[index])
    if found.position_maps is None:
        points = found.points_px[index]
        if is_mirrored:
            points = mirrored_back(points, size=size)
        return Landmarks(image_from_crop(points, region, size=size), presence, region)
    seen = found.position_maps[index]
    if is_mirrored:
        seen = mirrored_map(seen, size=size)
    placed = image_from_crop(seen.reshape(-1, 3), region, size=size).reshape(seen.shape)
    return landmarks_of_map(placed, presence=presence, region=region)


def landmarks_of_map(position_map: Float32Array, *, presence: float, region: Region) -> Landmarks:
    """Sample the landmarks of a map in image space."""
    points = landmarks_from_map(position_map)
    return Landmarks(points, presence, region, position_map=position_map)


def with_followed_region(landmarks: Landmarks, *, scale: float) -> Landmarks:
    """Add where the face will be looked for next, to the precision of a take.

    Parameters
    ----------
    landmarks : found in a frame
    scale : of the region over the box around FaceMesh's landmarks; maps have their own
    """
    if landmarks.position_map is None:
        return replace(landmarks, followed=followed_region(landmarks, scale=scale))
    around = region_around(
        np.reshape(landmarks.position_map, (-1, 3)),
        scale=REGION_SCALE,
        rotation_rad=roll_of_landmarks(landmarks.points_px),
    )
    return replace(landmarks, followed=around)


def points_for_stills(landmarks: Landmarks) -> Landmarks:
    """Put FaceMesh's landmarks first, by which stills are rated; the others still count as face."""
    points = landmarks.points_px
    if not is_of_map(len(points)):
        return landmarks
    return replace(landmarks, points_px=np.concatenate([in_facemesh_order(points), points]))
