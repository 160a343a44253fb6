"""Holds frames back until it is known how the regions of their faces go on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array
from ..records import Region
from ..settings import SecondLookSettings
from ..track import followed_region, steady_region
from .seen_frame import SeenFrame

_SLACK_S = 1e-6
"""Times that miss the end of the reach by less: rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class SteadiedFrame:
    """A frame with the steady region of each of its faces, None where it is lost."""

    seen: SeenFrame
    regions: tuple[Region | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """When a frame is, in which shot, and where its faces are by their own landmarks."""

    time_s: float
    shot: int
    regions: tuple[Float32Array | None, ...]


class LookAhead:
    """Frames go in as they are seen and come out in order, about `reach_s` later.

    Parameters
    ----------
    settings : window and reach
    region_scale : of the regions, as `TrackSettings.region_scale`
    is_tracked : False takes each frame by itself, and at once
    """

    def __init__(
        self, settings: SecondLookSettings, *, region_scale: float, is_tracked: bool = True
    ) -> None:
        self._reach_s = settings.reach_s if is_tracked else 0.0
        self._window_s = settings.region_window_s if is_tracked else 0.0
        self._region_scale = region_scale
        self._moments: deque[_Moment] = deque()
        self._waiting: deque[SeenFrame] = deque()

    def add(self, seen: SeenFrame) -> list[SteadiedFrame]:
        """Take the next frame; return those that need not wait any longer."""
        self._moments.append(self._moment(seen))
        self._waiting.append(seen)
        done = []
        while self._waiting and self._is_known(self._waiting[0], newest=seen):
            done.append(self._next())
        return done

    def flush(self) -> list[SteadiedFrame]:
        """Return the frames that wait: none comes after them."""
        return [self._next() for _ in range(len(self._waiting))]

    def _is_known(self, seen: SeenFrame, *, newest: SeenFrame) -> bool:
        """Say whether all that decides a frame's regions has come."""
        return newest.time_s - seen.time_s >= self._reach_s - _SLACK_S or newest.shot != seen.shot

    def _next(self) -> SteadiedFrame:
        """Let the first of the waiting frames go, and forget what is too long ago."""
        at = len(self._moments) - len(self._waiting)
        seen = self._waiting.popleft()
        regions = tuple(self._steady(at, face) for face in range(len(seen.faces)))
        while self._moments[0].time_s < seen.time_s - self._reach_s - _SLACK_S:
            self._moments.popleft()
        return SteadiedFrame(seen, regions)

    def _steady(self, at: int, face: int) -> Region | None:
        """Return the steady region of a face in one of the moments."""
        if self._moments[at].regions[face] is None:
            return None
        before = self._run(range(at - 1, -1, -1), at, face)
        run = [*reversed(before), self._moments[at], *self._run(self._following(at), at, face)]
        return steady_region(
            np.stack([_present(moment.regions[face]) for moment in run]),
            time_s=np.array([moment.time_s for moment in run]),
            at=len(before),
            window_s=self._window_s,
        )

    def _following(self, at: int) -> range:
        return range(at + 1, len(self._moments))

    def _run(self, places: range, at: int, face: int) -> list[_Moment]:
        """Return the moments next to one, as far as face and shot go on and the window reaches."""
        middle, run = self._moments[at], []
        for place in places:
            moment = self._moments[place]
            is_near = abs(moment.time_s - middle.time_s) <= self._reach_s + _SLACK_S
            if moment.regions[face] is None or moment.shot != middle.shot or not is_near:
                break
            run.append(moment)
        return run

    def _moment(self, seen: SeenFrame) -> _Moment:
        """Note where a frame's faces are."""
        return _Moment(
            seen.time_s,
            seen.shot,
            tuple(
                None if face is None else followed_region(face, scale=self._region_scale).as_array()
                for face in seen.faces
            ),
        )


def _present(region: Float32Array | None) -> Float32Array:
    """Return the region of a run's moment, which is there."""
    assert region is not None
    return region
