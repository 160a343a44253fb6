"""What writing outputs may use while it runs."""

from __future__ import annotations

from typing import Protocol

from ..records import Progress
from ..scene_job import SceneWriter


class OutputSession(Protocol):
    """Whoever asked for the outputs: the command line, or the add-on's job."""

    @property
    def scene_writer(self) -> SceneWriter:
        """Writes the formats that need Blender."""
        ...

    def check_scene_writer(self) -> None:
        """Raise a `MienError` where the scene writer cannot work."""
        ...

    def check(self) -> None:
        """Raise `Cancelled` if someone asked to stop."""
        ...

    def report(self, progress: Progress) -> None:
        """Show progress; raise `Cancelled` if someone asked to stop."""
        ...
