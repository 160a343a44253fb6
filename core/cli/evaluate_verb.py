"""`mien evaluate`: how far an engine's landmarks are off on annotated photographs."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

from ..evaluate import (
    EVALUATED,
    LIMIT_OF,
    NORMALISED_BY,
    REGIONS,
    EvaluationPlan,
    curve_svg,
    errors_csv,
    evaluate,
    lines_of,
    values_of,
    warnings_of,
)
from ..export.atomic_file import new_file
from .console import Result
from .option_groups import add_device
from .session import Session


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add what an evaluation is told."""
    parser.add_argument(
        "engine", metavar="ENGINE", choices=EVALUATED, help=f"one of {', '.join(EVALUATED)}"
    )
    parser.add_argument(
        "dataset",
        metavar="DATASET",
        type=Path,
        help="a folder of images with a .mat beside each (AFLW2000-3D) or a .pts (300-W)",
    )
    parser.add_argument(
        "--regions",
        choices=REGIONS,
        default="detector",
        help="how faces are found: by the detector, as in a capture, or where the truth has them, "
        "as in papers (default: detector)",
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.svg", help="draw the cumulative curve of the errors"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE.csv", help="write one line a face")
    add_device(parser)


def evaluate_verb(arguments: Namespace, session: Session) -> Result:
    """Measure an engine on a data set; write the curve and the list where they are asked for."""
    plan = EvaluationPlan(
        arguments.engine,
        arguments.dataset,
        regions=arguments.regions,
        device=arguments.device,
        n_threads=arguments.threads,
    )
    found = evaluate(plan, on_progress=session.report)
    lines = list(lines_of(found))
    if arguments.plot is not None:
        kind = found.dataset.kind
        picture = curve_svg(
            found.errors,
            n_missed=len(found.missed),
            limit=LIMIT_OF[kind],
            title=f"{found.engine} on {found.dataset.name}",
            across=f"mean error of 68 points over {NORMALISED_BY[kind]}",
        )
        _write(arguments.plot, picture)
        lines.append(str(arguments.plot))
    if arguments.csv is not None:
        _write(arguments.csv, errors_csv(found))
        lines.append(str(arguments.csv))
    return Result(values=values_of(found), lines=tuple(lines), warnings=warnings_of(found))


def _write(path: Path, text: str) -> None:
    """Write a text file that appears when it is complete."""
    with new_file(path) as file:
        file.write(text.encode())
