"""`mien bench`: speed, jitter, and error against truth."""

from __future__ import annotations

from argparse import Namespace

from ..errors import ArgumentError
from .console import Result
from .session import Session

_NO_PHOTOGRAPH = (
    "The moving photograph is left out: the demo's photograph comes with scikit-image, which is "
    "not installed. Give one by --photograph."
)


def bench(arguments: Namespace, session: Session) -> Result:
    """Measure decoding, capture and MediaPipe on a clip and on a moving photograph."""
    # These bring the contestants along, which no other verb needs.
    from ..bench import BenchPlan, run_bench, write_result
    from ..bench.accuracy import default_photograph, read_photograph
    from ..bench.child import python_with
    from ..bench.conditions import chosen_conditions
    from ..bench.running import Setup

    conditions = chosen_conditions(arguments.conditions.split(","))
    if arguments.task is not None and not arguments.task.is_file():
        raise ArgumentError(f"Task file '{arguments.task}' is missing.")
    photograph = None
    if conditions:
        given = arguments.photograph
        photograph = default_photograph() if given is None else read_photograph(given)
    plan = BenchPlan(
        arguments.clip,
        Setup(
            arguments.engine,
            python_with("mediapipe", named=arguments.mediapipe_python),
            arguments.task,
        ),
        n_rounds=arguments.rounds,
        truth_file=arguments.truth,
        photograph=photograph,
        conditions=conditions,
        is_truth_mediapipes=arguments.truth_by == "mediapipe",
    )
    found = run_bench(plan, on_progress=session.report)
    if arguments.out is not None:
        write_result(found, arguments.out)
    warnings = (_NO_PHOTOGRAPH,) if conditions and photograph is None else ()
    return Result(values=found.values(), lines=found.lines(), warnings=warnings)
