"""What this run of Blender knows and does not save: the job that runs, and what was reported.

It holds no bpy, so that plain tests can use it.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from ..core.jobs import Job
from ..core.progress import Progress
from ..core.version import VERSION

_N_NOTES = 200
_LONGEST_WAIT_S = 5.0
_SHOW_INTERVAL_S = 0.2


@dataclass(frozen=True, slots=True)
class Note:
    """One report to the artist."""

    clock: str
    kind: str
    text: str


@dataclass(slots=True)
class _Running:
    """A job that runs in a window, and what has to be given back when it ends."""

    name: str
    job: Job
    window_manager: Any
    timer: Any
    progress: Progress | None = None
    shown_at: float = 0.0


class Session:
    """One job at a time; its progress is shown, and its end releases everything in one place."""

    def __init__(self) -> None:
        self._running: _Running | None = None
        self._notes: deque[Note] = deque(maxlen=_N_NOTES)

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return self._running is not None

    @property
    def job_name(self) -> str:
        """What the running job is called; empty where none runs."""
        return "" if self._running is None else self._running.name

    @property
    def progress(self) -> Progress | None:
        """The last report of the running job."""
        return None if self._running is None else self._running.progress

    @property
    def is_stopping(self) -> bool:
        """Whether the running job was asked to stop."""
        return self._running is not None and self._running.job.is_stopping

    def is_of(self, job: Job) -> bool:
        """Say whether this is the job that runs."""
        return self._running is not None and self._running.job is job

    def begin(self, context: Any, name: str, job: Job, *, tick_s: float) -> None:
        """Note a job that is about to start, and let the window tick."""
        manager = context.window_manager
        timer = manager.event_timer_add(tick_s, window=context.window)
        self._running = _Running(name, job, manager, timer)
        self._redraw(context, status=f"{name} …  Esc stops")

    def show(self, context: Any, progress: Progress) -> None:
        """Show how far the job is."""
        running, now = self._running, time.monotonic()
        if running is None:
            return
        is_new_stage = running.progress is None or running.progress.stage != progress.stage
        running.progress = progress
        # To draw costs the work time, and a window the time in which it answers.
        if not is_new_stage and now - running.shown_at < _SHOW_INTERVAL_S:
            return
        running.shown_at = now
        self._redraw(context, status=f"{running.name}: {progress_text(progress)}  Esc stops")

    def stop(self, context: Any) -> None:
        """Ask the job to stop."""
        if self._running is not None:
            self._running.job.stop()
            self._redraw(context, status=f"{self._running.name}: stopping …")

    def end(self, context: Any) -> None:
        """Release what the job has used; a second call does nothing."""
        running, self._running = self._running, None
        if running is None:
            return
        running.window_manager.event_timer_remove(running.timer)
        self._redraw(context, status=None)

    def end_and_wait(self, context: Any) -> None:
        """Stop the job, give it time to close its files, and release everything."""
        if self._running is not None:
            self._running.job.stop()
            self._running.job.join(_LONGEST_WAIT_S)
        self.end(context)

    def note(self, kind: str, text: str) -> None:
        """Keep a report."""
        self._notes.append(Note(time.strftime("%H:%M:%S"), kind, text))

    def report_text(self, blender_version: str) -> str:
        """Return everything that was reported in this session, to be sent to whoever can help."""
        head = f"Mien {VERSION}, Blender {blender_version}"
        lines = [f"{note.clock} {note.kind}: {note.text}" for note in self._notes]
        return "\n".join([head, *(lines or ["Nothing was reported."])]) + "\n"

    @property
    def n_errors(self) -> int:
        """How many errors were reported."""
        return sum(note.kind == "ERROR" for note in self._notes)

    def _redraw(self, context: Any, *, status: str | None) -> None:
        """Write the status bar, and have the sidebars drawn again."""
        for workspace in context.blend_data.workspaces:  # each has a status bar of its own
            workspace.status_text_set(status)
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "VIEW_3D":
                    for region in area.regions:
                        if region.type == "UI":
                            region.tag_redraw()


def progress_text(progress: Progress) -> str:
    """Say how far work is, in numbers."""
    of_total = "" if progress.total is None else f" of {progress.total}"
    text = f"{progress.done}{of_total}"
    return f"{text}, {progress.per_second:.0f} per second" if progress.per_second > 0 else text


SESSION = Session()
