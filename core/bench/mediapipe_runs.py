"""MediaPipe on frames that Mien decodes: what users would pick instead.

MediaPipe is needed by nobody but the bench. Each way runs as its own documentation shows it, one
face, in its video mode, with its defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from ..arrays import Float32Array, ImageArray
from ..settings import SourceSettings
from ..source import open_source
from .timing import Rate, StepClock

Find = Callable[[ImageArray, float], Float32Array | None]
"""From an image (height, width, 3) RGB and its time in seconds to landmarks (n, 3), pixels."""


def run_face_mesh(clip: str, *, is_refined: bool) -> tuple[Rate, Float32Array]:
    """Follow a face with FaceMesh: 468 landmarks, or 478 with refined lips, eyes and irises.

    Returns
    -------
    rate, loading included, and landmarks (n_frames, n, 3), image space, pixels; NaN where lost
    """
    import mediapipe  # noqa: F401  its import is not what is timed

    return _follow(clip, open_face_mesh(is_refined=is_refined), 478 if is_refined else 468)


def run_face_landmarker(clip: str, *, task_file: str) -> tuple[Rate, Float32Array]:
    """Follow a face with FaceLandmarker, which smooths its 478 landmarks over time."""
    from mediapipe.tasks.python import vision  # noqa: F401  its import is not what is timed

    return _follow(clip, open_face_landmarker(task_file), 478)


@contextmanager
def open_face_mesh(*, is_refined: bool, is_static: bool = False) -> Iterator[Find]:
    """Give FaceMesh; static, each image is taken by itself."""
    import mediapipe

    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=is_static, max_num_faces=1, refine_landmarks=is_refined
    ) as face_mesh:

        def find(image: ImageArray, time_s: float) -> Float32Array | None:
            faces = face_mesh.process(image).multi_face_landmarks
            return _in_pixels(faces[0].landmark, image) if faces else None

        yield find


@contextmanager
def open_face_landmarker(task_file: str) -> Iterator[Find]:
    """Give FaceLandmarker in its video mode."""
    import mediapipe
    from mediapipe.tasks import python as tasks
    from mediapipe.tasks.python import vision

    options = vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=task_file),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:

        def find(image: ImageArray, time_s: float) -> Float32Array | None:
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
            faces = landmarker.detect_for_video(picture, round(1000.0 * time_s)).face_landmarks
            return _in_pixels(faces[0], image) if faces else None

        yield find


def find_still(image_file: str, *, landmarks_file: str) -> dict[str, Any]:
    """Find the refined landmarks of one photograph: .npy in, .npy out, (478, 3) pixels."""
    image = np.load(image_file)
    with open_face_mesh(is_refined=True, is_static=True) as find:
        landmarks = find(image, 0.0)
    if landmarks is not None:
        np.save(landmarks_file, landmarks)
    return {"is_found": landmarks is not None}


def _follow(
    clip: str, opened: AbstractContextManager[Find], n_landmarks: int
) -> tuple[Rate, Float32Array]:
    """Run over a clip and time it."""
    clock = StepClock()
    found = []
    with open_source(clip, SourceSettings()) as source, opened as find:
        for frame in source.frames():
            found.append(find(np.ascontiguousarray(frame.image), frame.time_s))
            clock.tick()
        rate = clock.rate()
    gap = np.full((n_landmarks, 3), np.nan, np.float32)
    return rate, np.stack([gap if points is None else points for points in found])


def _in_pixels(landmarks: Any, image: ImageArray) -> Float32Array:
    """Return landmarks in pixels: the same numbers that Mien's own come in."""
    height, width = image.shape[:2]
    points = np.array([(point.x, point.y, point.z) for point in landmarks], np.float32)
    return np.asarray(points * np.array([width, height, width], np.float32), np.float32)
