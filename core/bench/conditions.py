"""The kinds of footage on which accuracy is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import ArgumentError
from .footage import Condition
from .motion import MotionSettings

DURATION_S = 6.0
HEADLINE = "noise-8"
"""The noisy moving photograph that the goals speak of."""
_USUAL = MotionSettings(n_frames=round(30.0 * DURATION_S))


def _at(rate_hz: float) -> MotionSettings:
    """Return the same motion at another rate, with the noise of the headline."""
    return replace(_USUAL, rate_hz=rate_hz, n_frames=round(rate_hz * DURATION_S), noise_sigma=8.0)


def _in_plane(noise_sigma: float) -> MotionSettings:
    """Return motion that a network cannot read amiss: shift, roll and scale of a still face.

    What is left of the error is noise; elsewhere much of it is how the network sees turned heads
    and expressions, which no smoothing changes.
    """
    return replace(
        _USUAL,
        noise_sigma=noise_sigma,
        yaw_rad=0.0,
        pitch_rad=0.0,
        jaw_rad=0.0,
        smile=0.0,
        has_blinks=False,
    )


CONDITIONS: dict[str, Condition] = {
    condition.name: condition
    for condition in (
        Condition("clean", "no noise", _USUAL),
        Condition("noise-4", "noise of 4 levels", replace(_USUAL, noise_sigma=4.0)),
        Condition("noise-8", "noise of 8 levels", replace(_USUAL, noise_sigma=8.0)),
        Condition("noise-16", "noise of 16 levels", replace(_USUAL, noise_sigma=16.0)),
        Condition("plane-8", "noise 8, rigid, in the image plane", _in_plane(8.0)),
        Condition("plane-16", "noise 16, rigid, in the image plane", _in_plane(16.0)),
        Condition(
            "blur",
            "noise 4, shutter open 0.8 of a frame",
            replace(_USUAL, noise_sigma=4.0, n_subframes=5, shutter=0.8),
        ),
        Condition("h264-23", "noise 4, H.264 at CRF 23", replace(_USUAL, noise_sigma=4.0), crf=23),
        Condition("h264-35", "noise 4, H.264 at CRF 35", replace(_USUAL, noise_sigma=4.0), crf=35),
        Condition("rate-25", "noise 8, 25 frames a second", _at(25.0)),
        Condition("rate-50", "noise 8, 50 frames a second", _at(50.0)),
        Condition("rate-60", "noise 8, 60 frames a second", _at(60.0)),
    )
}
"""Noise is a standard deviation in the 256 levels of a channel; the rate is 30 Hz unless said."""


def chosen_conditions(names: Sequence[str]) -> tuple[Condition, ...]:
    """Return conditions by name; `all` and `none` are names, too.

    Raises
    ------
    ArgumentError
        There is none of that name.
    """
    if list(names) == ["none"]:
        return ()
    if list(names) == ["all"]:
        return tuple(CONDITIONS.values())
    unknown = [name for name in names if name not in CONDITIONS]
    if unknown:
        raise ArgumentError(
            f"conditions must be 'all', 'none' or among {', '.join(CONDITIONS)}, got {unknown}"
        )
    return tuple(CONDITIONS[name] for name in names)
