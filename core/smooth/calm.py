"""Tell motion from noise, per band of frequencies and region of the face, and keep the motion.

A signal is split into octaves. In each, a moment counts as motion where its energy stands out from
the noise of the same region; there the octave passes whole, elsewhere it is taken out. All windows
are symmetric: nothing comes late, and a take played backwards is smoothed to the same face.

How much noise there is, is read from the finest octave, but not all of that is noise. White noise
has the same energy per hertz in all octaves; motion has more in the lower ones, four times as much
where it goes by steps, and yet more where it is smooth. How steep it is just now, the second and
third octave tell; so much of the second is taken off the finest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray
from .gaussian import split_band, window_means

Runs = list[tuple[int, int]]

FINEST_WIDTH = 0.6
"""A window narrower than this part of a frame changes nothing."""
NOISE_WINDOW_S = 0.4
"""Noise is measured over about a second: a blink is too short to be taken for it."""
LEAST_SLOPE, MOST_SLOPE = 0.05, 0.3
"""Energy per hertz of motion in an octave over that in the next lower one; 0.25 for steps."""
CALM_QUANTILE = 0.1
"""In so many of its frames an octave holds noise alone, whatever the noise's spectrum."""
NOISE_GROWTH = 1.4
"""How much the amplitude of such noise may grow from an octave to the next, over white noise."""
NOISE_CONTRAST = 2.5
"""How much more noise, by that measure, a region may have than the face's median region: a mouth
that never rests is not noisy."""
FROZEN = 1e-5
"""Frames with less energy than this part of the mean repeat the one before: no measure of noise."""
_TINY = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Where motion is looked for together.

    `gather` (n_points, n_regions) float32 with columns of sum 1: means over a region; `scatter`
    (n_regions, n_points) float32 with columns of sum 1: from regions back to points. Where regions
    `are_alike`, their noise is compared. Energy is averaged over `window` times the width of an
    octave's own window: over more where a region has few numbers.
    """

    gather: Float32Array
    scatter: Float32Array
    are_alike: bool
    window: float = 1.0


def calm_samples(
    values: FloatArray,
    time_s: Float64Array,
    *,
    runs: Runs,
    regions: Regions,
    cutoff_hz: float,
    threshold: float,
    max_noise: Float64Array,
) -> FloatArray:
    """Take the noise out of samples over time and leave the motion.

    Parameters
    ----------
    values : shape (n_frames, n_points, n_axes); only frames within runs are looked at
    time_s : shape (n_frames,), increasing
    runs : (start, stop) of the frames that belong together; nothing is smoothed across
    regions : for n_points points
    cutoff_hz : above it a still face is smoothed
    threshold : how many times the amplitude of noise a movement must have to count as one
    max_noise : shape (n_regions,), standard deviation that noise never exceeds, in the values' unit

    Returns
    -------
    shape of the values; frames outside of runs are as they were
    """
    calm = values.copy()
    # From a run's first frame on: float32 holds what moves better than where it is.
    moves = [values[start:stop] - values[start] for start, stop in runs]
    widths_s = _window_widths(time_s, runs=runs, cutoff_hz=cutoff_hz)
    octaves = list(pairwise([0.0, *widths_s]))
    # Octaves are split twice, not kept: each is as large as the take.
    energies = [
        [_energy(move, time_s[start:stop], octave=octave, regions=regions) for octave in octaves]
        for (start, stop), move in zip(runs, moves, strict=True)
    ]
    floors = _calm_energies(energies, regions=regions)
    for (start, stop), move, by_octave in zip(runs, moves, energies, strict=True):
        times = time_s[start:stop]
        white = _white_energy(by_octave, time_s=times)
        for octave, energy, floor in zip(octaves, by_octave, floors, strict=True):
            noise = np.minimum(np.maximum(white, floor), max_noise**2)
            part = _noise_part(energy, noise=noise, threshold=threshold) @ regions.scatter
            band, _ = _split(move, times, octave=octave)
            calm[start:stop] -= part[..., None] * band
    return calm


def _window_widths(time_s: Float64Array, *, runs: Runs, cutoff_hz: float) -> list[float]:
    """Return the widths of the windows between octaves in seconds, the finest first."""
    # A Gaussian window of this width passes half of the power at the cutoff.
    wide_s = math.sqrt(math.log(2.0)) / (2.0 * math.pi * cutoff_hz)
    steps = [np.diff(time_s[start:stop]) for start, stop in runs]
    step_s = float(np.median(np.concatenate(steps))) if sum(map(len, steps)) else math.inf
    widths_s: list[float] = []
    while wide_s > FINEST_WIDTH * step_s:
        widths_s.insert(0, wide_s)
        wide_s /= 2.0
    return widths_s


def _split(
    values: FloatArray, time_s: Float64Array, *, octave: tuple[float, float]
) -> tuple[FloatArray, Float64Array]:
    """Return an octave of one run, and what part of white noise falls into it by frame."""
    flat = values.reshape(len(values), -1)
    band, noise_share = split_band(flat, time_s=time_s, narrow_s=octave[0], wide_s=octave[1])
    return band.reshape(values.shape), noise_share


def _energy(
    values: FloatArray, time_s: Float64Array, *, octave: tuple[float, float], regions: Regions
) -> FloatArray:
    """Return an octave's energy by frame and region; white noise has its variance in each."""
    band, noise_share = _split(values, time_s, octave=octave)
    square = np.einsum("fpa,fpa->fp", band, band) / values.dtype.type(values.shape[2])
    width_s = regions.window * octave[1]
    energy = window_means(square @ regions.gather, time_s=time_s, width_s=width_s)
    share = window_means(noise_share[:, None], time_s=time_s, width_s=width_s)
    by_region: FloatArray = (energy / np.maximum(share, _TINY)).astype(values.dtype)
    return by_region


def _white_energy(energies: list[FloatArray], *, time_s: Float64Array) -> FloatArray:
    """Return the energy of white noise by frame and region, from the slope of the spectrum."""
    if len(energies) < 2:
        return np.zeros((len(time_s), 1))
    # Means of logarithms: a blink, strong but short, hardly moves them.
    means = [
        np.exp(window_means(np.log(energy + _TINY), time_s=time_s, width_s=NOISE_WINDOW_S))
        for energy in energies[:3]
    ]
    slope = np.clip(means[1] / means[-1], LEAST_SLOPE, MOST_SLOPE)
    white: FloatArray = np.maximum(means[0] - slope * means[1], 0.0) / (1.0 - slope)
    return white


def _calm_energies(energies: list[list[FloatArray]], *, regions: Regions) -> list[FloatArray]:
    """Return the energy of the calmest moments by octave and region, of all runs together."""
    levels: list[FloatArray] = []
    for same in zip(*energies, strict=True):
        energy = np.concatenate(same)
        is_frozen = energy <= FROZEN * energy.mean(0)
        ordered = np.sort(np.where(is_frozen, np.inf, energy), axis=0)
        n_alive = (~is_frozen).sum(0)
        rank = (CALM_QUANTILE * np.maximum(n_alive - 1, 0)).astype(np.intp)
        level = np.take_along_axis(ordered, rank[None], axis=0)[0]
        level[n_alive == 0] = 0.0
        if levels:
            level = np.minimum(level, NOISE_GROWTH**2 * levels[-1])
        elif regions.are_alike:
            level = np.minimum(level, NOISE_CONTRAST**2 * np.median(level))
        levels.append(level)
    return levels


def _noise_part(energy: FloatArray, *, noise: FloatArray, threshold: float) -> FloatArray:
    """Return how much of an octave is noise: all up to the threshold, then soon nothing."""
    bound = threshold**2 * noise
    part = np.where(energy > bound, (bound / np.maximum(energy, _TINY)) ** 2, 1.0)
    return part.astype(energy.dtype)
