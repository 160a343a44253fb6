"""`mien build`, `mien export` and `mien info`: what can be done with a take."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ..errors import ArgumentError
from ..outputs import check_outputs, write_outputs
from ..takes import count_stills, read_take
from .console import Result
from .output_settings import output_settings
from .session import Session
from .take_summary import lines_of_take, values_of_take


def build(arguments: Namespace, session: Session) -> Result:
    """Make a Blender scene from a take."""
    if arguments.output.suffix.lower() != ".blend":
        raise ArgumentError(
            f"'{arguments.output}' is no .blend file, which is what 'mien build' makes. "
            "Use 'mien export' for other formats."
        )
    return _write(arguments, [arguments.output], session=session)


def export(arguments: Namespace, session: Session) -> Result:
    """Write a take as files for other programs."""
    return _write(arguments, arguments.outputs, session=session)


def info(arguments: Namespace, session: Session) -> Result:
    """Say what is in a take."""
    take = read_take(arguments.take)
    n_stills = count_stills(arguments.take)
    return Result(
        values={**values_of_take(take), "n_stills": n_stills},
        lines=(*lines_of_take(take), f"Stills:    {n_stills}"),
        warnings=take.warnings,
    )


def _write(arguments: Namespace, paths: Sequence[Path], *, session: Session) -> Result:
    """Write a take to files."""
    settings = output_settings(arguments)
    take = read_take(arguments.take)
    outputs = check_outputs(
        paths,
        settings=settings,
        session=session,
        footage=take.footage.path,
        n_faces=sum(bool(track.presence.any()) for track in take.faces),
    )
    written = write_outputs(take, outputs, settings=settings, session=session)
    return Result(
        values={"take": take.folder, "outputs": [one.values for one in written]},
        lines=tuple(one.line for one in written),
        warnings=tuple(text for one in written for text in one.warnings),
    )
