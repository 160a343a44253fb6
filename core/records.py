"""What passes between the stages.

Spaces and units are those of `spaces.py`. A lost face is NaN in arrays over time and presence 0.
Arrays inside a record are never changed in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .arrays import BoolArray, Float32Array, Float64Array, FloatArray, ImageArray, IndexArray
from .errors import ShapeError
from .progress import OnProgress as OnProgress
from .progress import Progress as Progress
from .progress import silent as silent

FootageKind = Literal["video", "images", "camera"]


@dataclass(frozen=True, slots=True)
class Footage:
    """What is known of footage before its first frame is decoded.

    `size` is (height, width) in pixels after the container's rotation was obeyed; `rate_hz` the
    nominal rate; `n_frames` only the header's claim, None where there is none.
    """

    path: str
    kind: FootageKind
    size: tuple[int, int]
    rate_hz: float
    n_frames: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image of the footage: `image` is (height, width, 3), RGB, maybe a view of BGR.

    `index` counts decoded frames from 0 at the start of the footage (not of the captured range);
    `time_s` is the container's time, relative to the footage's first frame.
    """

    index: int
    time_s: float
    image: ImageArray


@dataclass(frozen=True, slots=True, eq=False)
class FaceBox:
    """One detection in image space.

    `corners_px` (4,) float32: x0, y0, x1, y1. `key_points_px` (6, 2) float32: the subject's right
    eye, left eye, nose tip, mouth centre, right ear, left ear. `score` 0 to 1.
    """

    corners_px: Float32Array
    key_points_px: Float32Array
    score: float


@dataclass(frozen=True, slots=True)
class Region:
    """Rotated square around a face, in image space; rotation is clockwise as seen (y is down)."""

    x_px: float
    y_px: float
    size_px: float
    rotation_rad: float

    def as_array(self) -> Float32Array:
        """Return (x_px, y_px, size_px, rotation_rad), shape (4,)."""
        return np.array([self.x_px, self.y_px, self.size_px, self.rotation_rad], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class CropLandmarks:
    """What an engine found in a batch of crops.

    `points_px` (n_crops, n_landmarks, 3) float32, crop space; `presence` (n_crops,) 0 to 1.
    `position_maps` (n_crops, size, size, 3) float32, crop space: all that engines see of which the
    landmarks are sampled; None for the others.
    """

    points_px: Float32Array
    presence: Float32Array
    position_maps: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """One face in one frame: `points_px` (n_landmarks, 3) float32, image space.

    `region` was cropped; `followed` is where the face was found at first, by which it is followed:
    None where nobody follows it. `position_map` (size, size, 3) float32, image space, of engines
    that have one.
    """

    points_px: Float32Array
    presence: float
    region: Region
    followed: Region | None = None
    position_map: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """The raw samples of one face over a take.

    `presence` (n_frames,) float32, 0 where lost; `landmarks_px` (n_frames, n_landmarks, 3) float32,
    image space, NaN where lost; `regions` (n_frames, 4) float32, as `Region.as_array`, NaN where
    lost. `followed_regions` (n_frames, 4), the same of `Landmarks.followed`; (0, 4) in takes that
    do not keep it.
    """

    presence: Float32Array
    landmarks_px: Float32Array
    regions: Float32Array
    followed_regions: Float32Array = field(default_factory=lambda: np.zeros((0, 4), np.float32))


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a take was made: enough to make it again."""

    mien_version: str
    engine: str
    weights_sha256: dict[str, str]
    settings: dict[str, object]
    created: str
    footage_bytes: int | None = None
    footage_sha256: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One capture: raw samples and how they were made.

    `time_s` (n_frames,) float64, from the container; `frame_index` (n_frames,) int32, as
    `Frame.index`. `shot` (n_frames,) int32, the number of the shot that a frame belongs to, from 0:
    it steps at each cut; left out, all is one shot. `is_complete` is False after a crash or a
    stop. `warnings` are sentences for the artist. `folder` is where it lies on disk, None for a
    take in memory.
    """

    footage: Footage
    provenance: Provenance
    time_s: Float64Array
    frame_index: IndexArray
    faces: tuple[FaceTrack, ...]
    is_complete: bool = True
    warnings: tuple[str, ...] = ()
    folder: str | None = None
    shot: IndexArray = field(default_factory=lambda: np.zeros(0, np.int32))

    def __post_init__(self) -> None:
        if len(self.shot) != len(self.time_s):
            if len(self.shot):
                raise ShapeError(f"shot must have shape ({self.n_frames},), got {self.shot.shape}")
            object.__setattr__(self, "shot", np.zeros(self.n_frames, np.int32))

    @property
    def n_frames(self) -> int:
        """Frames captured, with or without a face."""
        return len(self.time_s)

    @property
    def cuts_s(self) -> Float64Array:
        """(n_cuts,) float64: times of the frames with which a new shot begins."""
        return np.asarray(self.time_s[1:][np.diff(self.shot) > 0], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A piece of a frame that was kept for the face's texture.

    `image` (h, w, 3) RGB; a point of the image lies in it at
    (p_image − (x_px, y_px)) · scale. `score` ranks stills of one face: frontal and sharp is high.
    """

    face_index: int
    frame_index: int
    score: float
    image: ImageArray
    x_px: float
    y_px: float
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class FaceTopology:
    """The polygons of an engine's mesh and their neutral shape.

    `neutral_m` (n, 3) float32, head space; `triangles` (m, 3) int32, counter-clockwise seen from
    outside; `uv` (n, 2) float32, 0 to 1, origin at the bottom left. `quads` (k, 4) int32: the same
    polygons before each was cut into two triangles; (0, 4) where the mesh is of triangles.
    `facemesh_vertex` (478,) int32: the vertex next to each of FaceMesh's landmarks; (0,) where
    vertices are those landmarks themselves. `ibug_vertex` (68,) int32: the vertices at the 68
    landmarks of iBUG, (0,) where none lies exactly there.
    """

    neutral_m: Float32Array
    triangles: IndexArray
    uv: Float32Array
    quads: IndexArray = field(default_factory=lambda: np.zeros((0, 4), np.int32))
    facemesh_vertex: IndexArray = field(default_factory=lambda: np.zeros(0, np.int32))
    ibug_vertex: IndexArray = field(default_factory=lambda: np.zeros(0, np.int32))

    @property
    def polygons(self) -> IndexArray:
        """The mesh's own polygons: quads where it has them, (k, 4), else its triangles, (m, 3)."""
        return self.quads if len(self.quads) else self.triangles


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera at the origin of camera space, principal point in the image's middle."""

    fov_y_rad: float
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class FaceGeometry:
    """One face over time with its pose taken out.

    `head_m` (n_frames, n_landmarks, 3) float32, head space. `camera_from_head` (n_frames, 4, 4)
    float64, a similarity. `image_from_head` (n_frames, 4, 4) float64, projective: divide by the
    fourth coordinate; scaled so that it is 1 at head space's origin. NaN where lost.
    """

    head_m: Float32Array
    camera_from_head: Float64Array
    image_from_head: Float64Array
    camera: Camera


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """One face of a take, smoothed and solved: what meshes, animation and exports start from.

    `landmarks_smooth_px` (n_frames, n_landmarks, 3) float32, image space. `is_filled` (n_frames,)
    marks frames in short gaps that were filled on request. `face_index` is the face's number in its
    take, from 0; `n_faces` how many the take was to follow.
    """

    footage: Footage
    time_s: Float64Array
    track: FaceTrack
    landmarks_smooth_px: Float32Array
    geometry: FaceGeometry
    topology: FaceTopology
    is_filled: BoolArray
    face_index: int = 0
    n_faces: int = 1

    @property
    def is_present(self) -> BoolArray:
        """(n_frames,) bool: frames that have a pose, captured or filled."""
        return np.asarray(np.isfinite(self.geometry.head_m[:, 0, 0]))


@dataclass(frozen=True, slots=True, eq=False)
class BlendshapeWeights:
    """Named weights over time: `weights` (n_frames, k) float32, 0 to 1, NaN where lost."""

    names: tuple[str, ...]
    weights: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class BlendshapeAnimation:
    """Positions over time as a neutral shape and weighted offsets.

    position = neutral_m + Σ weights[k] · offsets_m[k]; `neutral_m` (n, 3), `offsets_m` (k, n, 3),
    both float32 head space; `weights` (n_frames, k) float32 in 0 to 1; `names` one a blendshape;
    `worst_error_m` the largest distance of a rebuilt point from its original.
    """

    neutral_m: Float32Array
    offsets_m: Float32Array
    weights: Float32Array
    names: tuple[str, ...]
    worst_error_m: float


def homogeneous(points: FloatArray) -> Float64Array:
    """Append a coordinate 1 to points of shape (…, 3)."""
    ones = np.ones((*points.shape[:-1], 1))
    return np.concatenate([points.astype(np.float64), ones], axis=-1)
