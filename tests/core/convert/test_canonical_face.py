"""The shipped canonical face has the published topology and our conventions."""

import numpy as np
import pytest

from mien.core.convert.canonical_face import read_canonical_face
from mien.core.convert.plain_npz import plain_npz
from mien.core.errors import WeightsCorrupt
from mien.core.inference.weights import find_weights
from mien.core.landmarks.topology import LEFT_EYE as LEFT_LIDS
from mien.core.landmarks.topology import RIGHT_EYE as RIGHT_LIDS
from mien.core.landmarks.topology import mirrored_points

RIGHT_EYE, LEFT_EYE, NOSE_TIP, FOREHEAD, CHIN = 33, 263, 1, 10, 152  # sides are the subject's
ON_THE_MIDDLE = (
    0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175,
    195, 197, 199, 200,
)  # fmt: skip
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
BASIS = {4: 0.070909939706, 33: 0.058724168688, 129: 0.120625205338, 447: 0.0, 425: 0.047252278775}


@pytest.fixture(scope="module")
def face():
    with np.load(find_weights("canonical_face_468").path) as arrays:
        return dict(arrays)


def directed_edges(triangles):
    return np.concatenate([triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])


def test_arrays_have_their_shapes_and_types(face):
    assert {name: (a.shape, str(a.dtype)) for name, a in face.items()} == {
        "neutral_m": ((468, 3), "float32"),
        "triangles": ((898, 3), "int32"),
        "uv": ((468, 2), "float32"),
        "procrustes_weights": ((468,), "float64"),
    }


def test_the_mesh_is_a_disc_with_1365_edges_and_the_face_oval_as_its_border(face):
    directed = directed_edges(face["triangles"])
    edges, counts = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    assert len(edges) == 1365
    assert 468 - 1365 + 898 == 1 and len(np.unique(face["triangles"])) == 468
    oval = np.sort(np.stack([OVAL, np.roll(OVAL, -1)], axis=1), axis=1)
    border = edges[counts == 1]
    assert {tuple(e) for e in border} == {tuple(e) for e in oval}
    assert counts.max() == 2


def test_all_triangles_wind_alike_and_outwards(face):
    directed = directed_edges(face["triangles"])
    assert len(np.unique(directed, axis=0)) == len(directed)  # no edge twice in one direction
    corners = face["neutral_m"][face["triangles"]].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    at_the_nose = (face["triangles"] == NOSE_TIP).any(axis=1)
    assert (normals[at_the_nose, 2] > 0).all()
    outwards = corners.mean(axis=1) - corners.mean(axis=(0, 1)) + [0, 0, 0.05]
    assert (np.einsum("ij,ij->i", normals, outwards) > 0).mean() > 0.95


def test_the_face_is_in_metres_with_its_left_at_positive_x(face):
    neutral = face["neutral_m"]
    assert neutral[LEFT_EYE, 0] > 0.04 and neutral[RIGHT_EYE, 0] < -0.04
    assert neutral[FOREHEAD, 1] > neutral[CHIN, 1] + 0.15
    assert neutral[NOSE_TIP, 2] > neutral[LEFT_EYE, 2] + 0.03
    low, high = (-0.07743, -0.09403, -0.02436), (0.07743, 0.08262, 0.07587)
    assert np.allclose(neutral.min(axis=0), low, atol=1e-5)
    assert np.allclose(neutral.max(axis=0), high, atol=1e-5)


def test_the_mirrored_face_is_the_face(face):
    neutral = face["neutral_m"]
    mirrored = neutral * [-1, 1, 1]
    distances = np.linalg.norm(mirrored[:, None] - neutral[None], axis=-1)
    partner = distances.argmin(axis=1)
    assert distances.min(axis=1).max() < 1e-6
    assert tuple(np.flatnonzero(partner == np.arange(468))) == ON_THE_MIDDLE
    right = [i for i in range(468) if i < 248 and i not in ON_THE_MIDDLE]
    assert partner[right].tolist() == list(range(248, 468))  # the published pairs, in order
    assert np.array_equal(partner[partner], np.arange(468))


def test_texture_coordinates_start_at_the_bottom_left(face):
    uv = face["uv"]
    assert uv.min() >= 0 and uv.max() <= 1
    assert uv[FOREHEAD, 1] > 0.85 > 0.15 > uv[CHIN, 1]
    assert uv[LEFT_EYE, 0] > 0.6 > 0.4 > uv[RIGHT_EYE, 0]  # as seen by a viewer


def test_procrustes_weights_are_the_published_ones(face):
    weights = face["procrustes_weights"]
    assert (weights > 0).sum() == 33
    assert weights.sum() == pytest.approx(1.055, abs=1e-6)
    assert {i: pytest.approx(w, abs=1e-9) for i, w in BASIS.items()} == {
        i: weights[i] for i in BASIS
    }


@pytest.fixture(scope="module")
def face_with_irises():
    with np.load(find_weights("canonical_face_478").path) as arrays:
        return dict(arrays)


def test_with_irises_the_mesh_is_still_one_disc_with_the_oval_as_its_border(face_with_irises):
    triangles = face_with_irises["triangles"]
    directed = directed_edges(triangles)
    assert len(np.unique(directed, axis=0)) == len(directed)  # all wind alike
    edges, counts = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    assert 478 - len(edges) + len(triangles) == 1
    assert set(edges[counts == 1].ravel().tolist()) == set(OVAL)
    assert counts.max() == 2 and len(np.unique(triangles)) == 478


def test_irises_are_round_in_the_middle_of_the_eyes_and_mirror_each_other(face, face_with_irises):
    neutral = face_with_irises["neutral_m"].astype(np.float64)
    assert np.array_equal(neutral[:468], face["neutral_m"].astype(np.float64))
    for centre, corners in ((468, (33, 133)), (473, (263, 362))):
        rim = neutral[centre + 1 : centre + 5] - neutral[centre]
        assert np.linalg.norm(rim, axis=1) == pytest.approx(0.00585, abs=1e-6)
        assert (rim[0, 0] > 0) and (rim[1, 1] > 0) and (rim[2, 0] < 0) and (rim[3, 1] < 0)
        middle = neutral[list(corners)].mean(0)
        assert np.linalg.norm(neutral[centre] - middle) < 0.003
    assert np.abs(neutral * [-1, 1, 1] - neutral[mirrored_points(478)])[468:].max() < 1e-6


def test_no_two_triangles_around_the_eyes_share_a_place_in_the_texture(face_with_irises):
    """All of them wind as in space, and together they are as large as the ring of the lids."""
    uv = face_with_irises["uv"].astype(np.float64)
    for first, ring in ((468, RIGHT_LIDS), (473, LEFT_LIDS)):
        inner = {*ring, *range(first, first + 5)}
        triangles = face_with_irises["triangles"]
        eye = triangles[[set(corners) <= inner for corners in triangles.tolist()]]
        corners = uv[eye]
        (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
        areas = (ax * by - ay * bx) / 2
        x, y = uv[list(ring)].T
        whole = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
        assert len(eye) == 24 and (areas > 0).all()
        assert areas.sum() == pytest.approx(whole, rel=1e-5)


def test_metadata_without_a_mesh_or_with_a_short_one_is_an_error():
    with pytest.raises(WeightsCorrupt, match="0 canonical meshes, expected 1"):
        read_canonical_face(b"")
    with pytest.raises(WeightsCorrupt, match="expected 2340 and 2694"):
        read_canonical_face(
            b"\x0a\x07\x1a\x04\x00\x00\x80\x3f\x20\x05"[:2] + b"\x1d\x00\x00\x80\x3f\x20\x05"
        )


def test_an_archive_of_the_same_arrays_has_the_same_bytes(face):
    assert plain_npz(face) == plain_npz({name: a.copy() for name, a in face.items()})
    assert plain_npz(face) == find_weights("canonical_face_468").path.read_bytes()
