"""What `mien bench` measures: decoding alone, Mien, MediaPipe."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Float32Array
from ..geometry import in_facemesh_order
from ..pipeline import CapturePlan, capture, solve
from ..settings import Quality, SmoothSettings, SourceSettings
from ..source import open_source
from .mediapipe_runs import run_face_landmarker, run_face_mesh
from .timing import Rate, StepClock, peak_memory_bytes


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a run gave.

    `landmarks_px` (n_frames, n, 3), image space; NaN where lost; None of decoding. `raw_px`, the
    same before smoothing, where that can be told apart.
    """

    rate: Rate
    landmarks_px: Float32Array | None = None
    raw_px: Float32Array | None = None


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who runs, given a clip, Mien's engine and MediaPipe's task file; and what it needs."""

    label: str
    run: Callable[[str, str, str], Outcome]
    needs_mediapipe: bool = False
    needs_task: bool = False


def run_contestant(
    name: str, *, clip: str, engine: str, task_file: str, landmarks_file: str
) -> dict[str, Any]:
    """Measure one contestant on a clip, in this process.

    Parameters
    ----------
    name : one of `CONTESTANTS`
    clip : footage
    engine : Mien's engine
    task_file : MediaPipe's `face_landmarker.task`, for those that need it
    landmarks_file : where the landmarks go, as .npz of `smooth_px` and, where it is known, `raw_px`

    Returns
    -------
    dict
        The fields of `Rate`, and `peak_bytes`.
    """
    outcome = CONTESTANTS[name].run(clip, engine, task_file)
    named = {"smooth_px": outcome.landmarks_px, "raw_px": outcome.raw_px}
    arrays = {key: value for key, value in named.items() if value is not None}
    if arrays:
        np.savez(landmarks_file, **arrays)
    return {**asdict(outcome.rate), "peak_bytes": peak_memory_bytes()}


def _decode(clip: str, engine: str, task_file: str) -> Outcome:
    """Read all frames and do nothing with them."""
    clock = StepClock()
    with open_source(clip, SourceSettings()) as source:
        for _ in source.frames():
            clock.tick()
    return Outcome(clock.rate())


def _capture_live(clip: str, engine: str, task_file: str) -> Outcome:
    """Look once at each frame, and smooth causally."""
    return _capture(clip, engine, quality="live")


def _capture_best(clip: str, engine: str, task_file: str) -> Outcome:
    """Look twice at each frame, and smooth without lag."""
    return _capture(clip, engine, quality="best")


def _capture(clip: str, engine: str, *, quality: Quality) -> Outcome:
    """Capture to a take that is thrown away, and solve it."""
    import onnxruntime  # noqa: F401  its import is not what is timed

    clock = StepClock()
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        plan = CapturePlan(
            footage=clip,
            take_folder=Path(folder) / "bench.take",
            engine=engine,
            quality=quality,
            is_temporary=True,
        )
        take = capture(plan, on_progress=lambda progress: clock.tick())
        performance = solve(take, SmoothSettings(mode=quality))[0]
        rate = clock.rate(n_steps=take.n_frames)
    # Whatever the engine: the truth, and what is looked at, are FaceMesh's landmarks.
    smooth_px, raw_px = performance.landmarks_smooth_px, performance.track.landmarks_px
    shown = [np.asarray(in_facemesh_order(one), np.float32) for one in (smooth_px, raw_px)]
    return Outcome(rate, *shown)


def _mediapipe_mesh(clip: str, engine: str, task_file: str) -> Outcome:
    """Run FaceMesh without refinement."""
    return Outcome(*run_face_mesh(clip, is_refined=False))


def _mediapipe_refined(clip: str, engine: str, task_file: str) -> Outcome:
    """Run FaceMesh with refined lips, eyes and irises."""
    return Outcome(*run_face_mesh(clip, is_refined=True))


def _mediapipe_task(clip: str, engine: str, task_file: str) -> Outcome:
    """Run FaceLandmarker."""
    return Outcome(*run_face_landmarker(clip, task_file=task_file))


CONTESTANTS: dict[str, Entrant] = {
    "decoding": Entrant("decoding alone", _decode),
    "live": Entrant("Mien live", _capture_live),
    "best": Entrant("Mien best", _capture_best),
    "mediapipe": Entrant("MediaPipe FaceMesh", _mediapipe_mesh, needs_mediapipe=True),
    "mediapipe-refined": Entrant(
        "MediaPipe FaceMesh, refined", _mediapipe_refined, needs_mediapipe=True
    ),
    "mediapipe-task": Entrant(
        "MediaPipe FaceLandmarker", _mediapipe_task, needs_mediapipe=True, needs_task=True
    ),
}
