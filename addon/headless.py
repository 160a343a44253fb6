"""Carries out one scene job in a process of its own, and says how it went on stdout.

In the bpy module::

    python -P addon/headless.py -- JOB.json STAGING

In Blender::

    blender --background --factory-startup --python addon/headless.py -- JOB.json STAGING

Each message is a line of `PREFIX` and JSON, among whatever Blender prints. A line of JSON on stdin
names the textures, one a face; it is waited for where they are needed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.records import Progress

PREFIX = "@mien "
PACKAGE = "mien"


def main(argv: Sequence[str]) -> int:
    """Carry out the job in the file `argv[0]`, staging in the folder `argv[1]`; 0 if all went well.

    Bugs are not caught here: their traceback is what the parent process shows.
    """
    from ..core.errors import MienError
    from ..core.scene_job import SceneJob
    from .export.scene_file import write_scene_job

    job = SceneJob.from_json(Path(argv[0]).read_text(encoding="utf-8"))
    try:
        report = write_scene_job(
            job, staging=Path(argv[1]), textures=_told_textures, on_progress=_tell_progress
        )
    except MienError as error:
        _tell({"error": type(error).__name__, "message": str(error)})
        return 1
    _tell({"report": asdict(report)})
    return 0


def _told_textures() -> tuple[str, ...]:
    """Wait for the textures.

    Raises
    ------
    ExportError
        Whoever makes them is gone.
    """
    from ..core.errors import ExportError

    line = sys.stdin.readline()
    if not line:
        raise ExportError("The textures never came: the process that makes them has ended.")
    return tuple(json.loads(line))


def _tell_progress(progress: Progress) -> None:
    """Pass a report of the running work on."""
    _tell({"progress": asdict(progress)})


def _tell(message: dict[str, object]) -> None:
    """Print one message; it begins a line even if Blender left one open."""
    sys.stdout.write(f"\n{PREFIX}{json.dumps(message)}\n")
    sys.stdout.flush()


def _load_package() -> None:
    """Make the folder above importable as `mien`: this file runs as a lone script."""
    root = Path(__file__).resolve().parent.parent
    spec = importlib.util.spec_from_file_location(
        PACKAGE, root / "__init__.py", submodule_search_locations=[str(root)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


def _run() -> int:
    """Run the job whose arguments stand behind `--`."""
    _load_package()
    headless = importlib.import_module(f"{PACKAGE}.addon.headless")
    return headless.main(sys.argv[sys.argv.index("--") + 1 :])


if __name__ == "__main__":
    try:
        code = _run()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    # Blender 4.2 crashes in its own clean-up after a glTF export; by then all is written.
    os._exit(code)
