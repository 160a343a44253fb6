"""Times that start at 0 and always increase, from what the container gives."""

from __future__ import annotations

import numpy as np

# OpenCV subtracts the stream's start even where there is none, which gives 10^15 and more.
_LARGEST_TIME_MS = 1e12
_TOLERANCE_S = 1e-5
_FALLBACK_RATE_HZ = 25.0
_SAME_RATE = 0.05
_PLAUSIBLE_RATES_HZ = (0.01, 240.0)
_USUAL_RATES_HZ = (
    8.0, 10.0, 12.0, 12.5, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0,
    60000 / 1001, 60.0, 120.0,
)  # fmt: skip


class FrameClock:
    """Gives each frame its time; one clock a pass over the footage.

    A frame that carries no time, or one that does not increase, is put one step of the nominal rate
    behind the frame before it. `n_guessed` counts those.
    """

    def __init__(self, rate_hz: float) -> None:
        self._step_s = 1.0 / rate_hz
        self._origin_s: float | None = None
        self._container_s = 0.0  # the last time that the container gave
        self._last_s = 0.0  # the last time that was given out
        self._anchor_s = 0.0
        self._n_since_anchor = 0
        self.n_frames = 0
        self.n_guessed = 0

    def next_time_s(self, container_ms: float) -> float:
        """Return the time of the next frame, relative to the first frame's.

        Parameters
        ----------
        container_ms : the time that OpenCV gives right after the frame was grabbed, milliseconds
        """
        self.n_frames += 1
        if self.n_frames == 1:
            if _is_time(container_ms):
                # A presentation time of exactly 0 is taken for none, and the decoding time, which
                # is earlier where there are B-frames, is given for it.
                self._origin_s = max(container_ms, 0.0) / 1000.0
            return 0.0
        container_s = 0.0
        if self._origin_s is not None and _is_time(container_ms):
            container_s = container_ms / 1000.0 - self._origin_s
        self._last_s = self._time_s(container_s)
        return self._last_s

    def _time_s(self, container_s: float) -> float:
        """Return the container's time if it increases, or a guess."""
        if container_s > self._container_s + _TOLERANCE_S:
            self._container_s = container_s
            if container_s > self._last_s + _TOLERANCE_S:
                time_s = container_s
            else:  # Earlier guesses ran ahead: let the container catch up.
                self.n_guessed += 1
                time_s = self._last_s + 0.5 * self._step_s
            self._anchor_s, self._n_since_anchor = time_s, 0
            return time_s
        self.n_guessed += 1
        self._n_since_anchor += 1
        return self._anchor_s + self._n_since_anchor * self._step_s

    @property
    def is_counting(self) -> bool:
        """Whether times come from counting rather than from the container.

        The last frames of an AVI have none, as many as the decoder reorders: that is no reason.
        """
        return self.n_guessed > 16 or 2 * self.n_guessed > self.n_frames


def is_usual_rate(claimed_hz: float) -> bool:
    """Return whether a claim is one of the rates that cameras have, so that no look is needed."""
    return any(abs(claimed_hz / usual_hz - 1.0) < 1e-3 for usual_hz in _USUAL_RATES_HZ)


def nominal_rate_hz(claimed_hz: float, *, container_ms: list[float]) -> float:
    """Return the rate of the footage, from the header's claim and the first frames' times.

    The claim is an average: a recording of 30 Hz with dropped frames claims 26.4, and some
    containers claim their clock, 1000 Hz. The usual step between frames decides where they differ.

    Parameters
    ----------
    claimed_hz : what the header says; may be nonsense
    container_ms : times of the first frames, milliseconds; may be nonsense too
    """
    low, high = _PLAUSIBLE_RATES_HZ
    is_plausible = bool(np.isfinite(claimed_hz)) and low <= claimed_hz <= high
    clock = FrameClock(claimed_hz if is_plausible else _FALLBACK_RATE_HZ)
    times_s = np.array([clock.next_time_s(time_ms) for time_ms in container_ms])
    if len(times_s) < 4 or clock.n_guessed:
        return claimed_hz if is_plausible else _FALLBACK_RATE_HZ
    steps_s = np.diff(times_s)
    usual_s = float(np.median(steps_s))
    measured_hz = 1.0 / float(steps_s[np.abs(steps_s - usual_s) < 0.25 * usual_s].mean())
    if is_plausible and abs(claimed_hz / measured_hz - 1.0) < _SAME_RATE:
        return claimed_hz
    return measured_hz


def _is_time(container_ms: float) -> bool:
    """Return whether a number can be a time."""
    return abs(container_ms) < _LARGEST_TIME_MS
