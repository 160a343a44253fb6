"""`mien …`: reads the words, runs the verb, turns what happened into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from ..errors import ArgumentError, Cancelled, MienError, NoFace
from ..scene_job import SceneWriter
from .arguments import build_parser
from .bench_verb import bench
from .capture_verbs import animate, capture
from .console import Result, show_error, show_result
from .interruption import Interruption
from .model_verbs import models
from .progress_bar import ProgressBar
from .session import Session
from .take_verbs import build, export, info

DONE, BUG, WRONG_ARGUMENTS, UNUSABLE, NO_FACE, INTERRUPTED = 0, 1, 2, 3, 4, 130

_VERBS: dict[str, Callable[..., Result]] = {
    "animate": animate,
    "capture": capture,
    "build": build,
    "export": export,
    "models": models,
    "info": info,
    "bench": bench,
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
        show_result(result, is_json=is_json)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    except (MienError, Cancelled, KeyboardInterrupt) as error:
        code = _exit_code(error)
        show_error(error, exit_code=code, is_json=is_json)
        return code
    except BrokenPipeError:
        # Whoever read stdout has seen enough; keep Python from failing again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _exit_code(error: BaseException) -> int:
    """Return the code that tells a script what kind of error it was."""
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, ArgumentError):
        return WRONG_ARGUMENTS
    return NO_FACE if isinstance(error, NoFace) else UNUSABLE
