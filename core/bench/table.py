"""What the bench found, in columns for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .accuracy import AccuracyRow, ConditionResult
from .goals import Goal
from .speed import SpeedRow

_SPEED_HEADS = ("", "frames/s", "CPU ms", "start s", "peak MB", "shaking %")
_SCORE_HEADS = ("error %", "unbiased %", "jitter %", "usual %", "lag", "blink", "jaw")
_RAW_HEADS = ("raw jitter %", "raw blink", "raw jaw", "blink/raw", "jaw/raw")


def speed_lines(rows: Sequence[SpeedRow]) -> list[str]:
    """Lay out what each contestant reached on the clip."""
    has_truth = any(row.score is not None for row in rows)
    table = [[*_SPEED_HEADS, *(_SCORE_HEADS if has_truth else ())]]
    for row in rows:
        cells = [row.per_second, row.cpu_ms, row.start_s, row.peak_mb, row.shaking_percent]
        score = _score_cells(row) if has_truth else []
        table.append([row.label, *map(_number, cells + score)])
    return _laid_out(table, notes=[row.note for row in rows])


def accuracy_lines(conditions: Sequence[ConditionResult]) -> list[str]:
    """Lay out how each contestant did under each condition."""
    table: list[list[str]] = [["", *_SCORE_HEADS, *_RAW_HEADS]]
    notes: list[str] = []
    for condition in conditions:
        table.append([f"{condition.name} ({condition.says})"])
        notes.append(condition.note)
        for row in condition.rows:
            cells = _score_cells(row)
            if row.raw is not None:
                raw = row.raw
                cells += [raw.jitter_percent, raw.blink_kept, raw.jaw_kept]
                cells += [row.blink_of_raw, row.jaw_of_raw]
            table.append([f"  {row.label}", *map(_number, cells)])
            notes.append(row.note)
    return _laid_out(table, notes=notes)


def goal_lines(goals: Sequence[Goal]) -> list[str]:
    """Lay out what was to be reached."""
    table = [["", "reached", "goal", ""]]
    for goal in goals:
        asked, verdict = "", ""
        if goal.least is not None:
            asked = f"≥ {goal.least:.3g}"
        elif goal.most is not None:
            asked = f"≤ {goal.most:.3g}"
        if asked:
            verdict = "met" if goal.is_met else "missed"
        table.append([goal.name, _number(goal.value), asked, verdict])
    return _laid_out(table, notes=[""] * len(goals))


def _score_cells(row: SpeedRow | AccuracyRow) -> list[float | None]:
    """Return a score's figures in the order of their heads."""
    score = row.score
    if score is None:
        return [None] * len(_SCORE_HEADS)
    return [
        score.error_percent,
        score.bias_free_error_percent,
        score.jitter_percent,
        score.usual_jitter_percent,
        score.lag_frames,
        score.blink_kept,
        score.jaw_kept,
    ]


def _laid_out(table: Sequence[Sequence[str]], *, notes: Sequence[str]) -> list[str]:
    """Align columns; a row with a note shows that instead of figures."""
    n_columns = max(len(row) for row in table)
    # A lone name is a heading, which may run over the columns.
    widths = [
        max((len(row[column]) for row in table if len(row) > max(column, 1)), default=0)
        for column in range(n_columns)
    ]
    lines = []
    for row, note in zip(table, ["", *notes], strict=True):
        line = row[0].ljust(widths[0])
        cells = ("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False))
        lines.append((f"{line}  {note}" if note else line + "".join(cells)).rstrip())
    return lines


def _number(value: float | None) -> str:
    """Write a number with three digits or so."""
    if value is None or not np.isfinite(value):
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
