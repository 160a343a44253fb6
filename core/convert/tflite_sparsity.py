"""Sparse weights of TFLite files → dense ones."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from ..arrays import AnyArray

MAX_VALUES = 1 << 26
"""No network of ours has a weight of so many; a small file could claim any number."""

_DENSE = 0


def dense_from_sparse(values: AnyArray, sparsity: Any, shape: tuple[int, ...]) -> AnyArray:
    """Lay out the values that a sparse tensor keeps; all others are 0.

    Parameters
    ----------
    values : shape (n_kept,)
    sparsity : the tensor's `SparsityParameters` table
    shape : of the dense tensor

    Raises
    ------
    ValueError
        The table contradicts itself or the shape.

    References
    ----------
    TensorFlow Lite's schema.fbs (Apache-2.0), `SparsityParameters`: the axes are stored in
    `traversal_order`, axes ≥ rank being those within blocks of the axes in `block_map`.
    """
    rank, n_blocks = len(shape), sparsity.BlockMapLength()
    if not 0 < math.prod(shape) <= MAX_VALUES:
        raise ValueError(f"a sparse tensor claims the shape {shape}")
    order = [sparsity.TraversalOrder(i) for i in range(sparsity.TraversalOrderLength())]
    if sorted(order) != list(range(rank + n_blocks)):
        raise ValueError(f"a sparse tensor of {rank} axes is stored in the order {order}")
    levels = [sparsity.DimMetadata(i) for i in range(rank + n_blocks)]
    places = _places(levels, len(values))  # (n_kept, rank + n_blocks), in stored order
    by_axis = np.zeros_like(places)
    by_axis[:, order] = places
    dense_places = by_axis[:, :rank].copy()
    for block in range(n_blocks):
        axis = sparsity.BlockMap(block)
        size = levels[order.index(rank + block)].DenseSize()
        dense_places[:, axis] = dense_places[:, axis] * size + by_axis[:, rank + block]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(dense_places.T)] = values
    return dense


def _places(levels: list[Any], n_kept: int) -> AnyArray:
    """Return where each kept value lies along each stored axis, shape (n_kept, n_levels)."""
    places = np.zeros((1, 0), np.int64)
    for level in levels:
        n_rows = len(places)  # of the level above, each of which has some entries in this one
        if level.Format() == _DENSE:
            counts = np.full(n_rows, level.DenseSize())
            inner = np.tile(np.arange(level.DenseSize()), n_rows)
        else:
            segments = _integers(level.ArraySegments(), level.ArraySegmentsType())
            inner = _integers(level.ArrayIndices(), level.ArrayIndicesType())
            counts = np.diff(segments)
            if len(counts) != n_rows or (counts < 0).any() or counts.sum() != len(inner):
                raise ValueError("the segments of a sparse tensor do not fit together")
        if counts.sum() > MAX_VALUES:
            raise ValueError("a sparse tensor claims too many values")
        places = np.column_stack([np.repeat(places, counts, axis=0), inner])
    if len(places) != n_kept:
        raise ValueError(f"a sparse tensor has {n_kept} values for {len(places)} places")
    return places


def _integers(table: Any, kind: int) -> AnyArray:
    """Return a sparse index vector: of 32-bit, 16-bit or 8-bit integers."""
    from tflite.SparseIndexVector import (  # type: ignore[import-untyped,unused-ignore]
        SparseIndexVector,
    )

    names = {number: name for name, number in vars(SparseIndexVector).items() if name[0] != "_"}
    name = names[kind]
    vector = getattr(importlib.import_module(f"tflite.{name}"), name)()
    vector.Init(table.Bytes, table.Pos)
    return np.array([vector.Values(i) for i in range(vector.ValuesLength())], np.int64)
