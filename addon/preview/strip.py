"""A graph at the foot of the timeline: how sure, how fast, lost and filled, frame by frame."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import gpu
import numpy as np

from ...core.records import Performance
from . import brush
from .look import FILLED_COLOR, LOST_COLOR, MOTION_COLOR, PRESENCE_COLOR, Color
from .pictures import scene_rate_hz
from .placing import line_through
from .strip_data import (
    Lanes,
    StripData,
    area_under,
    band_triangles,
    full_motion,
    lanes_of,
    segments,
    strip_data,
)

N_KEPT = 2
"""Takes whose graphs are kept: several windows may show several takes."""

MODES = frozenset({"TIMELINE", "DOPESHEET", "ACTION", "SHAPEKEY"})
_BACK_COLOR: Color = (0.05, 0.05, 0.06)
_BACK_ALPHA, _BAND_ALPHA, _MOTION_ALPHA, _PRESENCE_ALPHA = 0.72, 0.55, 0.7, 0.95
_PRESENCE_UNITS = 1.3
_LABEL_UNITS = 30.0  # a lane that is lower has no words
_INSET = 0.06  # so that a line at 0 or 1 is seen whole


@dataclass(frozen=True, slots=True, eq=False)
class _TakeGraph:
    """The faces of a take over time; `full_motion` is the speed that fills a lane."""

    faces: Sequence[Performance]
    data: tuple[StripData, ...]
    full_motion: float


class Strip:
    """Draws takes on a timeline; keeps their graphs."""

    def __init__(self) -> None:
        self._graphs: OrderedDict[int, _TakeGraph] = OrderedDict()
        self._batches: dict[int, list[_LaneBatches]] = {}

    def has(self, faces: Sequence[Performance]) -> bool:
        """Say whether the graphs of a take are computed."""
        return id(faces) in self._graphs

    def prepare(self, faces: Sequence[Performance]) -> None:
        """Compute the graphs of a take, unless they are there."""
        if self.has(faces):
            return
        data = tuple(strip_data(face) for face in faces)
        top = full_motion([one.motion for one in data])
        self._graphs[id(faces)] = _TakeGraph(faces, data, top)  # holding it keeps its id its own
        while len(self._graphs) > N_KEPT:
            gone, _ = self._graphs.popitem(last=False)
            self._batches.pop(gone, None)

    def close(self) -> None:
        """Let go of everything."""
        self._graphs.clear()
        self._batches.clear()

    def draw(self, context: bpy.types.Context, faces: Sequence[Performance]) -> None:
        """Draw a take that was prepared at the foot of the region that is being drawn."""
        region, scene = context.region, context.scene
        ui_scale = context.preferences.system.ui_scale
        lanes = lanes_of(
            region.height,
            ui_scale=ui_scale,
            n_faces=len(faces),
            has_markers=bool(scene.timeline_markers) and context.space_data.show_markers,
        )
        if lanes is None or region.width < 2:
            return
        view = region.view2d
        low, high = view.region_to_view(0, 0)[0], view.region_to_view(region.width, 0)[0]
        start, px_a_frame = line_through(low, high, width=region.width)
        x_axis = start, px_a_frame * scene_rate_hz(scene)
        graph = self._graphs[id(faces)]
        batches = self._batches_of(graph)
        with brush.region_space((region.height, region.width)):
            for index in range(lanes.n):
                _draw_lane(graph, batches, index, lanes=lanes, x_axis=x_axis, ui_scale=ui_scale)

    def _batches_of(self, graph: _TakeGraph) -> list[_LaneBatches]:
        """Return the buffers of a take's graphs, made when they are drawn first."""
        key = id(graph.faces)
        if key not in self._batches:
            self._batches[key] = [_LaneBatches(one, graph.full_motion) for one in graph.data]
        return self._batches[key]


class _LaneBatches:
    """One face's graph on the graphics card: x in seconds, y from 0 to 1."""

    def __init__(self, data: StripData, top: float) -> None:
        corners, triangles = area_under(data.time_s, data.motion / top, data.is_present)
        self.motion = _area(corners, triangles)
        line = np.stack([data.time_s, np.clip(data.presence, 0.0, 1.0)], axis=1)
        pairs = segments(data.is_present)
        self.presence = None
        if len(pairs):
            self.presence = brush.lines_batch(brush.points_buffer(line), brush.lines_index(pairs))
        self.lost = _area(band_triangles(data.lost))
        self.filled = _area(band_triangles(data.filled))


def _area(corners: np.ndarray, triangles: np.ndarray | None = None) -> gpu.types.GPUBatch | None:
    """Put an area on the graphics card; None where it is empty."""
    if len(corners) == 0 or (triangles is not None and len(triangles) == 0):
        return None
    index = None if triangles is None else brush.triangles_index(triangles)
    return brush.area_batch(brush.points_buffer(corners), index)


def _draw_lane(
    graph: _TakeGraph,
    batches: list[_LaneBatches],
    index: int,
    *,
    lanes: Lanes,
    x_axis: tuple[float, float],
    ui_scale: float,
) -> None:
    """Draw one face; `x_axis` is where second 0 lies, and the pixels a second."""
    data, batch = graph.data[index], batches[index]
    start, scale = x_axis
    left, right = (start + scale * second for second in data.extent_s)
    # The first face is the upper one.
    bottom = lanes.bottom_px + (lanes.n - 1 - index) * lanes.height_px
    top = bottom + lanes.height_px - ui_scale
    brush.draw_box((left, bottom), (right, top), _BACK_COLOR, alpha=_BACK_ALPHA)
    has_label = lanes.height_px >= _LABEL_UNITS * ui_scale
    graph_top = top - brush.text_height(ui_scale) if has_label else top
    with brush.placed([[scale, 0.0, start], [0.0, graph_top - bottom, bottom]]):
        for bands, color in ((batch.lost, LOST_COLOR), (batch.filled, FILLED_COLOR)):
            if bands is not None:
                brush.draw_area(bands, color, alpha=_BAND_ALPHA)
    inset = _INSET * (graph_top - bottom)
    with brush.placed([[scale, 0.0, start], [0.0, graph_top - bottom - 2 * inset, bottom + inset]]):
        if batch.motion is not None:
            brush.draw_area(batch.motion, MOTION_COLOR, alpha=_MOTION_ALPHA)
        if batch.presence is not None:
            width = _PRESENCE_UNITS * ui_scale
            brush.draw_lines(batch.presence, PRESENCE_COLOR, alpha=_PRESENCE_ALPHA, width_px=width)
    if has_label:
        words = _words(graph, index)
        at = (max(left, 0.0) + 4.0 * ui_scale, graph_top + 3.0 * ui_scale)
        brush.draw_words(words, at=at, ui_scale=ui_scale, has_back=False)


def _words(graph: _TakeGraph, index: int) -> list[tuple[str, Color]]:
    """Say what the colours of a lane mean."""
    data = graph.data[index]
    words: list[tuple[str, Color]] = []
    if len(graph.data) > 1:
        words.append((f"face {index + 1}", (0.9, 0.9, 0.9)))
    words.append(("presence 0–1", PRESENCE_COLOR))
    words.append((f"motion 0–{graph.full_motion:g} face sizes/s", MOTION_COLOR))
    if data.lost:
        words.append(("lost", LOST_COLOR))
    if data.filled:
        words.append(("filled", FILLED_COLOR))
    return words
