"""The layout: nothing folds, sides are alike, and what is sampled lies on the mesh."""

import numpy as np
import pytest

from mien.core.errors import DegenerateError
from mien.core.training.face_model import MIRRORED_68
from mien.core.training.layout import make_layout
from mien.core.training.layout_mesh import Zone, boundary_loops
from mien.core.training.layout_tables import sampling_matrix


def test_each_texel_is_a_mix_of_vertices_that_adds_up_to_one(layout):
    total = np.asarray(layout.mix.sum(axis=1)).ravel()
    assert np.abs(total - 1.0).max() < 1e-9
    assert layout.mix.min() >= 0.0


def test_the_closed_surface_has_one_border_and_no_folded_triangle(layout):
    assert len(boundary_loops(layout.mesh.triangles)) == 1
    a, b, c = (layout.plane_uv[layout.mesh.triangles[:, k]] for k in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (turn <= 1e-8).all()  # v goes down: all triangles turn the same way
    assert abs(-0.5 * turn.sum() - 1.0) < 0.01  # and together they are the square


def test_both_sides_of_the_face_are_alike(face_model, layout):
    neutral = layout.map_m(face_model.neutral_m)
    mirrored = neutral[:, ::-1] * (-1.0, 1.0, 1.0)
    assert np.median(np.linalg.norm(neutral - mirrored, axis=2)) < 2e-4
    assert (layout.zone == layout.zone[:, ::-1]).all()
    # u goes to the subject's left, v down.
    assert neutral[64, 120, 0] > 0.03 > -0.03 > neutral[64, 8, 0]
    assert neutral[5, 64, 1] > neutral[120, 64, 1]


def test_eyes_and_mouth_are_closed(layout):
    eyes, mouth = layout.zone == int(Zone.EYE), layout.zone == int(Zone.MOUTH)
    assert eyes[:, :64].sum() > 30 and mouth.sum() > 30
    rows = np.flatnonzero(mouth.any(axis=1))
    assert rows.min() > np.flatnonzero(eyes.any(axis=1)).max()


def test_what_is_sampled_from_the_map_lies_on_the_mesh(face_model, layout):
    identity = np.array([1.0, -0.5, 0.4])
    expression = np.zeros(len(face_model.expression_names))
    expression[face_model.expression_names.index("jawOpen")] = 0.6
    model_m = face_model.vertices(identity, expression)
    skin = np.unique(layout.mesh.triangles[layout.mesh.zone == int(Zone.SKIN)])
    found = sampling_matrix(layout.plane_uv[skin]) @ layout.map_m(model_m).reshape(-1, 3)
    error = np.linalg.norm(found - layout.mesh.vertices(model_m)[skin], axis=1)
    assert np.median(error) < 2e-4 and np.percentile(error, 99) < 2e-3


def test_the_landmarks_lie_at_their_vertices(face_model, layout):
    found = sampling_matrix(layout.landmarks_uv) @ layout.map_m(face_model.neutral_m).reshape(-1, 3)
    there = face_model.neutral_m[list(face_model.landmarks_68)]
    assert np.linalg.norm(found - there, axis=1).max() < 2e-3


def test_the_mirror_table_is_its_own_inverse():
    table = np.array(MIRRORED_68)
    assert (table[table] == np.arange(68)).all()
    assert table[36] == 45 and table[48] == 54 and table[30] == 30 and table[0] == 16


def test_a_face_with_another_hole_is_refused(face_model):
    from dataclasses import replace

    middle = face_model.neutral_m[face_model.triangles].mean(axis=1)
    hole = np.linalg.norm(middle - (0.03, -0.01, middle[:, 2].max() - 0.02), axis=1).argmin()
    torn = replace(face_model, triangles=np.delete(face_model.triangles, hole, axis=0))
    with pytest.raises(DegenerateError, match="4 borders"):
        make_layout(torn)
