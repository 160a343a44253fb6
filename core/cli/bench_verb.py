"""`mien bench`: speed and jitter."""

from __future__ import annotations

from argparse import Namespace

from .console import Result
from .session import Session


def bench(arguments: Namespace, session: Session) -> Result:
    """Measure decoding, capture and MediaPipe on a clip."""
    from ..bench.bench import bench_clip  # brings the contestants along, which no other verb needs

    found = bench_clip(
        arguments.clip,
        engine=arguments.engine,
        truth_file=arguments.truth,
        on_progress=session.report,
    )
    return Result(values=found.values(), lines=found.lines())
