"""Carries out scene jobs in a process of its own: the bpy module's Python, or Blender."""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..core import errors
from ..core.errors import BackendError, ExportError, MienError
from ..core.records import OnProgress, Progress
from ..core.scene_job import MakeTextures, SceneJob, SceneReport, no_textures
from .headless import PREFIX
from .staging import staging_folder

EXECUTABLE_VARIABLE = "MIEN_BLENDER"
_N_LAST_LINES = 12
_POLL_S = 0.1
"""How long a stop may stay unnoticed while Blender says nothing."""


class SceneProcess:
    """A `SceneWriter` that can be stopped at any time and survives Blender's crashes."""

    def write(
        self, job: SceneJob, *, textures: MakeTextures = no_textures, on_progress: OnProgress
    ) -> SceneReport:
        """Carry a job out.

        Parameters
        ----------
        job : what to write
        textures : called in this process while the other one starts and solves; what it raises
            ends both
        on_progress : called as the process reports, and with the last report again while it is
            silent; if it raises, the process is killed

        Raises
        ------
        BackendError
            Neither the bpy module nor Blender is there.
        MienError
            Whatever the job ran into; nothing is left of its output.
        """
        command = blender_command()
        with (
            staging_folder(Path(job.output)) as staging,
            tempfile.TemporaryDirectory(prefix="mien-") as folder,
        ):
            path = Path(folder) / "job.json"
            path.write_text(job.to_json(), encoding="utf-8")
            process = subprocess.Popen(
                [*command, str(path), str(staging)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONIOENCODING": "utf-8", **_temporary_in(folder)},
            )
            try:
                _send_textures(process, textures)
                return _follow(process, on_progress=on_progress)
            finally:
                process.kill()
                process.wait()


def blender_command() -> list[str]:
    """Find a way to run `headless.py`; the job's file and its staging folder follow.

    A `MIEN_BLENDER` in the environment comes first, then the Blender that is running, the bpy
    module, and `blender`.

    Raises
    ------
    BackendError
        There is none.
    """
    named = os.environ.get(EXECUTABLE_VARIABLE) or _running_blender()
    executable = shutil.which(named or "blender")
    if named and executable is None:
        raise BackendError(
            f"{EXECUTABLE_VARIABLE} names '{named}', which is no program. Let it name Blender's "
            "executable, 4.2 or newer, or remove it."
        )
    script = str(Path(__file__).with_name("headless.py"))
    if not named and importlib.util.find_spec("bpy") is not None:
        # -P, and a script instead of a module: nothing is imported from the current folder.
        return [sys.executable, "-P", script, "--"]
    if executable is None:
        raise BackendError(
            "Scenes need Blender: neither the module 'bpy' nor a program 'blender' was found. "
            "Install one with 'pip install bpy', or let the environment variable "
            f"{EXECUTABLE_VARIABLE} name Blender's executable, 4.2 or newer."
        )
    options = ["--background", "--factory-startup", "--python-exit-code", "70"]
    return [executable, *options, "--python", script, "--"]


def _temporary_in(folder: str) -> dict[str, str]:
    """Let Blender's own temporary files go with the folder, even when it is killed."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)


def _running_blender() -> str:
    """Return the Blender that this code runs in; empty elsewhere, in the bpy module too."""
    bpy = sys.modules.get("bpy")
    return "" if bpy is None else str(bpy.app.binary_path)


def _send_textures(process: subprocess.Popen[str], make: MakeTextures) -> None:
    """Make the textures and tell the process, which waits for them, where they lie."""
    assert process.stdin is not None and process.stdout is not None
    try:
        textures = make()
    except BaseException:
        process.stdin.close()
        process.stdout.close()
        raise
    # A process that has ended already said why on its other stream.
    with suppress(OSError), process.stdin as stdin:
        stdin.write(json.dumps(textures) + "\n")


def _follow(process: subprocess.Popen[str], *, on_progress: OnProgress) -> SceneReport:
    """Pass progress on until the process ends; return its report or raise its error."""
    report: SceneReport | None = None
    failure: MienError | None = None
    progress = Progress("solve", 0, None)
    last_lines: deque[str] = deque(maxlen=_N_LAST_LINES)
    for line in _lines(process.stdout):
        if not line:
            on_progress(progress)
            continue
        if not line.startswith(PREFIX):
            last_lines.append(line)
            continue
        message: dict[str, Any] = json.loads(line[len(PREFIX) :])
        if "progress" in message:
            progress = Progress(**message["progress"])
            on_progress(progress)
        elif "report" in message:
            values = message["report"]
            report = SceneReport(**{**values, "warnings": tuple(values["warnings"])})
        else:
            failure = _error_of(message)
    code = process.wait()
    if failure is not None:
        raise failure
    if report is None or code != 0:
        how = f"with signal {-code}" if code < 0 else f"with exit code {code}"
        said = "\n".join(last_lines) or "It said nothing."
        raise ExportError(
            f"Blender ended {how} before the scene was written; nothing was kept. Make sure that "
            f"the disk has room, or try another format. Blender's last lines:\n{said}"
        )
    return report


def _lines(stream: IO[str] | None) -> Iterator[str]:
    """Yield the lines that are not empty, and an empty one whenever none has come for a while."""
    assert stream is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_pump, args=(stream, lines), daemon=True)
    reader.start()
    while True:
        try:
            line = lines.get(timeout=_POLL_S)
        except queue.Empty:
            yield ""
            continue
        if line is None:
            return
        if line.strip():
            yield line.rstrip()


def _pump(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    """Pass lines on until the stream ends, then None, and close it."""
    try:
        with stream:
            for line in stream:
                lines.put(line)
    finally:
        lines.put(None)


def _error_of(message: dict[str, Any]) -> MienError:
    """Make the error that the other process met again."""
    kind = getattr(errors, str(message["error"]), ExportError)
    return kind(message["message"])
