import numpy as np

from mien.core.spaces import scene_from_head


def test_the_nose_points_along_minus_y_and_the_top_along_z():
    # Head space: x to the subject's left, y up, z out of the face.
    left, up, out = np.eye(3)
    assert scene_from_head(left).tolist() == [1, 0, 0]
    assert scene_from_head(up).tolist() == [0, 0, 1]
    assert scene_from_head(out).tolist() == [0, -1, 0]


def test_nothing_is_mirrored():
    assert np.linalg.det(scene_from_head(np.eye(3))) == 1


def test_values_and_dtype_are_kept_exactly_for_any_leading_axes():
    points = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    found = scene_from_head(points)
    assert found.dtype == np.float32
    assert np.array_equal(found[..., 0], points[..., 0])
    assert np.array_equal(found[..., 1], -points[..., 2])
    assert np.array_equal(found[..., 2], points[..., 1])
    assert np.isnan(scene_from_head(np.full((2, 3), np.nan))).all()
