"""One record of settings a stage: the only home of defaults, ranges and units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .errors import ArgumentError

Smoothing = Literal["none", "live", "best"]
Quality = Literal["live", "best"]
Depth = Literal["auto", "frame", "take"]
HeadScale = Literal["canonical", "iris"]
DetectorRange = Literal["auto", "short", "full"]
Density = Literal["1k", "4k", "16k"]
Carrier = Literal["shape-keys", "absolute-keys", "vertices", "cache"]

SMOOTHINGS: tuple[Smoothing, ...] = ("none", "live", "best")
QUALITIES: tuple[Quality, ...] = ("live", "best")
DEPTHS: tuple[Depth, ...] = ("auto", "frame", "take")
HEAD_SCALES: tuple[HeadScale, ...] = ("canonical", "iris")
DETECTOR_RANGES: tuple[DetectorRange, ...] = ("auto", "short", "full")
DENSITIES: tuple[Density, ...] = ("1k", "4k", "16k")
CARRIERS: tuple[Carrier, ...] = ("shape-keys", "absolute-keys", "vertices", "cache")
ENGINES = ("facemesh", "facemesh-468", "facemesh-v2", "prnet")
"""What `core/landmarks/engines.py` describes."""
DEFAULT_ENGINE = "facemesh"


def _check(name: str, value: float, low: float, high: float, *, unit: str = "") -> None:
    """Raise unless low ≤ value ≤ high."""
    if not low <= value <= high:
        unit = unit and f" {unit}"
        raise ArgumentError(f"{name} must lie in {low:g} … {high:g}{unit}, got {value:g}{unit}")


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Which part of the footage is captured, in seconds of the container's time; None: all."""

    start_s: float | None = None
    end_s: float | None = None
    rate_hz: float | None = None
    """Overrides the rate of numbered images, which have no times of their own (default 24)."""

    def __post_init__(self) -> None:
        if self.start_s is not None and self.end_s is not None and self.end_s <= self.start_s:
            raise ArgumentError(
                f"end must come after start, got start {self.start_s:g} s and end {self.end_s:g} s"
            )
        if self.rate_hz is not None:
            _check("rate", self.rate_hz, 0.01, 10_000.0, unit="Hz")


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a take is written, in seconds of the container's time, both ends included.

    None: from its start, to its end.
    """

    start_s: float | None = None
    end_s: float | None = None

    def __post_init__(self) -> None:
        start_s, end_s = self.limits_s
        if end_s < start_s:
            raise ArgumentError(
                f"end must not come before start, got start {start_s:g} s and end {end_s:g} s"
            )

    @property
    def limits_s(self) -> tuple[float, float]:
        """Both ends, infinite where there is none."""
        return (
            -math.inf if self.start_s is None else self.start_s,
            math.inf if self.end_s is None else self.end_s,
        )


WHOLE = Span()


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """BlazeFace, MediaPipe's own defaults."""

    min_score: float = 0.5
    min_overlap: float = 0.3
    """Detections that overlap more than this (intersection over union) are one face."""
    range: DetectorRange = "auto"
    """`short`: faces within about two metres; `full`: five; `auto`: far ones where none is near."""

    def __post_init__(self) -> None:
        if self.range not in DETECTOR_RANGES:
            raise ArgumentError(
                f"detector must be one of {', '.join(DETECTOR_RANGES)}, got {self.range!r}"
            )
        _check("min_score", self.min_score, 0.0, 1.0)
        _check("min_overlap", self.min_overlap, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """How faces are followed; `is_tracked` False takes each frame by itself."""

    n_faces: int = 1
    is_tracked: bool = True
    min_presence: float = 0.5
    region_scale: float = 1.5

    def __post_init__(self) -> None:
        _check("faces", self.n_faces, 1, 16)
        _check("min_presence", self.min_presence, 0.0, 1.0)
        _check("region_scale", self.region_scale, 1.0, 3.0)


@dataclass(frozen=True, slots=True)
class SecondLookSettings:
    """How a capture of the quality `best` looks at each frame again, once its neighbours are known.

    The crop of the second look does not shake, as its way is smoothed over time both forwards and
    backwards; what several crops of one face give is averaged.
    """

    n_crops: int = 1
    """Crops of each face that are averaged with the first look: one is mirrored, more are mirrored
    in turn, and a little shifted and turned."""
    region_window_s: float = 0.15
    """Standard deviation of the window in which the way of a face's region is a straight line."""
    reach_s: float = 0.5
    """How far into the future the window looks: so long frames wait. The past counts as far."""

    def __post_init__(self) -> None:
        _check("n_crops", self.n_crops, 1, 8)
        _check("region_window", self.region_window_s, 0.0, 1.0, unit="s")
        _check("reach", self.reach_s, 0.0, 0.5, unit="s")


@dataclass(frozen=True, slots=True)
class SmoothSettings:
    """Jitter, gaps and depth. Cutoffs in hertz; speeds in face sizes a second.

    See docs/smoothing.md and docs/depth.md.
    """

    mode: Smoothing = "best"
    min_cutoff_hz: float = 0.1
    """`live`: frequency above which a still face is smoothed; lower is calmer."""
    beta: float = 80.0
    """`live`: how fast the cutoff rises with speed (hertz per face size a second); higher is
    quicker."""
    quick_gain: float = 5.0
    """`live`: how many times `beta` counts at lids, lips and irises, quicker than the head."""
    derivative_cutoff_hz: float = 2.0
    """`live`: how fast the filter takes notice of a change of speed."""
    calm_cutoff_hz: float = 0.5
    """`best`: frequency above which a still face is smoothed; lower is calmer."""
    motion_threshold: float = 2.0
    """`best`: how many times stronger than the take's noise a movement must be to be kept; higher
    is calmer, 0 keeps all."""
    fill_gap_s: float = 0.0
    """Gaps up to this long are filled by interpolation; 0 fills none."""
    depth: Depth = "auto"
    """`take`: one shape of the face and one camera explain all frames; `frame`: each frame by
    itself, as the network has it; `auto`: `take` with the mode `best`, else `frame`."""
    scale: HeadScale = "canonical"
    """How large the head is: as the canonical face, or such that its irises are 11.7 mm wide."""

    def __post_init__(self) -> None:
        if self.mode not in SMOOTHINGS:
            raise ArgumentError(
                f"smoothing must be one of {', '.join(SMOOTHINGS)}, got {self.mode!r}"
            )
        if self.depth not in DEPTHS:
            raise ArgumentError(f"depth must be one of {', '.join(DEPTHS)}, got {self.depth!r}")
        if self.scale not in HEAD_SCALES:
            raise ArgumentError(
                f"scale must be one of {', '.join(HEAD_SCALES)}, got {self.scale!r}"
            )
        _check("min_cutoff", self.min_cutoff_hz, 0.001, 1000.0, unit="Hz")
        _check("beta", self.beta, 0.0, 1e6)
        _check("quick_gain", self.quick_gain, 1.0, 100.0)
        _check("derivative_cutoff", self.derivative_cutoff_hz, 0.001, 1000.0, unit="Hz")
        _check("calm_cutoff", self.calm_cutoff_hz, 0.01, 1000.0, unit="Hz")
        _check("motion_threshold", self.motion_threshold, 0.0, 100.0)
        _check("fill_gap", self.fill_gap_s, 0.0, 60.0, unit="s")

    @property
    def has_depth_of_take(self) -> bool:
        """Whether depth is solved over the whole take."""
        return self.depth == "take" or (self.depth == "auto" and self.mode == "best")

    @property
    def geometry_kind(self) -> str:
        """A word for what is solved before smoothing: the same word, the same geometries."""
        return f"{'take' if self.has_depth_of_take else 'frame'}, {self.scale}"


@dataclass(frozen=True, slots=True)
class MeshSettings:
    """Subdivision levels, and whether to evaluate Catmull-Clark's limit surface.

    `density`: about how many vertices are sampled from a position map, before they are subdivided.
    """

    subdivide: int = 0
    use_limit_surface: bool = False
    density: Density = "1k"

    def __post_init__(self) -> None:
        if self.density not in DENSITIES:
            raise ArgumentError(
                f"density must be one of {', '.join(DENSITIES)}, got {self.density!r}"
            )
        _check("subdivide", self.subdivide, 0, 3)


@dataclass(frozen=True, slots=True)
class AnimateSettings:
    """How the animation is carried in the scene; the tolerance is the worst error of a vertex."""

    carrier: Carrier = "shape-keys"
    tolerance_m: float = 1e-4
    max_blendshapes: int = 400

    def __post_init__(self) -> None:
        if self.carrier not in CARRIERS:
            raise ArgumentError(
                f"carrier must be one of {', '.join(CARRIERS)}, got {self.carrier!r}"
            )
        _check("tolerance", self.tolerance_m, 1e-7, 0.1, unit="m")
