"""The scene's rate and range, and on which frames a performance stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import bpy
import numpy as np

from ...core.errors import ArgumentError
from ...core.records import Performance
from .actions import Channel, Keys, animate, curves_muted

VISIBILITY_PATHS = ("hide_viewport", "hide_render")
_MAX_FPS = 32767


class Marker(NamedTuple):
    """A marker of the timeline, by which it is known again."""

    name: str
    frame: int


@dataclass(frozen=True, slots=True)
class SceneRate:
    """Blender's way of saying a rate: `fps / fps_base` frames a second."""

    fps: int
    fps_base: float

    @property
    def hz(self) -> float:
        """Frames a second."""
        return self.fps / self.fps_base


def scene_rate_of(rate_hz: float) -> SceneRate:
    """Find the whole `fps` and its base: 29.97 → 30 / 1.001, 25 → 25 / 1, 12.5 → 12 / 0.96.

    Raises
    ------
    ArgumentError
        Blender cannot hold the rate.
    """
    if not 0.01 <= rate_hz <= _MAX_FPS:
        raise ArgumentError(f"scene rate must lie in 0.01 … {_MAX_FPS} Hz, got {rate_hz:g}")
    whole = round(rate_hz)
    if abs(rate_hz - whole) < 1e-4:
        return SceneRate(whole, 1.0)
    # Broadcast rates come rounded (29.97) or off by the container's clock; 24/1.001 is 23.976.
    upper = math.ceil(rate_hz)
    if abs(rate_hz - upper / 1.001) < 2e-3:
        return SceneRate(upper, 1.001)
    whole = max(1, whole)
    return SceneRate(whole, whole / rate_hz)


def set_timeline(scene: bpy.types.Scene, *, rate: SceneRate, start_s: float, end_s: float) -> None:
    """Give the scene its rate, and a range around what was captured, at whole frames."""
    scene.render.fps = rate.fps
    scene.render.fps_base = rate.fps_base
    scene.frame_start = math.floor(start_s * rate.hz + 1e-3)
    scene.frame_end = max(scene.frame_start, math.ceil(end_s * rate.hz - 1e-3))
    scene.frame_set(scene.frame_start)


def pose_keys(performance: Performance, *, rate_hz: float) -> Keys:
    """Return the keys of the frames that have a pose; the last one before a gap is held."""
    present = performance.is_present
    follows_loss = np.append(~present[1:], False)
    return Keys(
        frames=performance.time_s[present] * rate_hz,
        is_held=follows_loss[present],
    )


def lost_spans(performance: Performance, *, rate_hz: float) -> list[tuple[float, float | None]]:
    """Return (first lost frame, frame of the next pose) of every gap; None: not found again."""
    frames = performance.time_s * rate_hz
    edges = np.diff(np.concatenate([[True], performance.is_present]).astype(np.int8))
    starts, ends = frames[edges < 0], frames[edges > 0]
    padded: list[float | None] = [*map(float, ends), None]
    return list(zip(map(float, starts), padded, strict=False))


def lost_text(performance: Performance, *, rate_hz: float) -> str:
    """Return the first and last lost frame of every gap as text, "" where there is none."""
    frames = performance.time_s * rate_hz
    edges = np.diff(np.concatenate([[True], performance.is_present, [True]]).astype(np.int8))
    firsts, lasts = frames[np.flatnonzero(edges < 0)], frames[np.flatnonzero(edges > 0) - 1]
    return ", ".join(
        f"{first:.6g}" if first == last else f"{first:.6g}–{last:.6g}"
        for first, last in zip(firsts, lasts, strict=True)
    )


def mark_gaps(
    scene: bpy.types.Scene, face: bpy.types.Object, *, performance: Performance, rate_hz: float
) -> list[Marker]:
    """Put markers where a face is lost, found and filled on request; return them."""
    marks: list[tuple[str, float]] = []
    for start, end in lost_spans(performance, rate_hz=rate_hz):
        marks.append((f"{face.name} lost", start))
        if end is not None:
            marks.append((f"{face.name} found", end))
    filled = np.flatnonzero(np.diff(performance.is_filled.astype(np.int8), prepend=0) > 0)
    marks += [(f"{face.name} filled", performance.time_s[index] * rate_hz) for index in filled]
    markers = [Marker(name, math.ceil(frame - 1e-3)) for name, frame in marks]
    for marker in markers:
        scene.timeline_markers.new(marker.name, frame=marker.frame)
    return markers


def unmark_gaps(scene: bpy.types.Scene, markers: Sequence[Marker]) -> None:
    """Remove markers, where they still are as they were put."""
    wanted = set(markers)
    for marker in [one for one in scene.timeline_markers if (one.name, one.frame) in wanted]:
        scene.timeline_markers.remove(marker)


@contextmanager
def always_shown(face: bpy.types.Object) -> Iterator[None]:
    """Show a face in its gaps, too, for a while: Blender evaluates nothing that is hidden."""
    with curves_muted(face, VISIBILITY_PATHS):
        hidden = [getattr(face, path) for path in VISIBILITY_PATHS]
        for path in VISIBILITY_PATHS:
            setattr(face, path, False)
        try:
            yield
        finally:
            for path, was_hidden in zip(VISIBILITY_PATHS, hidden, strict=True):
                setattr(face, path, was_hidden)


def hide_while_lost(face: bpy.types.Object, performance: Performance, *, rate_hz: float) -> None:
    """Key the visibility in the viewport and in renders, held, at every change."""
    present = performance.is_present
    changes = np.flatnonzero(np.diff(present.astype(np.int8), prepend=-1))
    frames = performance.time_s[changes] * rate_hz
    keys = Keys(frames=frames, is_held=np.ones(len(changes), bool))
    hidden = (~present[changes]).astype(np.float32)
    channels = [Channel(path, hidden, group="Visibility") for path in VISIBILITY_PATHS]
    animate(face, channels, keys=keys)
