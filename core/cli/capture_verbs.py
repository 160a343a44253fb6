"""`mien capture` and `mien animate`."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import pipeline
from ..errors import Cancelled, MienError, TakeBusy
from ..pipeline import CapturePlan
from ..records import Take
from ..settings import SourceSettings, TrackSettings
from ..takes import check_take_place, has_take, read_take, remove_take
from .console import Result
from .output_settings import output_settings
from .outputs import check_outputs, write_outputs
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
    plan = _plan(arguments, take_folder=arguments.take.absolute())
    captured = _capture(plan, session)
    return Result(
        values=captured.values(),
        lines=(captured.line(), str(plan.take_folder)),
        warnings=captured.take.warnings,
    )


def animate(arguments: Namespace, session: Session) -> Result:
    """Capture, then write every output."""
    settings = output_settings(arguments)
    outputs = check_outputs(
        arguments.outputs, settings=settings, session=session, footage=arguments.clip
    )
    is_kept = arguments.take is not None
    folder = arguments.take if is_kept else outputs[0].with_suffix(".take")
    plan = _plan(arguments, take_folder=folder.absolute())
    captured = _capture(plan, session)
    with _naming_the_take(plan.take_folder, n_frames_before=0):
        written = write_outputs(captured.take, outputs, settings=settings, session=session)
    values = captured.values()
    left_behind = () if is_kept else _removed(plan.take_folder)
    if not is_kept:
        values["take"] = str(plan.take_folder) if left_behind else None
    return Result(
        values={**values, "outputs": [one.values for one in written]},
        lines=(captured.line(), *(one.line for one in written)),
        warnings=(
            *captured.take.warnings,
            *(text for one in written for text in one.warnings),
            *left_behind,
        ),
    )


def _removed(folder: Path) -> tuple[str, ...]:
    """Remove a take that is no longer needed; return a warning where the system refuses."""
    try:
        remove_take(folder)
    except OSError as error:
        return (f"The take '{folder}' could not be removed: {error.strerror}. Remove it yourself.",)
    return ()


def _plan(arguments: Namespace, *, take_folder: Path) -> CapturePlan:
    """Gather what a capture needs, and check what can be checked before it begins."""
    is_resumed = arguments.resume and has_take(take_folder)
    plan = CapturePlan(
        footage=arguments.clip,
        take_folder=take_folder,
        engine=arguments.engine,
        source=SourceSettings(start_s=arguments.start, end_s=arguments.end, rate_hz=arguments.rate),
        track=TrackSettings(n_faces=arguments.faces, is_tracked=arguments.is_tracked),
        device=arguments.device,
        n_threads=arguments.threads,
        is_resumed=is_resumed,
        is_overwriting=arguments.overwrite,
    )
    if not is_resumed:
        check_take_place(take_folder, is_overwriting=arguments.overwrite)
    return plan


def _capture(plan: CapturePlan, session: Session) -> _Captured:
    """Run a capture; when it is stopped, say what was kept."""
    n_before = read_take(plan.take_folder).n_frames if plan.is_resumed else 0
    started = time.monotonic()
    with _naming_the_take(plan.take_folder, n_frames_before=n_before):
        take = pipeline.capture(plan, on_progress=session.report)
    return _Captured(take, take.n_frames - n_before, time.monotonic() - started)


@contextmanager
def _naming_the_take(folder: Path, *, n_frames_before: int) -> Iterator[None]:
    """Add to what stops the work that its frames are kept, and where; an empty take is removed."""
    try:
        yield
    except TakeBusy:  # whose frames are another's
        raise
    except (MienError, Cancelled, KeyboardInterrupt) as error:
        if has_take(folder):
            n_frames = read_take(folder).n_frames
            if n_frames > n_frames_before:
                kept = "1 frame is" if n_frames == 1 else f"{n_frames} frames are"
                error.add_note(f"{kept} kept in '{folder}'; --resume goes on there.")
            elif n_frames == 0:
                remove_take(folder)
        raise
