"""Outputs that need no Blender: arrays, tables, point caches, the overlay."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ..animate import neutral_face, resample_uniform
from ..arrays import FloatArray
from ..errors import ExportError
from ..export import (
    write_mdd,
    write_neutral_obj,
    write_npz,
    write_overlay,
    write_pc2,
    write_points_csv,
)
from ..geometry import visible_points
from ..mesh import FaceSurface, face_surface
from ..pipeline import blendshape_weights, contours_of_mesh
from ..records import Performance, Take
from ..settings import SourceSettings
from ..source import open_source
from ..spaces import scene_from_head
from ..takes import hash_footage
from .session import OutputSession
from .solved_take import SolvedTake
from .written import Written

CACHE_SUFFIXES = (".pc2", ".mdd")
_CHUNK_FRAMES = 256


@dataclass(frozen=True, slots=True, eq=False)
class _Cache:
    """A mesh's positions at scene frames: (n_frames, n, 3) metres, scene space."""

    positions: FloatArray
    first_frame: int
    rate_hz: float


def cache_files(output: Path, *, n_faces: int) -> list[tuple[Path, Path]]:
    """Return the names of a point cache and of its mesh for each face; the second's end in '-2'."""
    stems = [output.stem, *(f"{output.stem}-{number}" for number in range(2, n_faces + 1))]
    caches = [output.with_name(stem + output.suffix) for stem in stems]
    return [(cache, cache.with_suffix(".obj")) for cache in caches]


def write_points(solved: SolvedTake, output: Path, *, session: OutputSession) -> Written:
    """Write one file.

    Raises
    ------
    MienError
        It could not be written; nothing is left of it.
    """
    files = _WRITERS[output.suffix.lower()](solved, output, session)
    paths = [str(file) for file in files]
    n_frames = len(solved.performances[0].time_s)
    return Written(
        values={
            "path": paths[0],
            "beside": paths[1:],
            "n_faces": len(solved.performances),
            "n_frames": n_frames,
        },
        line=paths[0]
        + (f" (with {', '.join(Path(path).name for path in paths[1:])})" * (len(paths) > 1)),
        warnings=_changed_footage(solved.take) if output.suffix.lower() == ".mp4" else (),
    )


def _changed_footage(take: Take) -> tuple[str, ...]:
    """Return a warning where the footage is no longer what was captured."""
    captured = take.provenance.footage_sha256
    if captured is None:
        return ()
    with open_source(take.footage.path, _source_settings(take)) as source:
        if hash_footage(source.files).sha256 == captured:
            return ()
    return (
        f"Footage '{Path(take.footage.path).name}' was changed after it was captured. Look whether "
        "the mesh still fits the face; if not, capture it again.",
    )


def _write_npz(solved: SolvedTake, output: Path, session: OutputSession) -> list[Path]:
    performances = solved.performances
    write_npz(
        performances,
        output,
        blendshapes=blendshape_weights(performances),
        visibility=[
            visible_points(one.landmarks_smooth_px, one.topology.triangles) for one in performances
        ],
    )
    return [output]


def _write_csv(solved: SolvedTake, output: Path, session: OutputSession) -> list[Path]:
    write_points_csv(solved.performances, output)
    return [output]


def _write_overlay(solved: SolvedTake, output: Path, session: OutputSession) -> list[Path]:
    """Draw the faces over the footage, opened as it was for the capture."""
    take = solved.take
    settings = _source_settings(take)
    performances = solved.drawn_performances
    write_overlay(
        performances,
        output=output,
        open_footage=lambda: open_source(take.footage.path, settings),
        contours=contours_of_mesh(performances[0].landmarks_smooth_px.shape[1]),
        on_progress=session.report,
    )
    return [output]


def _source_settings(take: Take) -> SourceSettings:
    """Return how the footage was opened for the capture; a rate is the images' alone."""
    captured = take.provenance.settings.get("source")
    values = captured if isinstance(captured, dict) else {}
    numbers = {
        field.name: values[field.name]
        for field in fields(SourceSettings)
        if isinstance(values.get(field.name), int | float)
    }
    if take.footage.kind != "images":
        numbers.pop("rate_hz", None)
    return SourceSettings(**numbers)


def _write_cache(solved: SolvedTake, output: Path, session: OutputSession) -> list[Path]:
    """Write a point cache and a mesh for each face."""
    performances = solved.performances
    files = cache_files(output, n_faces=len(performances))
    for (path, mesh), performance in zip(files, performances, strict=True):
        session.check()
        surface = face_surface(performance.topology, solved.settings.mesh)
        # The mesh first: it tells, should the work be stopped in between, whose the cache is.
        _write_mesh(mesh, performance, surface=surface)
        with _cached_mesh(solved, performance, surface=surface, folder=output.parent) as cache:
            _write_cache_file(path, cache)
    return [path for path, _ in files] + [mesh for _, mesh in files]


def _write_cache_file(path: Path, cache: _Cache) -> None:
    """Write PC2 or MDD, whichever the suffix says."""
    if path.suffix.lower() == ".pc2":
        write_pc2(path, cache.positions, start_frame=float(cache.first_frame))
        return
    frames = cache.first_frame + np.arange(len(cache.positions))
    write_mdd(path, cache.positions, times_s=frames / cache.rate_hz)


def _write_mesh(path: Path, performance: Performance, *, surface: FaceSurface) -> None:
    """Write the neutral mesh that the cache moves."""
    poses = performance.geometry.head_m[performance.is_present]
    neutral = neutral_face(poses, reference_m=performance.topology.neutral_m)
    (positions,) = surface.carry(scene_from_head(neutral)[None])
    write_neutral_obj(path, positions, faces=surface.polygons, uv=surface.uv)


@contextmanager
def _cached_mesh(
    solved: SolvedTake, performance: Performance, *, surface: FaceSurface, folder: Path
) -> Iterator[_Cache]:
    """Give the mesh at the scene's frames; a subdivided one lies on the disk, not in memory."""
    rate_hz = solved.settings.scene_rate_hz or performance.footage.rate_hz
    samples = resample_uniform(performance.geometry.head_m, performance.time_s, rate_hz=rate_hz)
    positions = scene_from_head(samples.values)
    if surface.stencil is None:
        yield _Cache(positions, samples.first_frame, rate_hz)
        return
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            for first in range(0, len(positions), _CHUNK_FRAMES):
                chunk = positions[first : first + _CHUNK_FRAMES]
                file.write(surface.carry(chunk).astype("<f4").tobytes())
            file.flush()
        except OSError as error:
            raise ExportError(
                f"The point cache cannot be written to '{folder}': {error.strerror}. Make room "
                "there, or subdivide less."
            ) from error
        shape = (len(positions), surface.n_vertices, 3)
        on_disk = np.memmap(file, "<f4", mode="r", shape=shape)
        yield _Cache(on_disk, samples.first_frame, rate_hz)


_WRITERS: dict[str, Callable[[SolvedTake, Path, OutputSession], list[Path]]] = {
    **dict.fromkeys(CACHE_SUFFIXES, _write_cache),
    ".csv": _write_csv,
    ".npz": _write_npz,
    ".mp4": _write_overlay,
}
POINT_SUFFIXES = tuple(_WRITERS)
