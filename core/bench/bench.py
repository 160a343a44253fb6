"""`mien bench`: speed, memory, jitter, and error against truth, beside MediaPipe where it is."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import ImageArray
from ..records import OnProgress, silent
from ..settings import SourceSettings
from ..source import open_source
from ..version import VERSION
from .accuracy import ConditionResult, measure_accuracy, portrait_of
from .footage import Condition
from .goals import Goal, goals_of
from .running import Setup
from .speed import SpeedRow, measure_speed, read_truth
from .table import accuracy_lines, goal_lines, speed_lines


@dataclass(frozen=True, slots=True, eq=False)
class BenchPlan:
    """What to measure: `photograph` is a name and an image (height, width, 3) RGB."""

    clip: str
    setup: Setup = field(default_factory=Setup)
    n_rounds: int = 3
    truth_file: Path | None = None
    photograph: tuple[str, ImageArray] | None = None
    conditions: tuple[Condition, ...] = ()
    is_truth_mediapipes: bool = False
    """Whether MediaPipe finds the photograph's landmarks, in place of Mien."""


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What was measured; `size` is (height, width), of the clip."""

    clip: str
    size: tuple[int, int]
    rate_hz: float
    engine: str
    n_rounds: int
    machine: str
    speed: tuple[SpeedRow, ...]
    photograph: str = ""
    truth_found_by: str = ""
    conditions: tuple[ConditionResult, ...] = ()

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What is to be reached, as far as this run tells."""
        return goals_of(self.speed, self.conditions)

    def values(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; what is not a number is None."""
        values = asdict(self)
        for condition, entry in zip(self.conditions, values["conditions"], strict=True):
            for row, cell in zip(condition.rows, entry["rows"], strict=True):
                cell["blink_of_raw"], cell["jaw_of_raw"] = row.blink_of_raw, row.jaw_of_raw
        values["goals"] = [{**asdict(goal), "is_met": bool(goal.is_met)} for goal in self.goals]
        return {key: _plain(value) for key, value in values.items()}

    def lines(self) -> tuple[str, ...]:
        """Return the tables for people."""
        height, width = self.size
        lines = [
            f"{Path(self.clip).name}: {width} × {height}, {self.rate_hz:g} Hz, {self.engine}; "
            f"{self.n_rounds} rounds; {self.machine}",
            *speed_lines(self.speed),
        ]
        if self.conditions:
            lines += ["", f"Moving photograph: {self.photograph}; at rest, {self.truth_found_by}"]
            lines += accuracy_lines(self.conditions)
        if self.goals:
            lines += ["", *goal_lines(self.goals)]
        return tuple(lines)


def run_bench(plan: BenchPlan, *, on_progress: OnProgress = silent) -> BenchResult:
    """Measure decoding, Mien and MediaPipe on a clip, and on a moving photograph.

    Raises
    ------
    MienError
        The clip, the truth or the photograph is unusable, or Mien itself failed on it.
    """
    truth = None if plan.truth_file is None else read_truth(plan.truth_file)
    with open_source(plan.clip, SourceSettings()) as source:
        footage = source.footage
    portrait = None
    if plan.photograph is not None and plan.conditions:
        portrait = portrait_of(
            *plan.photograph, plan.setup, is_found_by_mediapipe=plan.is_truth_mediapipes
        )
    machine = _machine()
    speed = measure_speed(
        plan.clip, plan.setup, n_rounds=plan.n_rounds, truth_px=truth, on_progress=on_progress
    )
    conditions: tuple[ConditionResult, ...] = ()
    if portrait is not None:
        conditions = measure_accuracy(
            portrait, plan.conditions, plan.setup, on_progress=on_progress
        )
    return BenchResult(
        plan.clip,
        footage.size,
        footage.rate_hz,
        plan.setup.engine,
        plan.n_rounds,
        machine,
        speed,
        photograph="" if portrait is None else portrait.name,
        truth_found_by="" if portrait is None else portrait.found_by,
        conditions=conditions,
    )


def write_result(result: BenchResult, out: Path) -> tuple[Path, ...]:
    """Write a result as JSON and text: into a folder, or one of them into a .json or .txt file.

    Returns
    -------
    tuple of Path
        What was written.
    """
    texts = {
        ".json": json.dumps(result.values(), indent=1) + "\n",
        ".txt": "\n".join(result.lines()) + "\n",
    }
    if out.suffix in texts:
        targets: Sequence[Path] = (out,)
    else:
        out.mkdir(parents=True, exist_ok=True)
        targets = tuple(out / f"bench{suffix}" for suffix in texts)
    for target in targets:
        beside = target.with_name(target.name + ".part")
        beside.write_text(texts[target.suffix], encoding="utf-8")
        beside.replace(target)
    return tuple(targets)


def _machine() -> str:
    """Say what ran this, and how busy others kept it when it began."""
    cpuinfo = Path("/proc/cpuinfo")
    name = platform.processor() or platform.machine()
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        name = models[0] if models else name
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} × {name}, {platform.system()}{load}, Mien {VERSION}"


def _plain(value: Any) -> Any:
    """Replace what JSON lacks."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
