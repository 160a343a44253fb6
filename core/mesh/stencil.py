"""Linear maps from the points of one mesh to those of another, applied to many frames at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..arrays import AnyArray, Float32Array, FloatArray, IndexArray, check_shape

# Measured at 468 points, level 2, 1000 frames: one dense matrix takes twice as long, gathered rows
# four times; patches of 8 to 24 sources and chunks of 2 to 8 MB are alike.
_PATCH_SOURCES = 12
_CHUNK_BYTES = 4 << 20
# Up to this many entries (34 MB while it is made) maps are multiplied out into one.
_MAX_PRODUCT_ENTRIES = 1 << 23


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A dense piece of a sparse map: points[rows] = weights @ sources[columns].

    `rows` (r,) int32, `columns` (c,) int32, `weights` (r, c) float32.
    """

    rows: IndexArray
    columns: IndexArray
    weights: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class SparseMap:
    """One linear map of points, cut into blocks of points that lie close together."""

    n_sources: int
    n_points: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stencil:
    """Linear maps one after another; for each point that comes out the weights sum to 1."""

    steps: tuple[SparseMap, ...]

    @property
    def n_sources(self) -> int:
        """Number of points that go in."""
        return self.steps[0].n_sources

    @property
    def n_points(self) -> int:
        """Number of points that come out."""
        return self.steps[-1].n_points


def apply_stencil(stencil: Stencil, values: FloatArray) -> Float32Array:
    """Map values of points, frame by frame: positions, offsets or UVs.

    Parameters
    ----------
    stencil : the map
    values : shape (n_frames, n_sources, c) or (n_sources, c), any unit; a frame of NaN stays one

    Returns
    -------
    shape (n_frames, n_points, c) or (n_points, c), float32
    """
    if values.ndim == 2:
        mapped: Float32Array = apply_stencil(stencil, values[None])[0]
        return mapped
    check_shape("values", values, ("n_frames", stencil.n_sources, "c"))
    n_frames, _, c = values.shape
    mapped = np.zeros((n_frames, stencil.n_points, c), np.float32)
    # Numbers of one point in one frame move as one item: transposing is three times as fast.
    item = np.dtype(f"V{4 * c}")
    n_chunk = max(1, _CHUNK_BYTES // (item.itemsize * stencil.n_points + 1))
    for first in range(0, n_frames, n_chunk):
        chunk = np.ascontiguousarray(values[first : first + n_chunk], np.float32)
        # (n_sources, frames · c): points first, so that one product maps all frames
        columns = np.ascontiguousarray(chunk.view(item)[..., 0].T).view(np.float32)
        for step in stencil.steps:
            columns = _mapped(step, columns)
        mapped[first : first + n_chunk].view(item)[..., 0] = columns.view(item).T
    return mapped


def _mapped(step: SparseMap, columns: Float32Array) -> Float32Array:
    """Apply one map to (n_sources, m) columns."""
    points = np.zeros((step.n_points, columns.shape[1]), np.float32)
    for block in step.blocks:
        points[block.rows] = np.matmul(block.weights, columns[block.columns])
    return points


def stencil_from_steps(steps: tuple[SparseMap, ...], *, links: AnyArray) -> Stencil:
    """Join maps, the first one first; `links` are those of the first one's sources."""
    stencil = Stencil(steps)
    shape = stencil.n_points, stencil.n_sources
    if len(steps) == 1 or shape[0] * shape[1] > _MAX_PRODUCT_ENTRIES:
        return stencil
    product = apply_stencil(stencil, np.eye(shape[1], dtype=np.float32))
    rows, columns = np.nonzero(product)
    weights = product[rows, columns]
    return Stencil((sparse_map((rows, columns, weights), shape=shape, links=links),))


def sparse_map(
    entries: tuple[AnyArray, AnyArray, AnyArray], *, shape: tuple[int, int], links: AnyArray
) -> SparseMap:
    """Sum up the entries of a sparse matrix and cut it into dense blocks.

    Parameters
    ----------
    entries : rows, columns and weights, (n_entries,) each; those at the same place add up
    shape : (n_points, n_sources); each row has at least one entry
    links : shape (n_links, 2), pairs of sources that lie side by side
    """
    n_points, n_sources = shape
    rows, columns, weights = entries
    patches = _patches(links, n_sources=n_sources)
    row_patches = np.full(n_points, n_sources)
    np.minimum.at(row_patches, rows, patches[columns])
    order = np.argsort(row_patches[rows], kind="stable")
    rows, columns, weights = rows[order], columns[order], weights[order]
    cuts = np.flatnonzero(np.diff(row_patches[rows])) + 1
    pieces = zip(*(np.split(part, cuts) for part in (rows, columns, weights)), strict=True)
    blocks = tuple(_block(*piece) for piece in pieces if len(piece[0]))
    return SparseMap(n_sources, n_points, blocks)


def _block(rows: AnyArray, columns: AnyArray, weights: AnyArray) -> Block:
    """Return the entries of some rows as one dense piece."""
    used_rows, row_place = np.unique(rows, return_inverse=True)
    used_columns, column_place = np.unique(columns, return_inverse=True)
    n_columns = len(used_columns)
    dense = np.bincount(
        row_place * n_columns + column_place, weights, minlength=len(used_rows) * n_columns
    )
    return Block(
        used_rows.astype(np.int32),
        used_columns.astype(np.int32),
        dense.reshape(-1, n_columns).astype(np.float32),
    )


def _patches(links: AnyArray, *, n_sources: int) -> IndexArray:
    """Group sources that lie together: (n_sources,) the number of each one's patch."""
    ends = np.concatenate([links, links[:, ::-1]])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    starts = np.searchsorted(ends[:, 0], np.arange(n_sources + 1)).tolist()
    neighbours = ends[:, 1].tolist()
    patch_of = [-1] * n_sources
    n_patches = 0
    seeds = deque(range(n_sources))
    while seeds:
        seed = seeds.popleft()
        if patch_of[seed] >= 0:
            continue
        # Breadth first from the seed; what is left of the front seeds the next patches.
        front, n_taken = deque([seed]), 0
        while front and n_taken < _PATCH_SOURCES:
            source = front.popleft()
            if patch_of[source] >= 0:
                continue
            patch_of[source] = n_patches
            n_taken += 1
            front.extend(neighbours[starts[source] : starts[source + 1]])
        seeds.extendleft(reversed(front))
        n_patches += 1
    return np.array(patch_of, np.int32)
