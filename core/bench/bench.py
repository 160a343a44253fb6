"""`mien bench`: speed, memory and jitter on a clip, beside MediaPipe where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from .. import errors
from ..arrays import Float32Array, check_shape
from ..errors import ArgumentError, BackendError, CannotOpen, MienError
from ..records import OnProgress, Progress, silent
from ..settings import DEFAULT_ENGINE, SourceSettings
from ..source import open_source
from .contestants import CONTESTANTS, is_available
from .measure import TrackingScore, score_tracking, shaking_percent

# The package is loaded from its folder, under a name of its own: installed by pip or living inside
# Blender's extensions, it is the same. What follows on stdout's last line is the answer.
_CHILD = """
import importlib, importlib.util, json, sys
root, job = sys.argv[1], json.loads(sys.argv[2])
spec = importlib.util.spec_from_file_location(
    "mien", root + "/__init__.py", submodule_search_locations=[root]
)
sys.modules["mien"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["mien"])
run = importlib.import_module("mien.core.bench.contestants").run_contestant
try:
    answer = run(**job)
except Exception as error:
    answer = {"error": type(error).__name__, "message": str(error)}
print()
print(json.dumps(answer))
"""


@dataclass(frozen=True, slots=True)
class BenchRow:
    """What one contestant reached; None where it does not apply or cannot be known.

    `per_second` and `cpu_ms` (a frame, all threads) leave out `start_s`, the time to the first
    frame. `note` says why a row is empty.
    """

    name: str
    n_frames: int = 0
    per_second: float | None = None
    cpu_ms: float | None = None
    start_s: float | None = None
    peak_mb: float | None = None
    shaking_percent: float | None = None
    score: TrackingScore | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class BenchResult:
    """The rows of one clip; `size` is (height, width)."""

    clip: str
    size: tuple[int, int]
    rate_hz: float
    engine: str
    rows: tuple[BenchRow, ...]

    def values(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; what is not a number is None."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    def lines(self) -> tuple[str, ...]:
        """Return the table for people."""
        height, width = self.size
        head = f"{Path(self.clip).name}: {width} × {height}, {self.rate_hz:g} Hz, {self.engine}"
        return (head, *_table(self.rows))


def bench_clip(
    clip: str,
    *,
    engine: str = DEFAULT_ENGINE,
    truth_file: Path | None = None,
    contestants: Sequence[str] = tuple(CONTESTANTS),
    on_progress: OnProgress = silent,
) -> BenchResult:
    """Measure decoding, Mien and MediaPipe on a clip, one after the other.

    Parameters
    ----------
    clip : footage with one face
    engine : Mien's engine
    truth_file : .npz with `landmarks_px` (n_frames, n_landmarks, 3), the true landmarks of the clip
    contestants : which, in this order
    on_progress : called before each

    Raises
    ------
    ArgumentError
        The truth is of another length than the clip.
    MienError
        The clip or the truth is unusable, or Mien itself failed on it.
    """
    unknown = [name for name in contestants if name not in CONTESTANTS]
    if unknown:
        raise ArgumentError(f"contestants must be among {', '.join(CONTESTANTS)}, got {unknown}")
    truth = None if truth_file is None else _read_truth(truth_file)
    with open_source(clip, SourceSettings()) as source:
        footage = source.footage
    rows = []
    for index, name in enumerate(contestants):
        on_progress(Progress(f"bench {name}", index, len(contestants)))
        rows.append(_measure(name, clip=clip, engine=engine, truth=truth))
    return BenchResult(clip, footage.size, footage.rate_hz, engine, tuple(rows))


def _measure(name: str, *, clip: str, engine: str, truth: Float32Array | None) -> BenchRow:
    """Run one contestant in a process of its own."""
    if not is_available(name):
        return BenchRow(name, note="not installed")
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        landmarks_file = Path(folder) / "landmarks.npy"
        answer = _run_child(
            {"name": name, "clip": clip, "engine": engine, "landmarks_file": str(landmarks_file)}
        )
        if "error" in answer:
            if name == "mediapipe":
                return BenchRow(name, note=f"{answer['error']}: {answer['message']}")
            raise _own_error(name, answer)
        landmarks = np.load(landmarks_file) if landmarks_file.exists() else None
    if truth is not None and len(truth) != answer["n_steps"]:
        raise ArgumentError(
            f"truth must have as many frames as the clip, got {len(truth)} where '{name}' found "
            f"{answer['n_steps']}"
        )
    peak = answer["peak_bytes"]
    shaking, score = None, None
    if landmarks is not None:
        shaking = shaking_percent(landmarks)
        if truth is not None:
            score = score_tracking(landmarks, truth)
    return BenchRow(
        name,
        n_frames=answer["n_steps"],
        per_second=answer["per_second"],
        cpu_ms=answer["cpu_ms"],
        start_s=answer["start_s"],
        peak_mb=None if peak is None else peak / 1e6,
        shaking_percent=shaking,
        score=score,
    )


def _own_error(name: str, answer: dict[str, str]) -> MienError:
    """Return the error that Mien ended with in a process of its own."""
    kind = getattr(errors, answer["error"], None)
    if isinstance(kind, type) and issubclass(kind, MienError):
        return kind(answer["message"])
    return BackendError(f"Measuring '{name}' failed: {answer['error']}: {answer['message']}")


def _run_child(job: dict[str, str]) -> dict[str, Any]:
    """Start Python on one job and read its answer."""
    root = Path(__file__).resolve().parents[2]
    # Neither `-c` nor `python -m` here shall make it import what lies beside the footage.
    here = Path.cwd()
    search = os.pathsep.join(path for path in sys.path if path and Path(path) != here)
    done = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD, str(root), json.dumps(job)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONPATH": search, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise BackendError(
            f"Measuring '{job['name']}' ended with exit code {done.returncode}.\n{last}"
        )
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def _read_truth(path: Path) -> Float32Array:
    """Read the true landmarks."""
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


def _table(rows: Sequence[BenchRow]) -> list[str]:
    """Lay rows out in columns."""
    heads = ["", "frames/s", "CPU ms", "start s", "peak MB", "shaking %"]
    has_truth = any(row.score is not None for row in rows)
    if has_truth:
        heads += ["error %", "jitter %", "lag", "blink", "jaw"]
    cells = [heads]
    for row in rows:
        values: list[float | None] = [
            row.per_second,
            row.cpu_ms,
            row.start_s,
            row.peak_mb,
            row.shaking_percent,
        ]
        if has_truth and row.score is not None:
            score = row.score
            values += [score.error_percent, score.jitter_percent, score.lag_frames]
            values += [score.blink_kept, score.jaw_kept]
        cells.append([row.name, *(_number(value) for value in values)])
    widths = [
        max(len(line[column]) for line in cells if column < len(line))
        for column in range(len(heads))
    ]
    lines = [
        line[0].ljust(widths[0])
        + "".join(
            "  " + cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=False)
        )
        for line in cells
    ]
    return [
        f"{row.name.ljust(widths[0])}  {row.note}" if row.note else line
        for row, line in zip([BenchRow(""), *rows], lines, strict=True)
    ]


def _number(value: float | None) -> str:
    """Write a number with three digits or so."""
    if value is None or not np.isfinite(value):
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _plain(value: Any) -> Any:
    """Replace what JSON lacks."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
