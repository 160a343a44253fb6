"""Landmarks in the image → a face in metres and the pose of its head.

A network's landmarks are weak-perspective: depth has the scale of x and y but no known origin.
Under a camera of known field of view, a face of canonical size fits them at one distance only.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays import BoolArray, Float32Array, Float64Array, FloatArray, check_shape
from ..errors import ShapeError
from ..records import Camera, FaceGeometry
from ..spaces import apply_transform, focal_length_px, image_from_head_matrices
from .canonical_face import CanonicalFace
from .head_pose import find_points_on_line, target_from_source

FOV_Y_RAD = math.radians(63.0)
NEAR_M = 0.01
MIN_SPREAD = 1e-3
"""A face whose x and y all lie this close to their mean, in image sizes, is none."""
N_CHUNK = 1024
"""Frames solved together: float64 copies of them take some tens of MB."""


def solve_geometry(
    landmarks_px: FloatArray, *, size: tuple[int, int], canonical: CanonicalFace
) -> FaceGeometry:
    """Solve the pose of the head and the face's points in metres, all frames at once.

    Parameters
    ----------
    landmarks_px : shape (n_frames, n_landmarks, 3), pixels, image space, NaN where lost; points
        beyond the canonical face's (irises) are posed with the others but have no say in the pose
    size : (height, width) of the image in pixels
    canonical : the face of which the head's origin and size are taken

    Returns
    -------
    FaceGeometry
        NaN where the face was lost, has no extent, or reaches behind the camera.
        `image_from_head` brings `head_m` back onto the landmarks, x and y exactly; depth as nearly
        as a projective matrix can.

    Raises
    ------
    ShapeError
        Fewer landmarks than the canonical face has, or not three coordinates.

    Notes
    -----
    The size of a head cannot be seen in an image: every head gets the canonical one's, and a
    distance to suit. The field of view is MediaPipe's, 63° vertically, whatever the lens was.

    References
    ----------
    MediaPipe (Apache-2.0), `mediapipe/modules/face_geometry/libs/geometry_pipeline.cc`.
    """
    check_shape("landmarks_px", landmarks_px, ("n_frames", "n_landmarks", 3))
    if landmarks_px.shape[1] < canonical.n_landmarks:
        raise ShapeError(
            f"landmarks_px must have at least the canonical face's {canonical.n_landmarks} points,"
            f" got {landmarks_px.shape[1]}"
        )
    camera = Camera(fov_y_rad=FOV_Y_RAD, size=size)
    n_frames = len(landmarks_px)
    solved = FaceGeometry(
        head_m=np.full(landmarks_px.shape, np.nan, np.float32),
        camera_from_head=np.full((n_frames, 4, 4), np.nan),
        image_from_head=np.full((n_frames, 4, 4), np.nan),
        camera=camera,
    )
    for first in range(0, n_frames, N_CHUNK):
        chunk = slice(first, first + N_CHUNK)
        _solve_into(solved, chunk, landmarks_px=landmarks_px[chunk], canonical=canonical)
    return solved


def image_from_geometry(geometry: FaceGeometry, *, is_wanted: BoolArray) -> Float32Array:
    """Lay a solved face back on the image, with depth as landmarks have it.

    Parameters
    ----------
    geometry : one face over time
    is_wanted : shape (n_frames,), frames that have a pose

    Returns
    -------
    shape (number wanted, n_landmarks, 3), float32, pixels, image space
        Unlike `image_from_head`, whose depth is as near as a projective matrix comes, depth is the
        solve's own turned round: differences between points come back exactly. Its origin, which a
        network chooses as it likes and a solve forgets, is the projective matrix's.
    """
    points_px = np.zeros((int(is_wanted.sum()), *geometry.head_m.shape[1:]), np.float32)
    frames = np.flatnonzero(is_wanted)
    focal = focal_length_px(geometry.camera)
    for first in range(0, len(frames), N_CHUNK):
        chosen = frames[first : first + N_CHUNK]
        head_m = geometry.head_m[chosen]
        projected = apply_transform(geometry.image_from_head[chosen], head_m)
        distance = -apply_transform(geometry.camera_from_head[chosen], head_m)[..., 2]
        # A weak perspective of the face's mean distance, as `_solve_metric` reads landmarks.
        depth = focal * (distance / distance.mean(1, keepdims=True) - 1.0)
        depth += (projected[..., 2] - depth).mean(1, keepdims=True)
        points_px[first : first + N_CHUNK, :, :2] = projected[..., :2]
        points_px[first : first + N_CHUNK, :, 2] = depth
    return points_px


def _solve_into(
    solved: FaceGeometry, chunk: slice, *, landmarks_px: FloatArray, canonical: CanonicalFace
) -> None:
    """Solve some frames, and lay the results where they belong."""
    camera = solved.camera
    is_usable = _find_usable(landmarks_px, size=camera.size, canonical=canonical)
    used_px = landmarks_px[is_usable].astype(np.float64)
    camera_m, is_in_front = _solve_metric(used_px, camera=camera, canonical=canonical)
    used_px, camera_m = used_px[is_in_front], camera_m[is_in_front]
    is_usable[is_usable] = is_in_front

    pose = _pose(camera_m, canonical=canonical)
    depth_m = depth_plane(camera_m, landmarks_px=used_px, camera=camera)
    solved.head_m[chunk][is_usable] = apply_transform(np.linalg.inv(pose), camera_m)
    solved.camera_from_head[chunk][is_usable] = pose
    solved.image_from_head[chunk][is_usable] = image_from_head_matrices(
        camera, camera_from_head=pose, depth_m=depth_m
    )


def _find_usable(
    landmarks_px: FloatArray, *, size: tuple[int, int], canonical: CanonicalFace
) -> BoolArray:
    """Mark the frames whose landmarks are there and have the extent of a face."""
    is_usable = np.isfinite(landmarks_px).all((1, 2))
    points = landmarks_px[is_usable, : canonical.n_landmarks].astype(np.float64)
    flat = points[..., :2] / (size[1], size[0])
    is_wide = (np.abs(flat - flat.mean(1, keepdims=True)) >= MIN_SPREAD).any((1, 2))
    is_usable[is_usable] = is_wide & ~find_points_on_line(
        points, weights=canonical.procrustes_weights
    )
    return np.asarray(is_usable, np.bool_)


def _solve_metric(
    landmarks_px: Float64Array, *, camera: Camera, canonical: CanonicalFace
) -> tuple[Float64Array, BoolArray]:
    """Return camera-space points in metres, and which frames lie in front of the camera."""
    height, width = camera.size
    pixel_m = 2.0 * NEAR_M * math.tan(camera.fov_y_rad / 2.0) / height  # on the near plane
    near = (landmarks_px - (width / 2.0, height / 2.0, 0.0)) * (pixel_m, -pixel_m, -pixel_m)
    # The mean depth lands at the near plane; a scale of the whole then finds the distance.
    distance = NEAR_M - near[..., 2]
    distance += near[:, : canonical.n_landmarks, 2].mean(1)[:, None]
    # Beside the near plane, one point behind the camera would turn the whole face inside out.
    is_in_front = np.asarray((distance > NEAR_M * 1e-3).all(1), np.bool_)
    near, distance = near[is_in_front], distance[is_in_front]
    metric = np.concatenate(
        [near[..., :2] * (distance / NEAR_M)[..., None], -distance[..., None]], axis=-1
    )
    # Twice, because perspective bends the flat face that the first scale was measured on.
    first = _scale(_pose(near, canonical=canonical))
    second = _scale(_pose(metric / first, canonical=canonical))
    solved = np.full_like(landmarks_px, np.nan)
    solved[is_in_front] = metric / (first * second)
    return solved, is_in_front


def _pose(points: Float64Array, *, canonical: CanonicalFace) -> Float64Array:
    """Fit the canonical face to the points of each frame."""
    return target_from_source(
        canonical.topology.neutral_m,
        points[:, : canonical.n_landmarks],
        weights=canonical.procrustes_weights,
    )


def _scale(transforms: Float64Array) -> Float64Array:
    """Return the scale of similarities as shape (n_frames, 1, 1)."""
    return np.asarray(np.linalg.norm(transforms[:, :3, 0], axis=1)[:, None, None], np.float64)


def depth_plane(
    camera_m: Float64Array, *, landmarks_px: Float64Array, camera: Camera
) -> Float64Array:
    """Return the distance at which image depth is 0, so that depths match best."""
    focal = focal_length_px(camera)
    # Image depth is f − plane · f / distance: linear in the plane, hence one division.
    per_metre = -focal / camera_m[..., 2]
    wanted = focal - landmarks_px[..., 2]
    return np.asarray((per_metre * wanted).sum(1) / (per_metre**2).sum(1), np.float64)
