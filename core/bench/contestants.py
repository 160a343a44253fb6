"""What `mien bench` measures: decoding alone, Mien, MediaPipe.

Each runs in a process of its own, so that neither memory nor warm caches of one help or burden the
next.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..arrays import Float32Array, ImageArray
from ..landmarks import engine_spec
from ..pipeline import CapturePlan, capture, solve
from ..settings import Smoothing, SmoothSettings, SourceSettings
from ..source import open_source
from .timing import Rate, StepClock, measure_rate, peak_memory_bytes

_Outcome = tuple[Rate, Float32Array | None]


def is_available(name: str) -> bool:
    """Return whether a contestant can run here."""
    return name != "mediapipe" or importlib.util.find_spec("mediapipe") is not None


def run_contestant(name: str, *, clip: str, engine: str, landmarks_file: str) -> dict[str, object]:
    """Measure one contestant on a clip, in this process.

    Parameters
    ----------
    name : one of `CONTESTANTS`
    clip : footage
    engine : Mien's engine; MediaPipe refines its landmarks where this has 478
    landmarks_file : where the landmarks go, as .npy of (n_frames, n_landmarks, 3); none of decoding

    Returns
    -------
    dict
        The fields of `Rate`, and `peak_bytes`.
    """
    rate, landmarks = CONTESTANTS[name](clip, engine)
    if landmarks is not None:
        np.save(landmarks_file, landmarks)
    return {**asdict(rate), "peak_bytes": peak_memory_bytes()}


def _decode(clip: str, engine: str) -> _Outcome:
    """Read all frames and do nothing with them."""
    with open_source(clip, SourceSettings()) as source:
        return measure_rate(source.frames()), None


def _capture_live(clip: str, engine: str) -> _Outcome:
    """Capture, and smooth causally."""
    return _capture(clip, engine, mode="live")


def _capture_best(clip: str, engine: str) -> _Outcome:
    """Capture, and smooth without lag."""
    return _capture(clip, engine, mode="best")


def _capture(clip: str, engine: str, *, mode: Smoothing) -> _Outcome:
    """Capture to a take that is thrown away, and solve it."""
    clock = StepClock()
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        plan = CapturePlan(footage=clip, take_folder=Path(folder) / "bench.take", engine=engine)
        take = capture(plan, on_progress=lambda progress: clock.tick())
        performance = solve(take, SmoothSettings(mode=mode))[0]
        return clock.rate(), performance.landmarks_smooth_px


def _run_mediapipe(clip: str, engine: str) -> _Outcome:
    """Run MediaPipe's face mesh in its video mode, on frames that Mien decodes."""
    import mediapipe

    n_landmarks = engine_spec(engine).n_landmarks
    clock = StepClock()
    found = []
    with (
        open_source(clip, SourceSettings()) as source,
        mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=False, max_num_faces=1, refine_landmarks=n_landmarks == 478
        ) as face_mesh,
    ):
        for frame in source.frames():
            found.append(_mediapipe_landmarks(face_mesh.process(frame.image), frame.image))
            clock.tick()
        rate = clock.rate()
    gap = np.full((n_landmarks, 3), np.nan, np.float32)
    return rate, np.stack([gap if points is None else points for points in found])


def _mediapipe_landmarks(result: object, image: ImageArray) -> Float32Array | None:
    """Return the first face in pixels: the same numbers that Mien's own landmarks come in."""
    faces = getattr(result, "multi_face_landmarks", None)
    if not faces:
        return None
    height, width = image.shape[:2]
    points = np.array([(point.x, point.y, point.z) for point in faces[0].landmark], np.float32)
    return np.asarray(points * np.array([width, height, width], np.float32), np.float32)


CONTESTANTS: dict[str, Callable[[str, str], _Outcome]] = {
    "decoding": _decode,
    "live": _capture_live,
    "best": _capture_best,
    "mediapipe": _run_mediapipe,
}
