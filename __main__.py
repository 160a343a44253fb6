"""`mien …` and `python -m mien …`."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .core.records import OnProgress
    from .core.scene_job import MakeTextures, SceneJob, SceneReport


class _SceneProcess:
    """Scenes are made in a process of their own, whose code is loaded once it is needed."""

    def check(self) -> None:
        """Raise a `BackendError` where there is no Blender."""
        from .addon.scene_process import blender_command

        blender_command()

    def write(
        self, job: SceneJob, *, textures: MakeTextures, on_progress: OnProgress
    ) -> SceneReport:
        """Carry a job out."""
        from .addon.scene_process import SceneProcess

        return SceneProcess().write(job, textures=textures, on_progress=on_progress)


def main() -> None:
    """Run the command line and leave with its exit code."""
    _open_closed_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Before and after the work, Ctrl-C just ends the program; during it, `run` listens.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .core.cli import main as run

    scenes = _SceneProcess()
    sys.exit(run(sys.argv[1:], scene_writer=scenes, check_scene_writer=scenes.check))


def _open_closed_streams() -> None:
    """Give away the numbers of closed standard streams, or what libraries print ends in a take."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


if __name__ == "__main__":
    main()
