"""Frames of a made-up capture, the same in every process; no tests."""

from __future__ import annotations

import numpy as np

from mien.core.records import Footage, Landmarks, Provenance, Region, Still, Take
from mien.core.takes import TakeWriter

FOOTAGE = Footage(
    path="/clips/Zoë's “take” 3.mov", kind="video", size=(720, 1280), rate_hz=25.0, n_frames=None
)
PROVENANCE = Provenance(
    mien_version="0.1.0",
    engine="facemesh-468",
    weights_sha256={"facemesh_468.onnx": "ab" * 32},
    settings={"quality": "live", "track": {"n_faces": 2, "is_tracked": True}, "start_s": None},
    created="2030-01-02T03:04:05Z",
    footage_bytes=12345,
    footage_sha256="cd" * 32,
)
N_LANDMARKS = 5


def create(folder, *, n_faces=2, **options) -> TakeWriter:
    return TakeWriter.create(
        folder,
        footage=FOOTAGE,
        provenance=PROVENANCE,
        n_faces=n_faces,
        n_landmarks=N_LANDMARKS,
        **options,
    )


def faces_of(index: int, *, n_faces: int = 2) -> list[Landmarks | None]:
    """The faces of one frame; face k is lost in every fourth frame."""
    faces: list[Landmarks | None] = []
    for face in range(n_faces):
        random = np.random.default_rng([index, face])
        points = random.normal(300, 80, (N_LANDMARKS, 3)).astype(np.float32)
        region = Region(*random.uniform(0.1, 500, 4).astype(np.float32).tolist())
        followed = Region(*random.uniform(0.1, 500, 4).astype(np.float32).tolist())
        found = Landmarks(points, float(np.float32(random.uniform(0.5, 1))), region, followed)
        faces.append(None if index % 4 == face else found)
    return faces


def append_frames(writer: TakeWriter, frames, *, n_faces: int = 2) -> None:
    for index in frames:
        faces = faces_of(index, n_faces=n_faces)
        writer.append(index, index / 29.97, faces=faces, shot=index // 3)


def still_of(index: int, *, face: int = 0) -> Still:
    image = np.random.default_rng(index).integers(0, 256, (7, 9, 3), np.uint8)
    return Still(face, index, 0.25 + index / 1000, image, x_px=1.5, y_px=-2.25, scale=0.1)


def assert_same_take(found: Take, wanted: Take) -> None:
    for name in ("footage", "provenance", "is_complete", "warnings"):
        assert getattr(found, name) == getattr(wanted, name), name
    pairs = [
        ("time_s", found.time_s, wanted.time_s),
        ("index", found.frame_index, wanted.frame_index),
        ("shot", found.shot, wanted.shot),
    ]
    assert len(found.faces) == len(wanted.faces)
    for one, other in zip(found.faces, wanted.faces, strict=True):
        pairs += [(name, getattr(one, name), getattr(other, name)) for name in one.__slots__]
    for name, one, other in pairs:
        assert one.dtype == other.dtype, name
        assert one.shape == other.shape, name
        assert one.tobytes() == other.tobytes(), name
