"""A `SceneJob` carried out in this very Blender: take → scene → one checked file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ...core.errors import ArgumentError, ExportError
from ...core.pipeline import solve
from ...core.records import OnProgress, Performance, Progress
from ...core.scene_job import (
    SCENE_SUFFIXES,
    MakeTextures,
    SceneJob,
    SceneReport,
    no_textures,
)
from ...core.settings import Carrier
from ...core.takes import read_take
from ..scene.face_scene import FaceScene, ScenePlan, build_face_scene, cache_path_of
from ..scene.first_look import prepare_first_look
from ..staging import staging_folder
from .abc import check_abc, write_abc
from .blend import check_blend, write_blend
from .expected import Expected, expected_of
from .fbx import write_fbx
from .fbx_check import check_fbx
from .glb import write_glb
from .glb_check import check_glb
from .usdc import check_usdc, write_usdc


@dataclass(frozen=True, slots=True)
class _Format:
    """What a format keeps, how it is written, how it is checked.

    `keeps` lists the carriers that survive in it; another is replaced by the first of them.
    """

    keeps: tuple[Carrier, ...]
    write: Callable[..., None]
    check: Callable[[Path, Expected], None]


_FORMATS = {
    ".blend": _Format(
        ("shape-keys", "absolute-keys", "vertices", "cache"), write_blend, check_blend
    ),
    ".fbx": _Format(("shape-keys",), write_fbx, check_fbx),
    ".glb": _Format(("shape-keys",), write_glb, check_glb),
    # Alembic holds points alone, whatever moved them: the cache is exact and the fastest.
    ".abc": _Format(("cache",), write_abc, check_abc),
    ".usdc": _Format(("cache", "shape-keys"), write_usdc, check_usdc),
}


class InPlaceSceneWriter:
    """Carries jobs out in the Blender that is running; the open file makes room for it."""

    def write(
        self, job: SceneJob, *, textures: MakeTextures = no_textures, on_progress: OnProgress
    ) -> SceneReport:
        """Write the job's output whole and checked, or raise a `MienError` and leave nothing."""
        with staging_folder(Path(job.output)) as staging:
            return write_scene_job(job, staging=staging, textures=textures, on_progress=on_progress)


def write_scene_job(
    job: SceneJob,
    *,
    staging: Path,
    textures: MakeTextures = no_textures,
    on_progress: OnProgress,
) -> SceneReport:
    """Solve a take, build its scene, write it into `staging`, check it, and move it to its place.

    Parameters
    ----------
    job : take, output, settings
    staging : an empty folder on the output's disk, beside it
    textures : called when the faces are solved
    on_progress : called as work goes on

    Raises
    ------
    MienError
        The take is unusable, or the output could not be written whole.
    """
    output = Path(job.output)
    if output.suffix.lower() not in _FORMATS:
        wanted = ", ".join(SCENE_SUFFIXES)
        raise ArgumentError(f"'{output.name}' must end in one of {wanted}")
    on_progress(Progress("solve", 0, None))
    performances = solve(read_take(job.take), job.smooth, span=job.span, density=job.mesh.density)
    return write_performances(
        performances, job=job, staging=staging, textures=textures(), on_progress=on_progress
    )


def write_performances(
    performances: list[Performance],
    *,
    job: SceneJob,
    staging: Path,
    textures: tuple[str, ...] = (),
    on_progress: OnProgress,
) -> SceneReport:
    """Do what `write_scene_job` does, from solved faces on."""
    output = Path(job.output)
    suffix = output.suffix.lower()
    form = _FORMATS[suffix]
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    plan = replace(_plan_of(job, staging=staging, form=form), textures=textures)
    if suffix == ".blend" and plan.animate.carrier == "cache":
        _check_cache_names(output, plan, n_faces=len(performances))
    scene = bpy.context.scene
    built = build_face_scene(scene, performances, plan=plan, on_progress=on_progress)
    expected = expected_of(scene, built)
    scene.frame_set(scene.frame_start)
    on_progress(Progress("write", 0, None))
    staged = staging / output.name
    with _translated(output):
        if suffix == ".blend":
            prepare_first_look(scene, built.faces, has_texture=any(textures))
            write_blend(staged, home=output.parent)
        else:
            form.write(staged, has_camera=job.has_camera)
        form.check(staged, expected)
        _move_into_place(staged, output.parent)
    return _report_of(job, plan, built=built, performances=performances)


def _plan_of(job: SceneJob, *, staging: Path, form: _Format) -> ScenePlan:
    """Choose how the faces are built for the job's format."""
    output = Path(job.output)
    is_blend = output.suffix.lower() == ".blend"
    carrier = job.animate.carrier
    animate = job.animate if carrier in form.keeps else replace(job.animate, carrier=form.keeps[0])
    # A cache that only feeds an exporter must not be taken for a part of the output.
    folder = staging if is_blend else Path(bpy.app.tempdir)
    return ScenePlan(
        name=output.stem,
        animate=animate,
        mesh=job.mesh,
        cache=folder / f"{output.stem}.pc2",
        scene_rate_hz=job.scene_rate_hz,
        has_camera=job.has_camera,
        is_baked=not is_blend and animate.carrier == "shape-keys",
        is_hiding=is_blend,
    )


def _check_cache_names(output: Path, plan: ScenePlan, *, n_faces: int) -> None:
    """Raise where a point cache would take the place of a file that is not the old output's."""
    if output.exists():
        return
    for index in range(n_faces):
        name = cache_path_of(plan, index).name
        if output.with_name(name).exists():
            raise ExportError(
                f"'{output.name}' needs its point cache beside it, but there is a '{name}' beside "
                "it that belongs to something else. Choose another name, or move that file away."
            )


def _move_into_place(staged: Path, folder: Path) -> None:
    """Move the file that is whole into its folder, after what it needs beside it; all or nothing.

    Raises
    ------
    OSError
        A file could not be moved; those before it are back.
    """
    beside = [path for path in staged.parent.rglob("*") if path.is_file() and path != staged]
    with ExitStack() as undo:
        for file in beside:
            place = folder / file.relative_to(staged.parent)
            place.parent.mkdir(exist_ok=True)
            if place.exists():
                old = file.with_name(f"{file.name}.old")
                place.replace(old)
                undo.callback(old.replace, place)
            else:
                undo.callback(place.unlink, missing_ok=True)
            file.replace(place)
        staged.replace(folder / staged.name)
        undo.pop_all()


@contextmanager
def _translated(output: Path) -> Iterator[None]:
    """Turn what Blender and the disk say into an error for the artist."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise ExportError(
            f"'{output.name}' could not be written to '{output.parent}': {_reason(error)}. Make "
            "sure that the disk has room and the folder can be written to."
        ) from error


def _reason(error: Exception) -> str:
    """Return one line of what Blender said, which may be a whole traceback of an exporter."""
    lines = str(error).splitlines()
    said = [line for line in lines if re.match(r"\w+(\.\w+)*(Error|Exception): ", line)]
    return said[-1] if said else " ".join(str(error).split()).removeprefix("Error: ").rstrip(".")


def _report_of(
    job: SceneJob, plan: ScenePlan, *, built: FaceScene, performances: list[Performance]
) -> SceneReport:
    """Sum up what was written, and what the artist should know of it."""
    carrier, wanted = plan.animate.carrier, job.animate.carrier
    warnings = list(built.warnings)
    suffix = Path(job.output).suffix.lower()
    if carrier == "shape-keys" and wanted != carrier:
        warnings.append(f"'{suffix}' keeps no '{wanted}': the animation became shape keys.")
    return SceneReport(
        output=job.output,
        blender_version=bpy.app.version_string,
        carrier=carrier,
        n_faces=len(built.faces),
        n_frames=len(performances[0].time_s),
        n_blendshapes=built.n_blendshapes,
        worst_error_m=built.worst_error_m,
        warnings=tuple(warnings),
    )
