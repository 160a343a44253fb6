"""What mirrored crops give is turned back, and what has failed is found."""

import numpy as np
import pytest

from mien.core.geometry import load_canonical_face
from mien.core.landmarks import agreeing, mirrored_back

SIZE = 192


@pytest.mark.parametrize("n_landmarks", [468, 478])
def test_a_mirrored_face_turned_back_is_the_face(n_landmarks):
    face = load_canonical_face(n_landmarks).topology.neutral_m * [900.0, -900.0, -900.0] + 96.0
    face = np.asarray(face, np.float32)
    # The canonical face is its own mirror image: what a network gives for its mirrored crop.
    np.testing.assert_allclose(mirrored_back(face, size=SIZE), face, atol=1e-3)
    turned = face + np.linspace(0, 20, n_landmarks, dtype=np.float32)[:, None]
    twice = mirrored_back(mirrored_back(turned, size=SIZE), size=SIZE)
    np.testing.assert_allclose(twice, turned, atol=1e-4)


def test_a_crop_that_failed_is_told_from_crops_that_differ():
    rng = np.random.default_rng(0)
    face = rng.uniform(100, 300, (478, 3))
    crops = face + rng.normal(0, 1.0, (4, 1, 3)) + rng.normal(0, 0.5, (4, 478, 3))
    assert agreeing(crops, size_px=300.0).tolist() == [True] * 4
    crops[2] = crops[2] * 1.2 - 30.0
    assert agreeing(crops, size_px=300.0).tolist() == [True, True, False, True]
    assert agreeing(crops[1:3], size_px=300.0).tolist() == [True, True]
