"""Speed, memory and jitter of every contestant on one clip, in interleaved rounds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..arrays import Float32Array, check_shape
from ..errors import ArgumentError, CannotOpen
from ..records import OnProgress, Progress, silent
from .contestants import CONTESTANTS
from .measure import TrackingScore, score_tracking, shaking_percent
from .running import Answer, Setup, run_on_clip


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """What one contestant reached; None where it does not apply or cannot be known.

    Each figure is the median of the rounds, `peak_mb` their most: `per_second`, whole frames from
    file to landmarks, loading included; `cpu_ms`, a frame, all threads; `start_s`, the time to the
    first frame. `per_second_rounds` has each round. `note` says why a row is empty.
    """

    name: str
    label: str
    n_frames: int = 0
    per_second: float | None = None
    cpu_ms: float | None = None
    start_s: float | None = None
    peak_mb: float | None = None
    per_second_rounds: tuple[float, ...] = ()
    shaking_percent: float | None = None
    score: TrackingScore | None = None
    note: str = ""


def measure_speed(
    clip: str,
    setup: Setup,
    *,
    n_rounds: int,
    truth_px: Float32Array | None = None,
    contestants: Sequence[str] = tuple(CONTESTANTS),
    on_progress: OnProgress = silent,
) -> tuple[SpeedRow, ...]:
    """Run every contestant once a round.

    In rounds, not one after the other: what else the machine does comes and goes, and burdens all
    of them alike.

    Parameters
    ----------
    clip : footage with one face
    setup : what the contestants need
    n_rounds : at least 1
    truth_px : shape (n_frames, n, 3), the true landmarks of the clip
    contestants : which, in this order
    on_progress : called before each run

    Raises
    ------
    ArgumentError
        The truth is of another length than the clip.
    MienError
        The clip is unusable, or Mien itself failed on it.
    """
    answers: dict[str, list[Answer]] = {name: [] for name in contestants}
    running = [name for name in contestants if not setup.lacks(name)]
    for index in range(n_rounds * len(running)):
        name = running[index % len(running)]
        if answers[name] and answers[name][0].note:
            continue
        on_progress(Progress(f"bench {name}", index, n_rounds * len(running)))
        answers[name].append(run_on_clip(name, clip, setup))
    return tuple(
        _row(name, answers[name], lack=setup.lacks(name), truth_px=truth_px) for name in contestants
    )


def read_truth(path: Path) -> Float32Array:
    """Read true landmarks (n_frames, n, 3) from an .npz with `landmarks_px`.

    Raises
    ------
    CannotOpen
        It is something else.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:  # np.load leaves a bad zip open
            truth = np.asarray(arrays["landmarks_px"], np.float32)
        check_shape("landmarks_px", truth, ("n_frames", "n_landmarks", 3))
    except (OSError, KeyError, ValueError, TypeError, IndexError, BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is something else"
        raise CannotOpen(
            f"Truth '{path}' cannot be read: {reason}. It must be an .npz with 'landmarks_px'."
        ) from error
    return truth


def _row(
    name: str, answers: Sequence[Answer], *, lack: str, truth_px: Float32Array | None
) -> SpeedRow:
    """Sum up the rounds of one contestant."""
    label = CONTESTANTS[name].label
    if lack or answers[0].note:
        return SpeedRow(name, label, note=lack or answers[0].note)
    rounds = [answer.values for answer in answers]
    peaks = [values["peak_bytes"] for values in rounds if values["peak_bytes"] is not None]
    landmarks = answers[0].smooth_px
    return SpeedRow(
        name,
        label,
        n_frames=rounds[0]["n_steps"],
        per_second=statistics.median(values["per_second"] for values in rounds),
        cpu_ms=statistics.median(values["cpu_ms"] for values in rounds),
        start_s=statistics.median(values["start_s"] for values in rounds),
        peak_mb=max(peaks) / 1e6 if peaks else None,
        per_second_rounds=tuple(values["per_second"] for values in rounds),
        shaking_percent=None if landmarks is None else shaking_percent(landmarks),
        score=_score(name, landmarks, truth_px, n_steps=rounds[0]["n_steps"]),
    )


def _score(
    name: str, landmarks: Float32Array | None, truth_px: Float32Array | None, *, n_steps: int
) -> TrackingScore | None:
    """Compare with the truth, where there is one."""
    if truth_px is None:
        return None
    if len(truth_px) != n_steps:
        raise ArgumentError(
            f"truth must have as many frames as the clip, got {len(truth_px)} where '{name}' "
            f"found {n_steps}"
        )
    return None if landmarks is None else score_tracking(landmarks, truth_px)
