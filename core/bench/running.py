"""Runs contestants, each in a process of its own, and reads what they found."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import errors
from ..arrays import Float32Array
from ..errors import BackendError, MienError
from ..settings import DEFAULT_ENGINE
from .child import run_child
from .contestants import CONTESTANTS


@dataclass(frozen=True, slots=True)
class Setup:
    """What the contestants need, beside a clip.

    `mediapipe_python` is the Python that has MediaPipe, None where there is none; `task_file`
    MediaPipe's `face_landmarker.task`, None where it was not given.
    """

    engine: str = DEFAULT_ENGINE
    mediapipe_python: str | None = None
    task_file: Path | None = None

    def lacks(self, name: str) -> str:
        """Return why a contestant cannot run, or nothing."""
        entrant = CONTESTANTS[name]
        if entrant.needs_mediapipe and self.mediapipe_python is None:
            return "MediaPipe is not installed"
        if entrant.needs_task and self.task_file is None:
            return "no task file given"
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a contestant reported: the fields of `Rate` and `peak_bytes`; and what it found.

    `smooth_px` and `raw_px` (n_frames, n, 3), image space; None where there are none. `note` says
    why MediaPipe failed; everything else is void then.
    """

    values: Mapping[str, Any]
    smooth_px: Float32Array | None = None
    raw_px: Float32Array | None = None
    note: str = ""


def run_on_clip(name: str, clip: str, setup: Setup) -> Answer:
    """Run one contestant on a clip.

    Raises
    ------
    MienError
        What Mien itself ended with. MediaPipe's failures are told in the answer's note.
    """
    entrant = CONTESTANTS[name]
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        landmarks_file = Path(folder) / "landmarks.npz"
        job = {
            "module": "contestants",
            "run": "run_contestant",
            "name": name,
            "clip": clip,
            "engine": setup.engine,
            "task_file": str(setup.task_file or ""),
            "landmarks_file": str(landmarks_file),
        }
        python = setup.mediapipe_python if entrant.needs_mediapipe else None
        answer = run_child(job, python=python)
        if "error" in answer:
            if entrant.needs_mediapipe:
                return Answer({}, note=f"{answer['error']}: {answer['message']}")
            raise own_error(entrant.label, answer)
        if not landmarks_file.exists():
            return Answer(answer)
        with np.load(landmarks_file) as arrays:
            found = {key: arrays[key] for key in arrays.files}
    return Answer(answer, found.get("smooth_px"), found.get("raw_px"))


def own_error(name: str, answer: Mapping[str, str]) -> MienError:
    """Return the error that Mien ended with in a process of its own."""
    kind = getattr(errors, answer["error"], None)
    if isinstance(kind, type) and issubclass(kind, MienError):
        return kind(answer["message"])
    return BackendError(f"Measuring '{name}' failed: {answer['error']}: {answer['message']}")
