"""The size of a head, from its irises."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import DegenerateError
from mien.core.geometry import load_canonical_face, scaled_by_irises, solve_geometry
from mien.core.geometry.irises import IRIS_DIAMETER_M
from mien.core.pipeline.firm_points import eyes_of_mesh
from mien.core.spaces import apply_transform

sys.path.insert(0, str(Path(__file__).parent))
from turning_face import SIZE, neutral, person, turning

EYES = eyes_of_mesh(478)


@pytest.fixture(scope="module")
def landmarks():
    """A head of true size whose irises are 11.7 mm wide, seen by MediaPipe's own camera."""
    face_m = person(neutral()) * 0.9
    circles = []
    for eye in EYES:
        middle = face_m[list(eye.contour)].mean(0)
        around = [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)]
        circles.append(middle + np.array([(x, y, 0) for x, y in around]) * IRIS_DIAMETER_M / 2)
    seen = turning(
        np.concatenate([face_m, *circles]), n_frames=60, zoom=1.0, has_bias=False, noise_px=0.1
    )
    return face_m, seen


def test_a_head_is_as_large_as_its_irises_say(landmarks):
    face_m, seen = landmarks
    plain = solve_geometry(seen.landmarks_px, size=SIZE, canonical=load_canonical_face(478))
    scaled = scaled_by_irises(plain, seen.landmarks_px, eyes=EYES)

    def size_of(head_m):
        return np.linalg.norm(head_m[:, 33] - head_m[:, 263], axis=-1).mean()

    true = np.linalg.norm(face_m[33] - face_m[263])
    assert size_of(scaled.head_m) == pytest.approx(true, rel=0.02)
    assert abs(size_of(plain.head_m) / true - 1.0) > 0.05
    distance = -scaled.camera_from_head[:, 2, 3]
    np.testing.assert_allclose(distance, -seen.pose[:, 2, 3], rtol=0.03)


def test_nothing_moves_in_the_image(landmarks):
    _, seen = landmarks
    plain = solve_geometry(seen.landmarks_px, size=SIZE, canonical=load_canonical_face(478))
    scaled = scaled_by_irises(plain, seen.landmarks_px, eyes=EYES)
    before = apply_transform(plain.image_from_head, plain.head_m)
    after = apply_transform(scaled.image_from_head, scaled.head_m)
    np.testing.assert_allclose(after, before, atol=2e-3)
    ratios = np.linalg.norm(scaled.head_m, axis=-1) / np.linalg.norm(plain.head_m, axis=-1)
    assert np.ptp(ratios) < 1e-4  # one factor for the take
    assert scaled.camera == plain.camera
    turns = [one.camera_from_head[:, :3, :3] for one in (plain, scaled)]
    np.testing.assert_array_equal(*turns)


def test_an_iris_that_looks_aside_is_as_wide(landmarks):
    """A disk seen from the side is an ellipse; its longer axis stays."""
    _, seen = landmarks
    plain = solve_geometry(seen.landmarks_px, size=SIZE, canonical=load_canonical_face(478))
    narrow = seen.landmarks_px.copy()
    for eye in EYES:
        centre = narrow[:, eye.iris[0], None, 0]
        narrow[:, list(eye.iris), 0] = centre + math.cos(0.6) * (
            narrow[:, list(eye.iris), 0] - centre
        )
    straight, aside = (
        scaled_by_irises(plain, points, eyes=EYES).camera_from_head[0, 2, 3]
        for points in (seen.landmarks_px, narrow)
    )
    assert aside == pytest.approx(straight, rel=0.03)


def test_lost_faces_and_points_without_extent_have_no_size(landmarks):
    _, seen = landmarks
    lost = np.full_like(seen.landmarks_px, np.nan)
    geometry = solve_geometry(lost, size=SIZE, canonical=load_canonical_face(478))
    assert np.isnan(scaled_by_irises(geometry, lost, eyes=EYES).head_m).all()
    dots = seen.landmarks_px.copy()
    for eye in EYES:
        dots[:, list(eye.iris)] = dots[:, eye.iris[:1]]
    geometry = solve_geometry(dots, size=SIZE, canonical=load_canonical_face(478))
    with pytest.raises(DegenerateError, match="irises must have an extent"):
        scaled_by_irises(geometry, dots, eyes=EYES)
