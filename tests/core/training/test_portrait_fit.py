"""The fit finds again what the landmarks were made from."""

import numpy as np

from mien.core.training.correspondence import refined_uv, sample_map, symmetric_uv
from mien.core.training.portrait_fit import PortraitFit, PortraitFitter
from mien.core.training.variations import rotation_from_angles


def test_pose_and_shape_are_found_again(face_model, layout):
    rng = np.random.default_rng(8)
    uv = rng.uniform(0.05, 0.95, (478, 2))
    fitter = PortraitFitter(face_model, layout, uv)
    expression = np.zeros(len(face_model.expression_names))
    expression[face_model.expression_names.index("jawOpen")] = 0.5
    truth = PortraitFit(
        identity=np.array([0.8, -0.6, 0.2]),
        expression=expression,
        rotation=rotation_from_angles(0.2, -0.1, 0.15),
        scale_px=1500.0,
        shift_px=np.array([300.0, 240.0, 10.0]),
        residual=0.0,
    )
    landmarks = truth.points_px(fitter.landmarks_m(truth))
    found = fitter.fit(landmarks)
    assert found.residual < 3e-3
    assert np.degrees(np.arccos((np.trace(found.rotation.T @ truth.rotation) - 1) / 2)) < 1.0
    again = found.points_px(fitter.landmarks_m(found))
    assert np.linalg.norm((again - landmarks)[:, :2], axis=1).max() < 2.0
    jaw = found.expression[face_model.expression_names.index("jawOpen")]
    assert abs(jaw - 0.5) < 0.15
    assert found.expression.min() >= 0.0 and found.expression.max() <= 1.0


def test_landmarks_move_along_the_surface_by_what_is_asked(face_model, layout):
    neutral = layout.map_m(face_model.neutral_m)
    uv = symmetric_uv(np.random.default_rng(3).uniform(0.3, 0.7, (468, 2)))
    step = np.zeros((468, 2))
    step[:, 1] = -0.001  # a millimetre down
    moved = sample_map(neutral, refined_uv(uv, step, neutral)) - sample_map(neutral, uv)
    assert np.median(moved[:, 1]) < -0.0003
    assert abs(np.median(moved[:, 0])) < 0.0002
