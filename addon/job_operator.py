"""Modal base of long operators: the same job blocks a script, and leaves a window free.

It holds no bpy, so that plain tests can drive it with stand-ins for Blender's context.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import Cancelled, MienError
from ..core.jobs import Failed, Finished, Job, Stopped
from ..core.progress import Progress
from .session import SESSION


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job came to: one line with counts, and in what the result is poorer than asked for."""

    line: str
    warnings: tuple[str, ...] = ()


TICK_S = 0.05
"""How often a window asks the job how far it is."""


class JobOperator:
    """`execute` runs the job to its end; `invoke` runs it on a thread, behind a timer.

    An operator gives `job_name`, `make_job` and `apply_result`; the others are there to be changed.
    """

    job_name = "Working"
    """What is shown while it runs."""

    _job: Job | None = None

    def make_job(self, context: Any) -> Job:
        """Gather plain values from the context, and return the job. May raise a `MienError`."""
        raise NotImplementedError  # abstract: every operator has its own

    def apply_result(self, context: Any, result: Any) -> Outcome:
        """Write the result into the scene; return what to tell the artist."""
        raise NotImplementedError  # abstract, too

    def apply_stop(self, context: Any) -> str:
        """Keep what can be kept after a stop; return one line for the artist."""
        return f"{self.job_name} was stopped."

    def apply_failure(self, context: Any, error: MienError) -> None:
        """Keep what can be kept after an error, before it is shown."""

    def execute(self, context: Any) -> set[str]:
        """Run the job here and now: for scripts and tests."""
        try:
            job = self.make_job(context)
            result = job.run(lambda progress: None)
        except MienError as error:
            return self._failed(context, error)
        except Cancelled:
            return self._stopped(context)
        return self._finished(context, result)

    def invoke(self, context: Any, event: Any) -> set[str]:
        """Start the job and come back at once; without a window there is nobody to come back to."""
        if context.window is None:
            return self.execute(context)
        try:
            job = self.make_job(context)
        except MienError as error:
            return self._failed(context, error)
        self._job = job
        if not self._begin(context, job):
            error = f"{self.job_name} cannot begin: the window does not listen. Try again."
            return self._failed(context, MienError(error))
        job.start()
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        """Look after the job; every event that is not ours goes on to Blender."""
        job = self._job
        if job is None or not SESSION.is_of(job):  # ended from outside: a new file, no extension
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            SESSION.stop(context)
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        for message in job.messages():
            if isinstance(message, Progress):
                SESSION.show(context, message)
                continue
            SESSION.end(context)
            if isinstance(message, Finished):
                return self._finished(context, message.result)
            if isinstance(message, Stopped):
                return self._stopped(context)
            return self._broken(context, message)
        return {"PASS_THROUGH"}

    def cancel(self, context: Any) -> None:
        """End the job because Blender ends the operator: its window is closed, or Blender is.

        When another file is opened, the session was ended before, together with the scene.
        """
        is_ours = self._job is not None and SESSION.is_of(self._job)
        SESSION.end_and_wait(context)
        if not is_ours or getattr(context, "scene", None) is None:
            return
        try:
            SESSION.note("WARNING", self.apply_stop(context))
        except Exception as error:  # what is left of Blender while it closes may be very little
            SESSION.note("ERROR", repr(error))

    def _begin(self, context: Any, job: Job) -> bool:
        """Take the session for a job, unless the window does not listen; return whether it does."""
        SESSION.begin(context, self.job_name, job, tick_s=TICK_S)
        is_heard = False
        try:
            is_heard = context.window_manager.modal_handler_add(self)
        finally:
            if not is_heard:
                SESSION.end(context)
        return is_heard

    def _finished(self, context: Any, result: Any) -> set[str]:
        """Apply a result."""
        try:
            outcome = self.apply_result(context, result)
        except MienError as error:
            return self._failed(context, error)
        kind = "WARNING" if outcome.warnings else "INFO"
        self._tell(context, kind, "\n".join([outcome.line, *outcome.warnings]))
        return {"FINISHED"}

    def _stopped(self, context: Any) -> set[str]:
        """Keep what a stop left, which changes the scene's list of takes."""
        try:
            line = self.apply_stop(context)
        except MienError as error:
            return self._failed(context, error)
        self._tell(context, "WARNING", line)
        return {"FINISHED"}

    def _broken(self, context: Any, message: Failed) -> set[str]:
        """Show an error of the job, or raise its bug, for Blender's console."""
        if not isinstance(message.error, MienError):
            SESSION.note("ERROR", repr(message.error))
            raise message.error
        return self._failed(context, message.error)

    def _failed(self, context: Any, error: MienError) -> set[str]:
        """Show an error; nothing was changed."""
        try:
            self.apply_failure(context, error)
        except MienError as another:
            error.add_note(str(another))
        self._tell(context, "ERROR", "\n".join([str(error), *getattr(error, "__notes__", ())]))
        return {"CANCELLED"}

    def _tell(self, context: Any, kind: str, text: str) -> None:
        """Report a line to the artist, and keep it for the session's report."""
        SESSION.note(kind, text)
        self.report({kind}, text)  # type: ignore[attr-defined]


def seconds_left(progress: Progress) -> float | None:
    """Estimate how long the work will take yet; None where its end or its speed is not known."""
    if progress.total is None or progress.per_second <= 0.0:
        return None
    return max(progress.total - progress.done, 0) / progress.per_second
