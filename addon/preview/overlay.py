"""The faces of a take drawn over its footage: mesh, landmarks, contours, and what is lost."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import gpu
import numpy as np

from ...core.arrays import Float32Array
from ...core.records import Performance
from . import brush
from .look import (
    CONTOUR_COLORS,
    FILLED_COLOR,
    LOST_COLOR,
    Color,
    confidence_color,
    contour_edges,
    dot_corners,
    dot_triangles,
    mesh_edges,
)
from .pictures import ShownPicture
from .placing import sample_at

N_KEPT = 2
"""Takes whose buffers are kept: several windows may show several takes."""

_MESH_SHARE = 0.5  # of the opacity: many lines cover much
_DOT_RADIUS_UNITS = 1.5
_HEADER_UNITS = 52.0  # a header and the tools' settings may lie over the region
_MESH_UNITS, _CONTOUR_UNITS = 1.0, 1.7


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """What of a face is drawn, and how; `ui_scale` is Blender's."""

    has_mesh: bool
    has_points: bool
    has_contours: bool
    is_raw: bool
    opacity: float
    ui_scale: float


class Overlay:
    """Draws faces; keeps their buffers on the graphics card while they are being drawn."""

    def __init__(self) -> None:
        self._takes: OrderedDict[int, _TakeBuffers] = OrderedDict()

    def draw(
        self, faces: Sequence[Performance], picture: ShownPicture, style: OverlayStyle
    ) -> None:
        """Draw the faces of a take over a picture of its footage."""
        notes: list[tuple[str, Color]] = []
        buffers = self._buffers_of(faces)
        with brush.region_space(picture.region_size):
            for number, face in enumerate(faces, start=1):
                name = "face" if len(faces) == 1 else f"face {number}"
                note = _draw_face(face, buffers[number - 1], picture, style)
                if note is not None:
                    notes.append((f"{name} {note[0]}", note[1]))
            _draw_notes(notes, picture, ui_scale=style.ui_scale)

    def close(self) -> None:
        """Let go of all buffers."""
        self._takes.clear()

    def _buffers_of(self, faces: Sequence[Performance]) -> list[_FaceBuffers]:
        """Return the buffers of a take's faces, made when they are drawn first."""
        if id(faces) not in self._takes:
            self._takes[id(faces)] = _TakeBuffers(faces, [_FaceBuffers(face) for face in faces])
            while len(self._takes) > N_KEPT:
                self._takes.popitem(last=False)
        self._takes.move_to_end(id(faces))
        return self._takes[id(faces)].buffers


def _draw_face(
    face: Performance, buffers: _FaceBuffers, picture: ShownPicture, style: OverlayStyle
) -> tuple[str, Color] | None:
    """Draw one face; return what there is to say of it."""
    sample = sample_at(
        face.time_s,
        second=picture.second,
        rate_hz=picture.rate_hz,
        footage_rate_hz=face.footage.rate_hz,
    )
    if sample is None:
        return None
    if not buffers.show(sample, is_raw=style.is_raw):
        return "lost", LOST_COLOR
    is_filled = bool(face.is_filled[sample])
    color = FILLED_COLOR if is_filled else confidence_color(float(face.track.presence[sample]))
    with brush.placed(picture.region_from_image):
        buffers.draw(color, style, region_scale=_scale_of(picture))
    return ("filled", FILLED_COLOR) if is_filled else None


@dataclass(frozen=True, slots=True, eq=False)
class _TakeBuffers:
    """The buffers of a take; holding its faces keeps their list's id its own."""

    faces: Sequence[Performance]
    buffers: list[_FaceBuffers]


class _FaceBuffers:
    """The buffers of one face: edges once, points whenever another sample is shown."""

    def __init__(self, face: Performance) -> None:
        self._face = face
        n_landmarks = face.landmarks_smooth_px.shape[1]
        self._edges = brush.lines_index(mesh_edges(face.topology.polygons))
        self._contours = {
            name: brush.lines_index(edges) for name, edges in contour_edges(n_landmarks).items()
        }
        self._dots = brush.triangles_index(dot_triangles(n_landmarks))
        self._shown: tuple[int, bool] | None = None
        self._points: Float32Array | None = None
        self._mesh_batch: gpu.types.GPUBatch | None = None
        self._contour_batches: dict[str, gpu.types.GPUBatch] = {}
        self._dots_batch: gpu.types.GPUBatch | None = None
        self._dot_radius: tuple[float, float] | None = None

    def show(self, sample: int, *, is_raw: bool) -> bool:
        """Load a sample; return whether the face is there."""
        if self._shown != (sample, is_raw):
            source = self._face.track.landmarks_px if is_raw else self._face.landmarks_smooth_px
            self._load(source[sample, :, :2])
            self._shown = sample, is_raw
        return self._points is not None

    def _load(self, points: Float32Array) -> None:
        """Put points on the graphics card, (n, 2); Blender refills no buffer that was drawn."""
        self._dots_batch = self._mesh_batch = None
        self._points = points if np.isfinite(points).all() else None
        if self._points is None:
            return
        buffer = brush.points_buffer(points)
        self._mesh_batch = brush.lines_batch(buffer, self._edges)
        self._contour_batches = {
            name: brush.lines_batch(buffer, edges) for name, edges in self._contours.items()
        }

    def draw(self, color: Color, style: OverlayStyle, *, region_scale: tuple[float, float]) -> None:
        """Draw what was loaded, in image space."""
        unit = style.ui_scale
        if style.has_mesh:
            alpha = _MESH_SHARE * style.opacity
            brush.draw_lines(self._mesh_batch, color, alpha=alpha, width_px=_MESH_UNITS * unit)
        if style.has_contours:
            for name, batch in self._contour_batches.items():
                brush.draw_lines(
                    batch,
                    CONTOUR_COLORS[name],
                    alpha=style.opacity,
                    width_px=_CONTOUR_UNITS * unit,
                )
        if style.has_points:
            self._load_dots(_DOT_RADIUS_UNITS * unit, region_scale)
            brush.draw_area(self._dots_batch, color, alpha=style.opacity)

    def _load_dots(self, radius_px: float, region_scale: tuple[float, float]) -> None:
        """Put discs around the points, of a size in the region's pixels."""
        radius = (radius_px / region_scale[0], radius_px / region_scale[1])
        if self._dots_batch is None or self._dot_radius != radius:
            corners = dot_corners(self._points, radius=radius)
            self._dots_batch = brush.area_batch(brush.points_buffer(corners), self._dots)
            self._dot_radius = radius


def _scale_of(picture: ShownPicture) -> tuple[float, float]:
    """Return the region's pixels to a pixel of the picture, across and down."""
    matrix = picture.region_from_image
    return abs(float(matrix[0, 0])), abs(float(matrix[1, 1]))


def _draw_notes(
    notes: Sequence[tuple[str, Color]], picture: ShownPicture, *, ui_scale: float
) -> None:
    """Write what there is to say at the top of the picture, clear of what Blender writes there."""
    height, width = picture.region_size
    (left, bottom), (right, top) = picture.corners_px
    if right < 0 or left > width or top < 0 or bottom > height:
        return
    line = brush.text_height(ui_scale)
    middle = 0.5 * (max(left, 0.0) + min(right, width))
    y = min(top, height - _HEADER_UNITS * ui_scale) - 1.5 * line
    for note in notes:
        brush.draw_words([note], at=(middle, y), ui_scale=ui_scale, is_centred=True)
        y -= 1.4 * line
