"""MediaPipe's task bundles: zip archives of TFLite models, read without unpacking anything.

No member is ever written to disk under its own name. A bundle with a name that points outside of
its folder was made to do harm, and is refused whole.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath

from ..errors import WeightsCorrupt, WeightsUnsafe
from .converted_model import ConvertedModel
from .mediapipe_models import BLENDSHAPES, LANDMARKS_V2, convert_known
from .tflite_graph import read_tflite_graph

MEMBERS = {
    "face_landmarks_detector.tflite": LANDMARKS_V2,
    "face_blendshapes.tflite": BLENDSHAPES,
}
"""What `face_landmarker.task` holds for us. Its detector is the bundled one of short range."""

MAX_MEMBER_BYTES = 1 << 26
"""The largest has 2.5 MB; an archive can claim to unpack to any size."""
MAX_MEMBERS = 1000

_FIRST_ENTRY = b"PK\3\4"
_MAX_ALIGNMENT = 64
"""MediaPipe's archives begin with a few zeros, so that the models in them lie on even addresses."""


def is_bundle(data: bytes) -> bool:
    """Tell whether a file is a zip archive other than one that torch saved."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        return False
    return bool(names) and not any(name.endswith("data.pkl") for name in names)


def is_damaged_archive(data: bytes) -> bool:
    """Tell whether a file that cannot be opened as an archive begins like one."""
    return _FIRST_ENTRY in data[:_MAX_ALIGNMENT]


def convert_bundle(data: bytes, *, subject: str) -> list[ConvertedModel]:
    """Convert the models of a face landmarker's bundle.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsUnsafe
        A member's name points outside of the archive.
    WeightsCorrupt
        The archive is damaged, lacks a member, or one of them is too big, no TFLite file, of
        other shapes than MediaPipe's, or has an operator that is not known.
    """
    members = read_members(data, tuple(MEMBERS), subject=subject)
    models = []
    for name, content in members.items():
        graph = read_tflite_graph(content, subject=f"'{name}' in {subject}")
        models.append(convert_known(graph, MEMBERS[name]))
    return models


def read_members(data: bytes, names: tuple[str, ...], *, subject: str) -> dict[str, bytes]:
    """Return some members of an archive, checked.

    Raises
    ------
    WeightsUnsafe, WeightsCorrupt
        As of `convert_bundle`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = _checked_entries(archive, subject=subject)
            missing = [name for name in names if name not in entries]
            if missing:
                raise WeightsCorrupt(
                    f"{subject} lacks {_quoted(missing)}: it is a zip archive of "
                    f"{_quoted(list(entries))}. Supported is MediaPipe's face_landmarker.task."
                )
            return {name: _read(archive, entries[name], subject=subject) for name in names}
    # An archive may be encrypted (RuntimeError) or packed in a way that Python does not know.
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise WeightsCorrupt(
            f"{subject} is a damaged zip archive ({error}). Get the file again."
        ) from error


def _checked_entries(archive: zipfile.ZipFile, *, subject: str) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's entries by name, after a look at every one of them."""
    entries: dict[str, zipfile.ZipInfo] = {}
    listed = archive.infolist()
    if len(listed) > MAX_MEMBERS:
        raise WeightsCorrupt(f"{subject} holds {len(listed)} files, expected a handful.")
    for entry in listed:
        name = entry.orig_filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name:
            raise WeightsUnsafe(
                f"{subject} holds a file {name!r}, a name that points outside of the archive. It "
                "was refused whole. Get the file from its author."
            )
        if entry.filename in entries:
            raise WeightsCorrupt(
                f"{subject} holds '{entry.filename}' twice. Get the file from its author."
            )
        entries[entry.filename] = entry
    return entries


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, subject: str) -> bytes:
    """Return one member; no more of it is unpacked than it may have."""
    with archive.open(entry) as stream:
        content = stream.read(MAX_MEMBER_BYTES + 1)
    if max(len(content), entry.file_size) > MAX_MEMBER_BYTES:
        raise WeightsCorrupt(
            f"'{entry.filename}' in {subject} unpacks to more than {MAX_MEMBER_BYTES} bytes, which "
            "no model of MediaPipe's does. Get the file from its author."
        )
    return content


def _quoted(names: list[str]) -> str:
    """Return the first names in quotes."""
    return ", ".join(f"'{name}'" for name in names[:6]) + (", …" if len(names) > 6 else "") or (
        "nothing"
    )
