"""`mien capture` and `mien animate`."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import pipeline
from ..errors import ArgumentError, Cancelled, MienError, TakeBusy, TakeError
from ..landmarks import engine_spec
from ..outputs import check_outputs, write_outputs
from ..pipeline import CapturePlan
from ..records import Take
from ..settings import Density, DetectSettings, SourceSettings, TrackSettings
from ..takes import (
    check_take_place,
    has_take,
    is_temporary_take,
    read_take,
    remove_take,
    take_mark,
)
from .console import Result
from .output_settings import output_settings
from .session import Session
from .take_summary import capture_line, values_of_take


@dataclass(frozen=True, slots=True)
class _Captured:
    """A take and what its capture took in this run."""

    take: Take
    n_new_frames: int
    seconds: float

    def values(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            **values_of_take(self.take),
            "n_new_frames": self.n_new_frames,
            "seconds": round(self.seconds, 3),
            "frames_per_second": round(self.n_new_frames / max(self.seconds, 1e-9), 3),
        }

    def line(self) -> str:
        """Return what people are shown."""
        return capture_line(self.take, n_new_frames=self.n_new_frames, seconds=self.seconds)


def capture(arguments: Namespace, session: Session) -> Result:
    """Find the faces in footage and keep them in a take."""
    plan = _plan(arguments, take_folder=arguments.take.absolute(), is_temporary=False)
    captured = _capture(plan, session)
    return Result(
        values=captured.values(),
        lines=(captured.line(), str(plan.take_folder)),
        warnings=captured.take.warnings,
    )


def animate(arguments: Namespace, session: Session) -> Result:
    """Capture, then write every output."""
    settings = output_settings(arguments)
    _check_density(settings.mesh.density, engine=arguments.engine)
    outputs = check_outputs(
        arguments.outputs,
        settings=settings,
        session=session,
        footage=arguments.clip,
        n_faces=_track_settings(arguments).n_faces,
    )
    is_named = arguments.take is not None
    folder = arguments.take if is_named else outputs[0].with_suffix(".take")
    plan = _plan(arguments, take_folder=folder.absolute(), is_temporary=not is_named)
    captured = _capture(plan, session)
    with _naming_the_take(plan.take_folder):
        written = write_outputs(captured.take, outputs, settings=settings, session=session)
    values = captured.values()
    is_kept = is_named or not is_temporary_take(plan.take_folder)
    left_behind = () if is_kept else _removed(plan.take_folder)
    if not (is_kept or left_behind):
        values["take"] = None
    kept = (f"{plan.take_folder} is kept: it was not begun here.",) * (is_kept and not is_named)
    return Result(
        values={**values, "outputs": [one.values for one in written]},
        lines=(captured.line(), *(one.line for one in written), *kept),
        warnings=(
            *captured.take.warnings,
            *(text for one in written for text in one.warnings),
            *left_behind,
        ),
    )


def _check_density(density: Density, *, engine: str) -> None:
    """Raise if a dense mesh is asked of an engine that has none, before footage is captured."""
    spec = engine_spec(engine)
    if density != "1k" and not spec.map_size:
        raise ArgumentError(
            f"density '{density}' needs an engine of position maps, but '{engine}' gives "
            f"{spec.n_landmarks} points. Choose the engine prnet, or subdivide instead."
        )


def _removed(folder: Path) -> tuple[str, ...]:
    """Remove a take that is no longer needed; return a warning where the system refuses."""
    try:
        remove_take(folder)
    except OSError as error:
        return (f"The take '{folder}' could not be removed: {error.strerror}. Remove it yourself.",)
    return ()


def _plan(arguments: Namespace, *, take_folder: Path, is_temporary: bool) -> CapturePlan:
    """Gather what a capture needs, and check what can be checked before it begins."""
    is_resumed = arguments.resume and has_take(take_folder)
    plan = CapturePlan(
        footage=arguments.clip,
        take_folder=take_folder,
        engine=arguments.engine,
        quality=arguments.quality,
        source=SourceSettings(start_s=arguments.start, end_s=arguments.end, rate_hz=arguments.rate),
        detect=DetectSettings(range=arguments.detector),
        track=_track_settings(arguments),
        device=arguments.device,
        n_threads=arguments.threads,
        is_resumed=is_resumed,
        is_overwriting=arguments.overwrite,
        is_temporary=is_temporary,
    )
    if not is_resumed:
        check_take_place(take_folder, is_overwriting=arguments.overwrite)
    return plan


def _track_settings(arguments: Namespace) -> TrackSettings:
    """Gather how faces are followed."""
    return TrackSettings(n_faces=arguments.faces, is_tracked=arguments.is_tracked)


def _capture(plan: CapturePlan, session: Session) -> _Captured:
    """Run a capture; when it is stopped, say what was kept."""
    n_before = read_take(plan.take_folder).n_frames if plan.is_resumed else 0
    before = None if plan.is_resumed else take_mark(plan.take_folder)
    started = time.monotonic()
    with _naming_the_take(plan.take_folder, n_frames_before=n_before, mark_before=before):
        take = pipeline.capture(plan, on_progress=session.report)
        if take.footage.kind == "camera":
            session.interruption.settle()  # Ctrl-C was to end the recording, which it did
            session.interruption.check()
    return _Captured(take, take.n_frames - n_before, time.monotonic() - started)


@contextmanager
def _naming_the_take(
    folder: Path, *, n_frames_before: int = 0, mark_before: tuple[int, int] | None = None
) -> Iterator[None]:
    """Add to what stops the work that its frames are kept, and where; an empty take is removed.

    A take that `mark_before` belongs to is another's: this run has not begun its own yet.
    """
    try:
        yield
    except TakeBusy:  # whose frames are another's
        raise
    except (MienError, Cancelled, KeyboardInterrupt) as error:
        if take_mark(folder) not in (None, mark_before):
            with suppress(TakeError, OSError):  # of two errors the first is the one to tell
                _name_what_is_kept(error, folder, n_frames_before=n_frames_before)
        raise


def _name_what_is_kept(error: BaseException, folder: Path, *, n_frames_before: int) -> None:
    """Add a note on new frames of a take to an error; remove a take without frames."""
    take = read_take(folder)
    if take.n_frames > n_frames_before:
        kept = "1 frame is" if take.n_frames == 1 else f"{take.n_frames} frames are"
        is_over = take.footage.kind == "camera"
        then = "'mien export' writes them" if is_over else "--resume goes on there"
        error.add_note(f"{kept} kept in '{folder}'; {then}.")
    elif take.n_frames == 0:
        remove_take(folder)
