"""What every verb may use while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..records import Progress
from ..scene_job import SceneWriter
from .interruption import Interruption
from .progress_bar import ProgressBar


@dataclass(frozen=True, slots=True)
class Session:
    """The scene writer, the bar, and whether someone pressed Ctrl-C."""

    scene_writer: SceneWriter
    check_scene_writer: Callable[[], None]
    interruption: Interruption
    bar: ProgressBar

    def check(self) -> None:
        """Raise `Cancelled` if someone asked to stop."""
        self.interruption.check()

    def report(self, progress: Progress) -> None:
        """Show progress.

        Raises
        ------
        Cancelled
            Someone asked to stop.
        """
        self.check()
        self.bar(progress)
