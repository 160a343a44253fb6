"""Polygons with their edge tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import AnyArray, IndexArray, check_indices, check_shape
from ..errors import RangeError, ShapeError


@dataclass(frozen=True, slots=True, eq=False)
class PolygonMesh:
    """Faces of any size over `n_vertices` vertices; made by `polygon_mesh`.

    `face_corners` (n_corners,) int32: vertex indices, face after face, each in its winding order.
    `face_offsets` (n_faces + 1,) int32: face f owns the corners from face_offsets[f] up to
    face_offsets[f + 1]. `edges` (n_edges, 2) int32: vertex indices, each undirected edge once.
    `corner_edges` (n_corners,) int32: the edge from each corner to the next one of its face.
    """

    n_vertices: int
    face_offsets: IndexArray
    face_corners: IndexArray
    edges: IndexArray
    corner_edges: IndexArray

    @property
    def n_faces(self) -> int:
        """Number of faces."""
        return len(self.face_offsets) - 1

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edges)

    @property
    def face_sizes(self) -> IndexArray:
        """(n_faces,) int32: how many corners each face has."""
        return np.diff(self.face_offsets)

    @property
    def corner_faces(self) -> IndexArray:
        """(n_corners,) int32: the face that owns each corner."""
        return np.repeat(np.arange(self.n_faces, dtype=np.int32), self.face_sizes)

    @property
    def next_corners(self) -> IndexArray:
        """(n_corners,) int32: the corner that follows each corner in its face."""
        following = np.arange(1, len(self.face_corners) + 1, dtype=np.int32)
        following[self.face_offsets[1:] - 1] = self.face_offsets[:-1]
        return following

    @property
    def edge_face_counts(self) -> IndexArray:
        """(n_edges,) int32: 1 at the boundary, 2 inside, more where the mesh branches."""
        return np.bincount(self.corner_edges, minlength=self.n_edges).astype(np.int32)

    def face_rows(self) -> IndexArray:
        """Return the faces as one array, for meshes whose faces all have the same size.

        Returns
        -------
        shape (n_faces, size), int32

        Raises
        ------
        ShapeError
            Faces differ in size.
        """
        sizes = self.face_sizes
        if len(sizes) and (sizes != sizes[0]).any():
            raise ShapeError(
                f"faces must all have the same number of corners, got {sizes.min()} … {sizes.max()}"
            )
        return self.face_corners.reshape(self.n_faces, -1 if len(sizes) else 3)


def polygon_mesh(
    faces: Sequence[Sequence[int]] | AnyArray, *, n_vertices: int, edges: AnyArray | None = None
) -> PolygonMesh:
    """Build the edge tables of polygons.

    Parameters
    ----------
    faces : shape (n_faces, size) of integers, or a sequence of polygons of any sizes
        Vertex indices in winding order, at least three a face, none twice in a face.
    n_vertices : vertices may belong to no face
    edges : shape (n_edges, 2), integers
        The same edges as the faces' in the order that `PolygonMesh.edges` shall have, for example
        that of a mesh in Blender. None: sorted by their lower, then by their higher vertex.

    Raises
    ------
    ShapeError, RangeError
        A face has fewer than three corners, an index is out of range, a face meets a vertex twice,
        or `edges` is not the set of the faces' edges.
    """
    face_corners, face_sizes = _flattened(faces)
    face_offsets = np.concatenate([[0], np.cumsum(face_sizes)]).astype(np.int32)
    check_indices("face corners", face_corners, n_vertices)
    _check_faces(face_corners, face_sizes)

    following = np.arange(1, len(face_corners) + 1)
    following[face_offsets[1:] - 1] = face_offsets[:-1]
    low = np.minimum(face_corners, face_corners[following]).astype(np.int64)
    high = np.maximum(face_corners, face_corners[following])
    keys, corner_edges = np.unique(low * n_vertices + high, return_inverse=True)
    unique_edges = np.stack(np.divmod(keys, max(n_vertices, 1)), axis=1).astype(np.int32)
    if edges is not None:
        place = _edge_places(keys, edges, n_vertices=n_vertices)
        unique_edges, corner_edges = np.asarray(edges, np.int32), place[corner_edges]
    return PolygonMesh(
        n_vertices=n_vertices,
        face_offsets=face_offsets,
        face_corners=face_corners,
        edges=unique_edges,
        corner_edges=corner_edges.astype(np.int32),
    )


def _flattened(faces: Sequence[Sequence[int]] | AnyArray) -> tuple[IndexArray, IndexArray]:
    """Return all corners in a row, and the size of each face."""
    if isinstance(faces, np.ndarray):
        check_shape("faces", faces, ("n_faces", "size"))
        return faces.astype(np.int32).ravel(), np.full(len(faces), faces.shape[1], np.int32)
    sizes = np.array([len(face) for face in faces], np.int32)
    return np.array([index for face in faces for index in face], np.int32), sizes


def _check_faces(face_corners: IndexArray, face_sizes: IndexArray) -> None:
    """Raise unless each face has three corners or more and meets each vertex once."""
    if len(face_sizes) and face_sizes.min() < 3:
        face = int(np.argmin(face_sizes))
        raise ShapeError(f"face {face} must have at least 3 corners, got {face_sizes[face]}")
    faces = np.repeat(np.arange(len(face_sizes)), face_sizes)
    order = np.lexsort((face_corners, faces))
    is_repeated = (np.diff(faces[order]) == 0) & (np.diff(face_corners[order]) == 0)
    if is_repeated.any():
        corner = order[int(np.argmax(is_repeated))]
        vertex = face_corners[corner]
        raise RangeError(
            f"face {faces[corner]} must meet each vertex once, got vertex {vertex} twice"
        )


def _edge_places(keys: AnyArray, edges: AnyArray, *, n_vertices: int) -> AnyArray:
    """Return where each sorted edge stands in the caller's order."""
    check_shape("edges", edges, (len(keys), 2))
    check_indices("edges", edges, n_vertices)
    wide = np.sort(edges.astype(np.int64), axis=1)
    given = wide[:, 0] * n_vertices + wide[:, 1]
    place = np.argsort(given, kind="stable")
    if not np.array_equal(given[place], keys):
        raise RangeError("edges must be exactly the edges of the faces, each once")
    return place
