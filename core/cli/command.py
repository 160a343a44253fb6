"""`mien …`: reads the words, runs the verb, turns what happened into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from ..errors import ArgumentError, Cancelled, ExportError, MienError, NoFace
from ..scene_job import SceneWriter
from .arguments import build_parser
from .bench_verb import bench
from .capture_verbs import animate, capture
from .console import Result, show_error, show_result
from .evaluate_verb import evaluate_verb
from .interruption import Interruption
from .model_verbs import models
from .progress_bar import ProgressBar
from .session import Session
from .take_verbs import build, export, info
from .train_verbs import train

DONE, BUG, WRONG_ARGUMENTS, UNUSABLE, NO_FACE, INTERRUPTED = 0, 1, 2, 3, 4, 130

_VERBS: dict[str, Callable[..., Result]] = {
    "animate": animate,
    "capture": capture,
    "build": build,
    "export": export,
    "models": models,
    "info": info,
    "bench": bench,
    "evaluate": evaluate_verb,
    "train": train,
}


def main(
    argv: Sequence[str],
    *,
    scene_writer: SceneWriter,
    check_scene_writer: Callable[[], None] = lambda: None,
) -> int:
    """Run one command.

    Parameters
    ----------
    argv : the words after `mien`
    scene_writer : writes .blend and the other formats that need Blender
    check_scene_writer : raises a `MienError` where the writer cannot work, before the long work

    Returns
    -------
    int
        The exit code. A bug is not caught: its traceback is shown, and Python exits with 1.
    """
    is_json = "--json" in argv
    try:
        arguments = build_parser().parse_args(list(argv))
        with Interruption() as interruption, ProgressBar() as bar:
            session = Session(scene_writer, check_scene_writer, interruption, bar)
            result = _VERBS[arguments.verb](arguments, session)
    except SystemExit as done:  # --help and --version
        return _printed(_flush, exit_code=int(done.code or 0))
    except (MienError, Cancelled, KeyboardInterrupt) as error:
        return _failed(error, is_json=is_json)
    except MemoryError as error:
        return _failed(_out_of_memory(error), is_json=is_json)
    return _printed(lambda: show_result(result, is_json=is_json), exit_code=DONE)


def _failed(error: BaseException, *, is_json: bool) -> int:
    """Print an error; return its exit code."""
    code = _exit_code(error)
    return _printed(lambda: show_error(error, exit_code=code, is_json=is_json), exit_code=code)


def _printed(show: Callable[[], None], *, exit_code: int) -> int:
    """Print something; return the exit code, another one if success could not be told."""
    try:
        show()
    except BrokenPipeError:  # whoever read stdout has seen enough
        _silence()
    except OSError as error:
        _silence(is_stdout_alone=True)
        if exit_code == DONE:
            failure = f"All is done, but the result cannot be printed: {error.strerror}."
            return _failed(ExportError(failure), is_json=False)
        _silence()
    return exit_code


def _silence(*, is_stdout_alone: bool = False) -> None:
    """Send what is still to be printed nowhere, so that Python does not fail again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout,) if is_stdout_alone else (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _flush() -> None:
    """Bring what argparse printed to its reader."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _out_of_memory(error: MemoryError) -> MienError:
    """Return the error that says what to do where memory ran out."""
    return MienError(
        f"There is not enough memory for this: {str(error) or 'none is left'}. Take less of the "
        "footage (--start, --end), a lower --scene-rate, or less --subdivide."
    )


def _exit_code(error: BaseException) -> int:
    """Return the code that tells a script what kind of error it was."""
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, ArgumentError):
        return WRONG_ARGUMENTS
    return NO_FACE if isinstance(error, NoFace) else UNUSABLE
