"""The mesh that a face is given away as."""

import numpy as np
import pytest

from mien.core.mesh import face_surface
from mien.core.records import FaceTopology
from mien.core.settings import MeshSettings


@pytest.fixture
def topology():
    """A flat square of two triangles."""
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    return FaceTopology(square, np.array([[0, 1, 2], [0, 2, 3]], np.int32), square[:, :2])


def test_without_subdivision_the_engines_points_are_the_vertices(topology):
    surface = face_surface(topology, MeshSettings(subdivide=0))
    values = np.random.default_rng(0).normal(size=(3, 4, 3))
    assert surface.carry(values) is values
    assert (surface.n_vertices, surface.polygons.tolist()) == (4, [[0, 1, 2], [0, 2, 3]])


@pytest.mark.parametrize("levels", [1, 2])
def test_subdivided_positions_uvs_and_polygons_fit_each_other(topology, levels):
    surface = face_surface(topology, MeshSettings(subdivide=levels))
    (positions,) = surface.carry(topology.neutral_m[None])
    assert surface.polygons.shape == (6 * 4 ** (levels - 1), 4)
    assert np.unique(surface.polygons).tolist() == list(range(surface.n_vertices))
    assert positions.shape == (surface.n_vertices, 3)
    corners = positions[surface.polygons]
    assert (np.cross(corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0])[:, 2] > 0).all()
    # Inside, UVs follow the same rule as positions: here they are the same numbers.
    inside = np.linalg.norm(positions[:, :2] - 0.5, axis=1).argmin()
    assert surface.uv[inside] == pytest.approx(positions[inside, :2], abs=1e-6)


def test_offsets_are_carried_as_differences_of_positions(topology):
    surface = face_surface(topology, MeshSettings(subdivide=1))
    offsets = np.random.default_rng(1).normal(size=(1, 4, 3)).astype(np.float32)
    difference = surface.carry(topology.neutral_m + offsets) - surface.carry(
        topology.neutral_m[None]
    )
    assert surface.carry(offsets) == pytest.approx(difference, abs=1e-6)
