"""An evaluation as a table, as values, and one line a face."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .evaluation import Evaluation, MeasuredFace, MissedFace
from .scores import YAW_BINS, area_under_curve, share_below, yaw_bin

_N_NAMED = 5
_AnyFace = MeasuredFace | MissedFace

LIMIT_OF = {".mat": 0.10, ".pts": 0.08}
"""Above it a face counts as a failure; the curve ends there."""
NORMALISED_BY = {
    ".mat": "√(width · height) of the true landmarks' box",
    ".pts": "the distance of the true outer eye corners",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One part of a data set: faces measured and missed, their mean and median error; or means."""

    name: str
    n_measured: int | None
    n_missed: int | None
    mean: float
    median: float | None


def rows_of(evaluation: Evaluation) -> list[Row]:
    """Return a row for each bin of yaw and the bins' mean, or for each folder; the last is all."""
    if evaluation.dataset.kind == ".mat":
        rows = _rows_of_yaw(evaluation)
    else:
        groups = sorted({face.group for face in _faces_of(evaluation)})
        rows = [
            _row(group or "(no folder)", *_part(evaluation, _group_of, group))
            for group in (groups if len(groups) > 1 else ())
        ]
    return [*rows, _row("all", evaluation.measured, evaluation.missed)]


def values_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return what `--json` prints."""
    limit, errors = LIMIT_OF[evaluation.dataset.kind], evaluation.errors
    n_missed = len(evaluation.missed)
    below = share_below(errors, np.array([limit]), n_missed=n_missed)
    return {
        "engine": evaluation.engine,
        "dataset": str(evaluation.dataset.folder),
        "annotations": evaluation.dataset.kind,
        "regions": evaluation.regions,
        "normalised_by": NORMALISED_BY[evaluation.dataset.kind],
        "rows": [
            {
                "name": row.name,
                "measured": row.n_measured,
                "missed": row.n_missed,
                "mean": _number(row.mean),
                "median": _number(row.median),
            }
            for row in rows_of(evaluation)
        ],
        "limit": limit,
        "area_under_curve": area_under_curve(errors, limit, n_missed=n_missed),
        "failures": 1.0 - float(below[0]),
        "missed": [face.name for face in evaluation.missed],
        "several_faces": list(evaluation.several),
        "unreadable_images": list(evaluation.unreadable),
        "unusable_annotations": list(evaluation.unusable),
        "without_annotation": list(evaluation.unannotated),
    }


def lines_of(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the table for people."""
    values = values_of(evaluation)
    n_faces = len(evaluation.measured) + len(evaluation.missed)
    found = "by the detector" if evaluation.regions == "detector" else "where the truth has them"
    kind = evaluation.dataset.kind
    cells = [["|yaw|" if kind == ".mat" else "part", "faces", "missed", "NME %", "median %"]]
    for row in rows_of(evaluation):
        counts = ["" if count is None else str(count) for count in (row.n_measured, row.n_missed)]
        median = "" if row.median is None else _percent(row.median)
        cells.append([row.name, *counts, _percent(row.mean), median])
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    table = [
        line[0].ljust(widths[0])
        + "".join("  " + cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))
        for line in cells
    ]
    limit = f"{100.0 * values['limit']:.0f} %"
    return (
        f"{evaluation.engine} on '{evaluation.dataset.name}': {n_faces} faces, found {found}",
        f"errors of 68 points over {NORMALISED_BY[kind]}",
        *(line.rstrip() for line in table),
        f"area under the curve to {limit}: {values['area_under_curve']:.3f}; "
        f"missed or above {limit}: {_percent(values['failures'])} %",
    )


def warnings_of(evaluation: Evaluation) -> tuple[str, ...]:
    """Return what could not be used, or is not as it should be: counted, the first ones named."""
    noted = (
        ("annotated faces were not found", [face.name for face in evaluation.missed]),
        (
            "images show more than one face; the one nearest to the truth counts",
            evaluation.several,
        ),
        ("images cannot be decoded", evaluation.unreadable),
        ("annotations cannot be used", evaluation.unusable),
        ("images have no annotation and are left out", evaluation.unannotated),
        ("faces are turned by more than 90° and in no bin", _beyond(evaluation)),
    )
    return tuple(f"{len(names)} {says}: {_named(names)}" for says, names in noted if names)


def errors_csv(evaluation: Evaluation) -> str:
    """Return one line a face: name, yaw in degrees, error; empty where it is missed or unknown."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "yaw_deg", "error"])
    for face in sorted(_faces_of(evaluation), key=lambda face: face.name):
        yaw = "" if face.yaw_rad is None else f"{np.degrees(face.yaw_rad):.2f}"
        error = f"{face.error:.6f}" if isinstance(face, MeasuredFace) else ""
        writer.writerow([face.name, yaw, error])
    return text.getvalue()


def _faces_of(evaluation: Evaluation) -> list[_AnyFace]:
    """Return the annotated faces, measured and missed."""
    return [*evaluation.measured, *evaluation.missed]


def _rows_of_yaw(evaluation: Evaluation) -> list[Row]:
    """Return a row for each bin, and their mean, in which each bin counts the same."""
    rows = []
    for index, (low, high) in enumerate(YAW_BINS):
        name = f"{low:.0f}–{high:.0f}°"
        rows.append(_row(name, *_part(evaluation, _bin_of, index)))
    mean = float(np.mean([row.mean for row in rows]))
    return [*rows, Row("mean of bins", None, None, mean, None)]


def _row(name: str, measured: Sequence[MeasuredFace], missed: Sequence[MissedFace]) -> Row:
    """Average the faces of a part."""
    errors = np.array([face.error for face in measured], np.float64)
    if not errors.size:
        return Row(name, 0, len(missed), np.nan, np.nan)
    return Row(name, errors.size, len(missed), float(errors.mean()), float(np.median(errors)))


def _part(
    evaluation: Evaluation, part_of: Callable[[_AnyFace], str | int | None], part: str | int
) -> tuple[list[MeasuredFace], list[MissedFace]]:
    """Return the faces of a part, measured and missed."""
    return (
        [face for face in evaluation.measured if part_of(face) == part],
        [face for face in evaluation.missed if part_of(face) == part],
    )


def _group_of(face: _AnyFace) -> str:
    """Return the folder that a face's image lies in."""
    return face.group


def _bin_of(face: _AnyFace) -> int | None:
    """Return the bin of yaw that a face belongs to."""
    return None if face.yaw_rad is None else yaw_bin(face.yaw_rad)


def _beyond(evaluation: Evaluation) -> list[str]:
    """Return the faces whose yaw is in no bin."""
    return [
        face.name
        for face in _faces_of(evaluation)
        if face.yaw_rad is not None and _bin_of(face) is None
    ]


def _named(names: Sequence[str]) -> str:
    """Return the first few names."""
    return "; ".join(names[:_N_NAMED]) + ("; …" if len(names) > _N_NAMED else "")


def _percent(value: float) -> str:
    """Write a share in percent."""
    return f"{100.0 * value:.2f}" if np.isfinite(value) else "–"


def _number(value: float | None) -> float | None:
    """Return a number as JSON can hold it."""
    return None if value is None or not np.isfinite(value) else float(value)
