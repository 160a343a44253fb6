"""Outputs that Blender writes, and the textures they take along."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import MienError
from ..export import png_of_texture, write_texture
from ..scene_job import SceneJob, SceneReport
from .session import OutputSession
from .solved_take import SolvedTake
from .written import Written


def write_scene(solved: SolvedTake, output: Path, *, session: OutputSession) -> Written:
    """Let Blender write one file.

    Raises
    ------
    MienError
        It could not be written; nothing is left of it.
    Cancelled
        Someone asked to stop.
    """
    settings = solved.settings
    assert solved.take.folder is not None
    with tempfile.TemporaryDirectory(prefix="mien-") as folder:
        job = SceneJob(
            take=solved.take.folder,
            output=str(output),
            smooth=settings.smooth,
            mesh=settings.mesh,
            animate=settings.animate,
            has_camera=settings.has_camera,
            scene_rate_hz=settings.scene_rate_hz,
            span=settings.span,
        )
        try:
            report = session.scene_writer.write(
                job,
                # Making them takes as long as Blender takes to start and to solve.
                textures=lambda: _write_textures(solved, Path(folder)),
                on_progress=session.report,
            )
        except MienError:
            session.check()  # Ctrl-C in a terminal ends Blender, too: that is why
            raise
    return Written(values=_values(report), line=_line(report), warnings=report.warnings)


def _write_textures(solved: SolvedTake, folder: Path) -> tuple[str, ...]:
    """Write the texture of each face if they are wanted; an empty name where there is none."""
    if not solved.settings.has_texture:
        return ()
    return tuple(
        ""
        if image is None
        else str(write_texture(folder / f"face{index}.png", png_of_texture(image)))
        for index, image in enumerate(solved.textures)
    )


def _values(report: SceneReport) -> dict[str, Any]:
    """Return what `--json` prints."""
    values = asdict(report)
    values["path"] = values.pop("output")
    values.pop("warnings")
    return values


def _line(report: SceneReport) -> str:
    """Return what people are shown."""
    faces = "" if report.n_faces == 1 else f"{report.n_faces} faces, "
    keys = ""
    if report.n_blendshapes:
        worst_mm = report.worst_error_m * 1000
        keys = f", {report.n_blendshapes} keys, worst error {worst_mm:.3f} mm"
    return f"{report.output}: {faces}{report.carrier}{keys} (Blender {report.blender_version})"
