"""Every contestant on a moving photograph, under one condition after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Float64Array, ImageArray
from ..errors import BackendError, NoFace
from ..pipeline import CapturePlan, FaceFinder
from ..records import Frame, OnProgress, Progress, silent
from ..source.image_file import read_image
from .child import python_with, run_child
from .contestants import CONTESTANTS
from .footage import Condition, Portrait, footage_job, save_portrait
from .measure import TrackingScore, score_tracking
from .running import Setup, own_error, run_on_clip


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """How one contestant did under one condition; `raw` before smoothing, where it can be told.

    `blink_of_raw` and `jaw_of_raw`: how much of what the network saw smoothing left, 1 when all.
    """

    name: str
    label: str
    score: TrackingScore | None = None
    raw: TrackingScore | None = None
    note: str = ""

    @property
    def blink_of_raw(self) -> float | None:
        """Blink kept by smoothing, of the network's own."""
        return self._of_raw("blink_kept")

    @property
    def jaw_of_raw(self) -> float | None:
        """Jaw kept by smoothing, of the network's own."""
        return self._of_raw("jaw_kept")

    def _of_raw(self, measure: str) -> float | None:
        """Return the ratio of both slopes against the truth.

        A slope of the smoothed against the raw itself would be too small: noise of the raw opening
        widens what it is measured against.
        """
        if self.score is None or self.raw is None:
            return None
        of_truth: float = getattr(self.raw, measure)
        return float(getattr(self.score, measure)) / of_truth if abs(of_truth) > 1e-6 else None


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """The rows of one condition; `note` says why there are none."""

    name: str
    says: str
    rate_hz: float
    n_frames: int
    rows: tuple[AccuracyRow, ...] = ()
    note: str = ""


def default_photograph() -> tuple[str, ImageArray] | None:
    """Return the demo's photograph, NASA's portrait of Eileen Collins; None without scikit-image.

    Returns
    -------
    its name, and the image (512, 512, 3), RGB
    """
    try:
        from skimage import data
    except ImportError:
        return None
    astronaut: Callable[[], ImageArray] = data.astronaut
    return "astronaut of scikit-image", np.asarray(astronaut(), np.uint8)


def read_photograph(path: Path) -> tuple[str, ImageArray]:
    """Return an image's name and pixels (height, width, 3), RGB."""
    return path.name, read_image(path)


def portrait_of(
    name: str, photo: ImageArray, setup: Setup, *, is_found_by_mediapipe: bool = False
) -> Portrait:
    """Find the landmarks that are the truth at rest.

    Parameters
    ----------
    name, photo : the image (height, width, 3), RGB
    setup : whose engine finds them
    is_found_by_mediapipe : MediaPipe's refined mesh finds them instead, to see what depends on it

    Raises
    ------
    NoFace, BackendError
        The photograph shows none; MediaPipe is not there.
    """
    if is_found_by_mediapipe:
        return _found_by_mediapipe(name, photo, setup)
    plan = CapturePlan(footage="", take_folder=Path(), engine=setup.engine)
    face = FaceFinder(plan).find(Frame(0, 0.0, photo))[0]
    if face is None:
        raise _no_face(name)
    return Portrait(photo, face.points_px, name, found_by=f"Mien's engine {setup.engine}")


def measure_accuracy(
    portrait: Portrait,
    conditions: Sequence[Condition],
    setup: Setup,
    *,
    contestants: Sequence[str] = tuple(CONTESTANTS),
    on_progress: OnProgress = silent,
) -> tuple[ConditionResult, ...]:
    """Make the footage of each condition, run all contestants on it, and throw it away."""
    names = [name for name in contestants if name != "decoding"]
    steps = _Steps(on_progress, len(conditions) * (len(names) + 1))
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        save_portrait(portrait, Path(folder) / "portrait.npz")
        return tuple(
            _under(condition, names, portrait, setup, folder=Path(folder), steps=steps)
            for condition in conditions
        )


class _Steps:
    """Counts what is reported."""

    def __init__(self, on_progress: OnProgress, total: int) -> None:
        self._on_progress, self._total, self._done = on_progress, total, 0

    def next(self, name: str) -> None:
        """Report what begins."""
        self._on_progress(Progress(f"bench {name}", self._done, self._total))
        self._done += 1


def _under(
    condition: Condition,
    names: Sequence[str],
    portrait: Portrait,
    setup: Setup,
    *,
    folder: Path,
    steps: _Steps,
) -> ConditionResult:
    """Measure under one condition."""
    steps.next(f"{condition.name}: drawing")
    clip = folder / condition.file_name
    note = _make_clip(folder / "portrait.npz", condition, clip, setup)
    rows: list[AccuracyRow] = []
    if not note:
        truth = true_landmarks(portrait, condition)
        for name in names:
            steps.next(f"{condition.name}: {name}")
            rows.append(_score(name, str(clip), setup, truth))
        clip.unlink()
    motion = condition.motion
    return ConditionResult(
        condition.name, condition.says, motion.rate_hz, motion.n_frames, tuple(rows), note
    )


def true_landmarks(portrait: Portrait, condition: Condition) -> Float64Array:
    """Return where the landmarks are in each frame: (n_frames, 468, 3), image space, pixels."""
    moving = portrait.moving(condition.motion)
    return np.stack([moving.truth_px(index) for index in range(moving.n_frames)])


def _make_clip(portrait_file: Path, condition: Condition, clip: Path, setup: Setup) -> str:
    """Write the footage; return why that cannot be, or nothing."""
    python = None
    if condition.crf is not None:
        python = python_with("av", named=setup.mediapipe_python)
        if python is None:
            return "PyAV, which brings an H.264 encoder, is not installed"
    answer = run_child(footage_job(portrait_file, condition, path=clip), python=python)
    if "error" in answer:
        raise own_error(f"footage {condition.name}", answer)
    return ""


def _score(name: str, clip: str, setup: Setup, truth: Float64Array) -> AccuracyRow:
    """Run one contestant and compare it with the truth."""
    label = CONTESTANTS[name].label
    lack = setup.lacks(name)
    if lack:
        return AccuracyRow(name, label, note=lack)
    answer = run_on_clip(name, clip, setup)
    if answer.smooth_px is None:
        return AccuracyRow(name, label, note=answer.note)
    raw = None if answer.raw_px is None else score_tracking(answer.raw_px, truth)
    return AccuracyRow(name, label, score_tracking(answer.smooth_px, truth), raw)


def _found_by_mediapipe(name: str, photo: ImageArray, setup: Setup) -> Portrait:
    """Ask MediaPipe for the landmarks at rest."""
    if setup.mediapipe_python is None:
        raise BackendError("MediaPipe shall find the truth's landmarks, and is not installed.")
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        image_file, landmarks_file = Path(folder) / "photo.npy", Path(folder) / "landmarks.npy"
        np.save(image_file, photo)
        job = {
            "module": "mediapipe_runs",
            "run": "find_still",
            "image_file": str(image_file),
            "landmarks_file": str(landmarks_file),
        }
        answer = run_child(job, python=setup.mediapipe_python)
        if "error" in answer:
            raise own_error("MediaPipe on the photograph", answer)
        if not answer["is_found"]:
            raise _no_face(name)
        landmarks = np.load(landmarks_file)
    return Portrait(photo, landmarks, name, found_by="MediaPipe's refined FaceMesh")


def _no_face(name: str) -> NoFace:
    """Return the error for a photograph without a face."""
    return NoFace(f"No face was found in photograph '{name}'. Give one that shows a face, frontal.")
