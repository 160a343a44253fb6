"""Draws lines, areas and words in a region's pixels, by Blender's own shaders.

Shaders are made when something is drawn first: a Blender without a screen has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import blf
import gpu
import numpy as np
from mathutils import Matrix

from ...core.arrays import FloatArray, IndexArray
from .look import Color

_FONT = 0
_TEXT_UNITS = 11.0
_BACK_COLOR: Color = (0.0, 0.0, 0.0)
_BACK_ALPHA = 0.85


@cache
def _shader(name: str) -> gpu.types.GPUShader:
    """Return one of Blender's shaders."""
    return gpu.shader.from_builtin(name)


@cache
def _point_format() -> gpu.types.GPUVertFormat:
    """Return the layout of points; three coordinates, as every version's line shader takes them."""
    layout = gpu.types.GPUVertFormat()
    layout.attr_add(id="pos", comp_type="F32", len=3, fetch_mode="FLOAT")
    return layout


def forget_shaders() -> None:
    """Let go of what Blender lent."""
    for cached in (_shader, _point_format, _unit_square):
        cached.cache_clear()


def points_buffer(points: FloatArray) -> gpu.types.GPUVertBuf:
    """Put points on the graphics card, (n, 2)."""
    flat = np.zeros((len(points), 3), np.float32)
    flat[:, :2] = points
    buffer = gpu.types.GPUVertBuf(_point_format(), len(flat))
    buffer.attr_fill("pos", flat)
    return buffer


def lines_index(edges: IndexArray) -> gpu.types.GPUIndexBuf:
    """Put edges on the graphics card, (n, 2)."""
    return gpu.types.GPUIndexBuf(type="LINES", seq=np.ascontiguousarray(edges, np.int32))


def triangles_index(triangles: IndexArray) -> gpu.types.GPUIndexBuf:
    """Put triangles on the graphics card, (n, 3)."""
    return gpu.types.GPUIndexBuf(type="TRIS", seq=np.ascontiguousarray(triangles, np.int32))


def lines_batch(points: gpu.types.GPUVertBuf, edges: gpu.types.GPUIndexBuf) -> gpu.types.GPUBatch:
    """Join points and edges."""
    return gpu.types.GPUBatch(type="LINES", buf=points, elem=edges)


def area_batch(
    points: gpu.types.GPUVertBuf, triangles: gpu.types.GPUIndexBuf | None = None
) -> gpu.types.GPUBatch:
    """Join points and triangles; without these every three points are one."""
    if triangles is None:
        return gpu.types.GPUBatch(type="TRIS", buf=points)
    return gpu.types.GPUBatch(type="TRIS", buf=points, elem=triangles)


@contextmanager
def region_space(region_size: tuple[int, int]) -> Iterator[None]:
    """Draw in region space, exactly: Blender's own is off by 0.4 px, for its lines' sake."""
    height, width = region_size
    projection = Matrix(
        ((2 / width, 0, 0, -1), (0, 2 / height, 0, -1), (0, 0, -1, 0), (0, 0, 0, 1))
    )
    gpu.state.blend_set("ALPHA")
    try:
        with gpu.matrix.push_pop(), gpu.matrix.push_pop_projection():
            gpu.matrix.load_matrix(Matrix.Identity(4))
            gpu.matrix.load_projection_matrix(projection)
            yield
    finally:
        gpu.state.blend_set("NONE")


@contextmanager
def placed(region_from_points: FloatArray) -> Iterator[None]:
    """Draw points of another space, by the affine matrix (3, 3) that leads to region space."""
    m = region_from_points
    with gpu.matrix.push_pop():
        gpu.matrix.multiply_matrix(
            Matrix(
                (
                    (m[0][0], m[0][1], 0.0, m[0][2]),
                    (m[1][0], m[1][1], 0.0, m[1][2]),
                    (0.0, 0.0, 1.0, 0.0),
                    (0.0, 0.0, 0.0, 1.0),
                )
            )
        )
        yield


def draw_lines(batch: gpu.types.GPUBatch, color: Color, *, alpha: float, width_px: float) -> None:
    """Draw smooth lines."""
    shader = _shader("POLYLINE_UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width_px)
    shader.uniform_bool("lineSmooth", (True,))
    shader.uniform_float("color", (*color, alpha))
    batch.draw(shader)


def draw_area(batch: gpu.types.GPUBatch, color: Color, *, alpha: float) -> None:
    """Fill triangles."""
    shader = _shader("UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("color", (*color, alpha))
    batch.draw(shader)


@cache
def _unit_square() -> gpu.types.GPUBatch:
    """Return a square from (0, 0) to (1, 1)."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)], np.float32)
    return area_batch(points_buffer(corners))


def draw_box(
    low: tuple[float, float], high: tuple[float, float], color: Color, *, alpha: float
) -> None:
    """Fill a rectangle of region space."""
    (left, bottom), (right, top) = low, high
    with placed([[right - left, 0.0, left], [0.0, top - bottom, bottom]]):
        draw_area(_unit_square(), color, alpha=alpha)


def text_height(ui_scale: float) -> float:
    """Return how much room a line of words takes, in pixels."""
    return 1.5 * _TEXT_UNITS * ui_scale


def draw_words(
    words: Sequence[tuple[str, Color]],
    *,
    at: tuple[float, float],
    ui_scale: float,
    is_centred: bool = False,
    has_back: bool = True,
) -> None:
    """Write words of their own colours beside each other; `at` is their lower left corner.

    `is_centred` takes `at` for the middle of their lower edge.
    """
    size = _TEXT_UNITS * ui_scale
    blf.size(_FONT, size)
    gap = 0.8 * size
    widths = [blf.dimensions(_FONT, text)[0] for text, _ in words]
    whole = sum(widths) + gap * (len(words) - 1)
    x, y = round(at[0] - (0.5 * whole if is_centred else 0.0)), round(at[1])
    if has_back:
        low, high = (x - 0.6 * size, y - 0.5 * size), (x + whole + 0.6 * size, y + 1.2 * size)
        draw_box(low, high, _BACK_COLOR, alpha=_BACK_ALPHA)
    for (text, color), width in zip(words, widths, strict=True):
        blf.position(_FONT, x, y, 0.0)
        blf.color(_FONT, *color, 1.0)
        blf.draw(_FONT, text)
        gpu.state.blend_set("ALPHA")  # writing leaves it off
        x += round(width + gap)
