"""Output files: what the suffix means, what is checked before the work, who writes it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import ArgumentError, ExportError
from ..export import is_neutral_obj
from ..records import Take
from ..scene_job import SCENE_SUFFIXES
from ..settings import Carrier
from ..source import shown_address
from ..source.opening import footage_place
from .point_files import CACHE_SUFFIXES, POINT_SUFFIXES, cache_files, write_points
from .scene_files import write_scene
from .session import OutputSession
from .settings import OutputSettings
from .solved_take import SolvedTake
from .written import Written

SUFFIXES = (*SCENE_SUFFIXES, *POINT_SUFFIXES)


def check_outputs(
    paths: Sequence[Path],
    *,
    settings: OutputSettings,
    session: OutputSession,
    footage: str,
    n_faces: int,
) -> list[Path]:
    """Raise unless every output can be written, as far as can be known before the work.

    Parameters
    ----------
    paths : as they were given
    settings : say which outputs put a file beside them
    session : knows whether scenes can be written
    footage : path of the footage, which is not to be written over
    n_faces : how many faces there are at most, some of which need files of their own

    Returns
    -------
    list of Path
        The same, absolute.

    Raises
    ------
    ArgumentError
        An unknown suffix, a folder, the footage itself, one file twice, a name that is no text, an
        overlay on a camera, a file of someone else's in the place of one that goes beside.
    ExportError
        A folder is missing or write-protected.
    MienError
        Scenes cannot be written here.
    """
    outputs = [path.absolute() for path in paths]
    for output in outputs:
        _check_output(output, footage=footage)
        _check_beside(output, n_faces=n_faces)
    _check_no_two_are_one(outputs, carrier=settings.animate.carrier, n_faces=n_faces)
    if any(output.suffix.lower() in SCENE_SUFFIXES for output in outputs):
        session.check_scene_writer()
    return outputs


def write_outputs(
    take: Take, outputs: Sequence[Path], *, settings: OutputSettings, session: OutputSession
) -> list[Written]:
    """Write a take to every output, in their order.

    Raises
    ------
    MienError
        One could not be written; those before it are whole.
    Cancelled
        Someone asked to stop.
    """
    solved = SolvedTake(take, settings)
    written = []
    for output in outputs:
        session.check()
        write = write_scene if output.suffix.lower() in SCENE_SUFFIXES else write_points
        written.append(write(solved, output, session=session))
    return written


def _check_no_two_are_one(outputs: Sequence[Path], *, carrier: Carrier, n_faces: int) -> None:
    """Raise if one output would be written over another, or over what another needs beside it."""
    places = [output.parent.resolve() / output.name for output in outputs]
    if len(set(places)) < len(places):
        raise ArgumentError("The same output is named twice. Name each file once.")
    owners = {place: (place, 0) for place in places}
    for place in places:
        if place.suffix.lower() in CACHE_SUFFIXES:
            _claim_cache_files(place, owners, n_faces=n_faces)
    if carrier != "cache":
        return
    for place in places:
        if place.suffix.lower() == ".blend" and place.with_suffix(".pc2") in owners:
            raise ArgumentError(
                f"'{place.stem}.pc2' is also the name of the cache that '{place.name}' needs "
                "beside it. Name one of the two differently."
            )


def _claim_cache_files(place: Path, owners: dict[Path, tuple[Path, int]], *, n_faces: int) -> None:
    """Add the files of a point cache to the owners of all files, each an output and a face."""
    for face, (cache, mesh) in enumerate(cache_files(place, n_faces=n_faces)):
        # A .pc2 and an .mdd of one name share the meshes.
        for file, owner in ((cache, (place, face)), (mesh, (place.with_suffix(""), face))):
            if owners.setdefault(file, owner) != owner:
                raise ArgumentError(
                    f"'{file.name}' is also what '{place.name}' needs for one of its faces. "
                    "Name one of the outputs differently."
                )


def _check_output(output: Path, *, footage: str) -> None:
    """Raise unless one output can be written."""
    if output.is_dir():
        raise ArgumentError(f"'{output}' is a folder. Name a file.")
    suffix = output.suffix.lower()
    if suffix not in SUFFIXES:
        raise ArgumentError(
            f"'{output.name}' has the suffix '{output.suffix}', which names no format. "
            f"Choose one of {' '.join(SUFFIXES)}."
        )
    if not _is_text(output):
        raise ArgumentError(
            f"'{output}' is no valid text in this system's encoding, which other programs need. "
            "Choose another name, or another folder."
        )
    place = footage_place(footage)
    if place is None:
        if suffix == ".mp4":
            raise ArgumentError(
                f"'{output.name}' cannot be drawn: what '{shown_address(footage)}' showed is gone. "
                "Record a video first, or choose another format."
            )
    elif output.exists() and place.exists() and output.samefile(place):
        raise ArgumentError(f"'{output}' is the footage itself. Choose another name.")
    _check_folder(output)


def _check_beside(output: Path, *, n_faces: int) -> None:
    """Raise if files of someone else's have the names of what a point cache puts beside it."""
    if output.suffix.lower() not in CACHE_SUFFIXES:
        return
    for cache, mesh in cache_files(output, n_faces=n_faces):
        if is_neutral_obj(mesh):  # Mien wrote it, and the cache that it belongs to
            continue
        if mesh.exists():
            raise ArgumentError(
                f"'{output.name}' needs its mesh beside it, in '{mesh.name}', but a mesh that is "
                "not Mien's has that name. Choose another name."
            )
        if cache != output and cache.exists():
            raise ArgumentError(
                f"'{output.name}' needs '{cache.name}' for another face, but a file that is not "
                "Mien's has that name. Choose another name."
            )


def _is_text(path: Path) -> bool:
    """Say whether a path can be encoded; one with stray bytes cannot."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_folder(output: Path) -> None:
    """Raise unless files can be made in the folder of an output."""
    if not output.parent.is_dir():
        raise ExportError(
            f"'{output.name}' cannot be written: there is no folder '{output.parent}'. "
            "Make it first."
        )
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise ExportError(
            f"'{output.name}' cannot be written: the folder '{output.parent}' is write-protected. "
            "Choose another folder."
        )
