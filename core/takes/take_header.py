"""What `take.json` holds, and which arrays lie beside it; the format is `docs/formats/take.md`."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from ..errors import TakeDamaged, TakeError, TakeMissing, TakeTooNew
from ..records import Footage, FootageKind, Provenance

FORMAT = "mien-take"
FORMAT_VERSION = 3
"""2 added the shots and the followed regions, 3 position maps; a take stays of the version that it
was begun in when it is gone on with."""
HEADER_NAME = "take.json"
_HIGHEST_RATE_HZ = 1e6  # far above any camera: damage shows before it asks for all the memory

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """One append-only array: its path in the folder, its dtype, and the shape of one record.

    `is_large`: it is not read with the take, but some frames at a time by whoever needs it.
    """

    name: str
    dtype: str
    tail: tuple[int, ...]
    is_large: bool = False

    @property
    def record_bytes(self) -> int:
        """Bytes of one frame."""
        return int(self.dtype[-1]) * math.prod(self.tail)


@dataclass(frozen=True, slots=True)
class StillEntry:
    """Where one still lies, and all of it but its pixels."""

    file: str
    face_index: int
    frame_index: int
    score: float
    x_px: float
    y_px: float
    scale: float


@dataclass(frozen=True, slots=True)
class TakeHeader:
    """The content of `take.json`; `n_frames` frames were on the disk before it was written.

    `is_temporary`: whoever began the take may remove it when it has served its purpose. `map_size`:
    texels a side of the faces' position maps, 0 where there are none.
    """

    footage: Footage
    provenance: Provenance
    n_faces: int
    n_landmarks: int
    map_size: int = 0
    n_frames: int = 0
    is_complete: bool = False
    is_temporary: bool = False
    warnings: tuple[str, ...] = ()
    stills: tuple[StillEntry, ...] = ()
    format_version: int = FORMAT_VERSION

    @property
    def arrays(self) -> tuple[ArrayFile, ...]:
        """The array files: those of the take, then those of each face."""
        files = [ArrayFile("time_s.f64", "<f8", ()), ArrayFile("frame_index.i32", "<i4", ())]
        if self.has_shots:
            files.append(ArrayFile("shot.i32", "<i4", ()))
        for face in range(self.n_faces):
            files += [
                ArrayFile(f"face{face}/presence.f32", "<f4", ()),
                ArrayFile(f"face{face}/landmarks_px.f32", "<f4", (self.n_landmarks, 3)),
                ArrayFile(f"face{face}/regions.f32", "<f4", (4,)),
            ]
            if self.has_shots:
                files.append(ArrayFile(f"face{face}/followed_regions.f32", "<f4", (4,)))
            if self.map_size:
                files.append(self.map_file(face))
        return tuple(files)

    def map_file(self, face: int) -> ArrayFile:
        """Return the array of a face's position maps."""
        shape = (self.map_size, self.map_size, 3)
        return ArrayFile(f"face{face}/position_map.i16", "<i2", shape, is_large=True)

    @property
    def has_shots(self) -> bool:
        """Whether the take says to which shot each frame belongs, and how faces are followed."""
        return self.format_version >= 2

    def to_json(self) -> str:
        """Return the text of `take.json`."""
        head: dict[str, Any] = {"format": FORMAT, "format_version": self.format_version}
        arrays = {file.name: {"dtype": file.dtype, "shape": file.tail} for file in self.arrays}
        # ASCII only: a file name that is no valid UTF-8 survives as an escaped surrogate.
        values = head | asdict(self) | {"arrays": arrays}
        return json.dumps(values, indent=1, allow_nan=False) + "\n"


def read_header(folder: Path) -> TakeHeader:
    """Read and check `take.json`.

    Raises
    ------
    TakeMissing, TakeTooNew, TakeDamaged
        There is none; a newer Mien wrote it; it cannot be understood.
    TakeError
        The system refuses to read it.
    """
    path = folder / HEADER_NAME
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TakeMissing(
            f"Take '{folder}' is missing: there is no '{HEADER_NAME}' in it. "
            "Check the path, or capture first."
        ) from error
    except OSError as error:
        raise TakeError(
            f"Take '{folder}' cannot be read: {error.strerror}. Check its permissions."
        ) from error
    try:
        return _header_from_json(json.loads(text), folder=folder)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise damaged(folder, f"'{HEADER_NAME}' cannot be understood ({error})") from error


def damaged(folder: Path, finding: str) -> TakeDamaged:
    """Return the error that says what is wrong with a take."""
    return TakeDamaged(
        f"Take '{folder}' is damaged: {finding}. Restore it from a copy, or capture again."
    )


def _header_from_json(values: Any, *, folder: Path) -> TakeHeader:
    """Build the header; ValueError, KeyError or TypeError where the JSON does not fit."""
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError(f"it does not call itself '{FORMAT}'")
    version = _count(values["format_version"], at_least=1)
    if version > FORMAT_VERSION:
        raise TakeTooNew(
            f"Take '{folder}' was written by a newer Mien: its format is version {version}, "
            f"this Mien reads up to {FORMAT_VERSION}. Update Mien; the take was not touched."
        )
    header = TakeHeader(
        footage=_footage(values["footage"]),
        provenance=_provenance(values["provenance"]),
        n_faces=_count(values["n_faces"], at_least=1),
        n_landmarks=_count(values["n_landmarks"], at_least=1),
        map_size=_count(values.get("map_size", 0)),
        n_frames=_count(values["n_frames"]),
        is_complete=_typed(values["is_complete"], bool),
        is_temporary=_typed(values.get("is_temporary", False), bool),
        warnings=tuple(_typed(text, str) for text in _typed(values["warnings"], list)),
        stills=tuple(_still(entry) for entry in _typed(values["stills"], list)),
        format_version=version,
    )
    _check_arrays(values["arrays"], header)
    return header


def _check_arrays(described: Any, header: TakeHeader) -> None:
    """Raise unless the arrays are described as this version lays them out."""
    if header.n_faces > len(described):  # before a damaged count makes a list of any length
        raise ValueError(f"{header.n_faces} faces need more than {len(described)} arrays")
    for file in header.arrays:
        found = described[file.name]
        if (found["dtype"], tuple(found["shape"])) != (file.dtype, file.tail):
            raise ValueError(f"array '{file.name}' is described as {found}")


def _footage(values: dict[str, Any]) -> Footage:
    height, width = values["size"]
    rate_hz = _number(values["rate_hz"])
    if not 0 < rate_hz <= _HIGHEST_RATE_HZ:
        raise ValueError(f"expected a rate of 0 to {_HIGHEST_RATE_HZ:g} Hz, found {rate_hz:g}")
    kind = values["kind"]
    if kind not in get_args(FootageKind):
        raise ValueError(f"unknown kind of footage {kind!r}")
    return Footage(
        path=_typed(values["path"], str),
        kind=kind,
        size=(_count(height, at_least=1), _count(width, at_least=1)),
        rate_hz=rate_hz,
        n_frames=_optional(values["n_frames"], int),
    )


def _provenance(values: dict[str, Any]) -> Provenance:
    hashes = _typed(values["weights_sha256"], dict)
    return Provenance(
        mien_version=_typed(values["mien_version"], str),
        engine=_typed(values["engine"], str),
        weights_sha256={name: _typed(text, str) for name, text in hashes.items()},
        settings=_typed(values["settings"], dict),
        created=_typed(values["created"], str),
        footage_bytes=_optional(values["footage_bytes"], int),
        footage_sha256=_optional(values["footage_sha256"], str),
    )


def _still(values: dict[str, Any]) -> StillEntry:
    file = _typed(values["file"], str)
    if not re.fullmatch(r"face\d+-\d{4,9}\.png", file):
        raise ValueError(f"{file!r:.40} is no name of a still")
    return StillEntry(
        file=file,
        face_index=_count(values["face_index"]),
        frame_index=_count(values["frame_index"]),
        score=_number(values["score"]),
        x_px=_number(values["x_px"]),
        y_px=_number(values["y_px"]),
        scale=_number(values["scale"]),
    )


def _typed(value: Any, kind: type[T]) -> T:
    """Return the value, or raise TypeError if it is of another kind."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"expected {kind.__name__}, found {value!r:.40}")
    return value


def _optional(value: Any, kind: type[T]) -> T | None:
    """Return the value, which may be None."""
    return None if value is None else _typed(value, kind)


def _count(value: Any, *, at_least: int = 0) -> int:
    """Return a whole number."""
    if _typed(value, int) < at_least:
        raise ValueError(f"expected a count of {at_least} or more, found {value}")
    return int(value)


def _number(value: Any) -> float:
    """Return a finite number."""
    number = float(value if isinstance(value, int) else _typed(value, float))
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, found {value}")
    return number
