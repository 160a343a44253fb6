"""How a head and its face move over time: smooth curves, chosen by a seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from ..arrays import Float64Array, check_shape
from ..errors import ArgumentError

BLINK_CLOSING_S = 2.0 / 30.0
BLINK_CLOSED_S = 1.0 / 30.0
BLINK_OPENING_S = 3.0 / 30.0
_SETTLE_S = 0.4
"""The head starts at rest, as in the photograph, and reaches its full swing after this long."""


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """What the footage looks like and how far things move at most.

    `size` is (height, width); `face_height` and `shift` are shares of the footage's height; `scale`
    is relative; `smile` is how far a mouth corner goes, a share of the inter-ocular distance.
    """

    size: tuple[int, int] = (720, 1280)
    rate_hz: float = 30.0
    n_frames: int = 180
    seed: int = 0
    face_height: float = 0.42
    yaw_rad: float = 0.26
    pitch_rad: float = 0.14
    roll_rad: float = 0.10
    shift: float = 0.05
    scale: float = 0.06
    jaw_rad: float = 0.24
    smile: float = 0.09
    has_blinks: bool = True
    background_share: float = 0.35
    """How much of the head's in-plane motion the background makes, as under a hand-held camera."""
    noise_sigma: float = 0.0
    """Sensor noise, in the 256 levels of a channel."""
    n_subframes: int = 1
    """Images averaged into one frame; more than 1 gives motion blur."""
    shutter: float = 0.5
    """Share of a frame's duration over which the sub-frames are spread."""

    def __post_init__(self) -> None:
        if min(self.size) < 16 or self.n_frames < 1 or self.rate_hz <= 0 or self.n_subframes < 1:
            raise ArgumentError(
                "moving photograph needs a size of at least 16×16, a rate above 0, and at least "
                f"one frame and sub-frame; got {self.size}, {self.rate_hz:g} Hz, {self.n_frames}, "
                f"{self.n_subframes}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class MotionCurves:
    """The true motion at some times, all float64 of shape (n,), but `shift_px` (n, 2).

    Angles in radians: `yaw_rad` above 0 turns the face toward the image's right, `pitch_rad` above
    0 lowers the nose, `roll_rad` above 0 turns it clockwise as seen. `scale` is 1 at rest. `blink`,
    `jaw` and `smile` run from 0 to 1.
    """

    time_s: Float64Array
    yaw_rad: Float64Array
    pitch_rad: Float64Array
    roll_rad: Float64Array
    shift_px: Float64Array
    scale: Float64Array
    blink: Float64Array
    jaw: Float64Array
    smile: Float64Array

    def as_arrays(self) -> dict[str, Float64Array]:
        """Return the curves by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


class Motion:
    """The motion of one moving photograph, at any time."""

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings
        rng = np.random.default_rng(settings.seed)
        self._phases = rng.uniform(0.0, 2.0 * math.pi, (6, 3))
        duration_s = settings.n_frames / settings.rate_hz
        self._blinks = _event_starts(rng, duration_s=duration_s, first_s=0.6, gap_s=(1.1, 2.0))
        self._jaws = _event_starts(rng, duration_s=duration_s, first_s=1.2, gap_s=(0.9, 1.8))
        self._jaw_sizes = rng.uniform(0.55, 1.0, len(self._jaws))
        self._smiles = _event_starts(rng, duration_s=duration_s, first_s=0.9, gap_s=(2.2, 3.0))

    def at(self, time_s: Float64Array) -> MotionCurves:
        """Return the curves at times of shape (n,), seconds."""
        check_shape("time_s", time_s, ("n",))
        most = self._settings
        height = most.size[0]
        swing = _smoothstep(time_s / _SETTLE_S)
        wave = [swing * _wave(time_s, phases) for phases in self._phases]
        jaw = sum(
            (
                size * _bump(time_s - start, duration_s=0.7)
                for start, size in zip(self._jaws, self._jaw_sizes, strict=True)
            ),
            np.zeros_like(time_s),
        )
        smile = sum(
            (_bump(time_s - start, duration_s=1.8) for start in self._smiles),
            np.zeros_like(time_s),
        )
        blink = sum((_blink(time_s - start) for start in self._blinks), np.zeros_like(time_s))
        return MotionCurves(
            time_s=time_s,
            yaw_rad=most.yaw_rad * wave[0],
            pitch_rad=most.pitch_rad * wave[1],
            roll_rad=most.roll_rad * wave[2],
            shift_px=most.shift * height * np.stack([wave[3], 0.6 * wave[4]], axis=-1),
            scale=1.0 + most.scale * wave[5],
            blink=blink if most.has_blinks else np.zeros_like(time_s),
            jaw=np.clip(jaw, 0.0, 1.0),
            smile=np.clip(smile, 0.0, 1.0),
        )


def _event_starts(
    rng: np.random.Generator, *, duration_s: float, first_s: float, gap_s: tuple[float, float]
) -> list[float]:
    """Draw when something begins, again and again."""
    starts = [first_s]
    while starts[-1] < duration_s:
        starts.append(starts[-1] + float(rng.uniform(*gap_s)))
    return starts[:-1]


def _wave(time_s: Float64Array, phases: Float64Array) -> Float64Array:
    """Sum three slow waves; stays within −1 … 1."""
    shares = np.array([0.62, 0.28, 0.10])
    rates_hz = np.array([0.30, 0.71, 1.63])
    angles = 2.0 * math.pi * rates_hz * time_s[:, None] + phases
    return np.asarray(np.sin(angles) @ shares, np.float64)


def _bump(time_s: Float64Array, *, duration_s: float) -> Float64Array:
    """Rise from 0 to 1 and fall again, smoothly, within the duration."""
    share = np.clip(time_s / duration_s, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * math.pi * share), np.float64)


def _blink(time_s: Float64Array) -> Float64Array:
    """Close fast, stay closed for a moment, open slower: six frames at 30 frames a second."""
    closing = _smoothstep(time_s / BLINK_CLOSING_S)
    opening = _smoothstep((time_s - BLINK_CLOSING_S - BLINK_CLOSED_S) / BLINK_OPENING_S)
    return closing - opening


def _smoothstep(share: Float64Array) -> Float64Array:
    """Go from 0 to 1 with level ends."""
    clipped = np.clip(share, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), np.float64)
