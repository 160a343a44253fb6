"""`mien …` and `python -m mien …`."""

from __future__ import annotations

import sys

from .core.cli import main as run
from .core.records import OnProgress
from .core.scene_job import SceneJob, SceneReport


class _SceneProcess:
    """Scenes are made in a process of their own, whose code is loaded once it is needed."""

    def check(self) -> None:
        """Raise a `BackendError` where there is no Blender."""
        from .addon.scene_process import blender_command

        blender_command()

    def write(self, job: SceneJob, *, on_progress: OnProgress) -> SceneReport:
        """Carry a job out."""
        from .addon.scene_process import SceneProcess

        return SceneProcess().write(job, on_progress=on_progress)


def main() -> None:
    """Run the command line and leave with its exit code."""
    scenes = _SceneProcess()
    sys.exit(run(sys.argv[1:], scene_writer=scenes, check_scene_writer=scenes.check))


if __name__ == "__main__":
    main()
