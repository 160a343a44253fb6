"""The lists of landmarks, against the canonical face's own geometry."""

import numpy as np
import pytest

from mien.core.geometry import load_canonical_face
from mien.core.landmarks import topology

RINGS = {
    name: getattr(topology, name)
    for name in (
        "RIGHT_EYE", "LEFT_EYE", "RIGHT_BROW", "LEFT_BROW", "OUTER_LIPS", "INNER_LIPS",
        "FACE_OVAL",
    )
}  # fmt: skip
FACE = load_canonical_face(468).topology


@pytest.mark.parametrize("name", RINGS)
def test_a_ring_runs_along_edges_of_the_mesh_and_visits_no_point_twice(name):
    ring = RINGS[name]
    triangles = FACE.triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    known = set(map(frozenset, edges.tolist()))
    steps = list(zip(ring, (*ring[1:], ring[0]), strict=True))
    assert len(set(ring)) == len(ring)
    assert [step for step in steps if frozenset(step) not in known] == []


@pytest.mark.parametrize(
    ("right", "left"),
    [("RIGHT_EYE", "LEFT_EYE"), ("RIGHT_BROW", "LEFT_BROW"), ("OUTER_LIPS", "OUTER_LIPS"),
     ("INNER_LIPS", "INNER_LIPS"), ("FACE_OVAL", "FACE_OVAL")],
)  # fmt: skip
def test_left_mirrors_right(right, left):
    mirrored = FACE.neutral_m[list(RINGS[right])] * (-1, 1, 1)
    others = FACE.neutral_m[list(RINGS[left])]
    distances_m = np.linalg.norm(mirrored[:, None] - others[None], axis=2)
    assert distances_m.min(axis=1).max() < 1e-6
    if right != left:  # the same order, too
        assert np.linalg.norm(mirrored - others, axis=1).max() < 1e-6


@pytest.mark.parametrize("n_landmarks", [468, 478])
def test_mirrored_points_are_those_of_the_mirrored_canonical_face(n_landmarks):
    neutral = load_canonical_face(n_landmarks).topology.neutral_m
    partner = topology.mirrored_points(n_landmarks)
    assert np.abs(neutral * (-1, 1, 1) - neutral[partner]).max() < 1e-6
    assert np.array_equal(partner[partner], np.arange(n_landmarks))


def test_sides_are_the_subjects_own():
    """Head space's x grows toward the subject's left."""
    for name in ("RIGHT_EYE", "RIGHT_BROW"):
        assert (FACE.neutral_m[list(RINGS[name]), 0] < 0).all(), name
    for name in ("LEFT_EYE", "LEFT_BROW"):
        assert (FACE.neutral_m[list(RINGS[name]), 0] > 0).all(), name


def test_a_brow_is_above_its_eye_and_both_above_the_lips():
    heights_m = {name: FACE.neutral_m[list(ring), 1] for name, ring in RINGS.items()}
    for side in ("RIGHT", "LEFT"):
        assert heights_m[f"{side}_BROW"].min() > heights_m[f"{side}_EYE"].max()
        assert heights_m[f"{side}_EYE"].min() > heights_m["OUTER_LIPS"].max()


def test_the_inner_lips_lie_within_the_outer_ones():
    outer = FACE.neutral_m[list(topology.OUTER_LIPS)]
    inner = FACE.neutral_m[list(topology.INNER_LIPS)]
    assert (inner[:, :2].min(axis=0) > outer[:, :2].min(axis=0)).all()
    assert (inner[:, :2].max(axis=0) < outer[:, :2].max(axis=0)).all()


def test_the_oval_is_the_border_of_the_mesh():
    triangles = FACE.triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    found, counts = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert set(found[counts == 1].ravel().tolist()) == set(topology.FACE_OVAL)


@pytest.mark.parametrize("n_landmarks", [468, 478])
def test_what_is_quick_on_one_side_is_quick_on_the_other(n_landmarks):
    quick = topology.quick_landmarks(n_landmarks)
    assert len(set(quick.tolist())) == len(quick) and quick.max() < n_landmarks
    mirrored = topology.mirrored_points(n_landmarks)[quick]
    assert set(mirrored.tolist()) == set(quick.tolist())


def test_only_meshes_with_irises_have_quick_irises():
    irises = set(topology.quick_landmarks(478).tolist()) - set(
        topology.quick_landmarks(468).tolist()
    )
    assert irises == set(range(468, 478))
