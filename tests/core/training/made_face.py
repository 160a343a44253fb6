"""A face model made of an ellipsoid: what the data maker's tests draw and fit."""

from __future__ import annotations

import numpy as np

from mien.core.training.face_model import FaceModel, triangles_from_quads

SIDE = 61
NAMES = (
    "eyeBlink_L", "eyeBlink_R", "eyeLookDown_L", "eyeLookDown_R", "eyeSquint_L", "eyeSquint_R",
    "eyeWide_L", "eyeWide_R", "jawOpen", "mouthSmile_L", "mouthSmile_R",
)  # fmt: skip
_EYES = ((-0.032, 0.035), (0.032, 0.035))
_MOUTH = (0.0, -0.036)


def made_face_model() -> FaceModel:
    """Return the model: an ellipsoid's front with two eyes and a mouth cut out."""
    theta = np.linspace(-1.75, 1.75, SIDE)
    height = np.linspace(0.13, -0.15, SIDE)
    angle, y = np.meshgrid(theta, height)
    round_off = np.sqrt(np.clip(1.0 - (y / 0.19) ** 2, 0.05, None))
    x = 0.075 * np.sin(angle) * round_off
    z = 0.11 * np.cos(angle) * round_off + 0.008
    nose = 0.025 * np.exp(-((x / 0.012) ** 2) - ((y + 0.0) / 0.02) ** 2) * (z > 0.05)
    points = np.stack([x, y, z + nose], axis=-1).reshape(-1, 3)
    index = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    quads = np.stack(
        [index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1
    ).reshape(-1, 4)
    middle = points[quads].mean(axis=1)
    is_hole = np.zeros(len(quads), bool)
    for ex, ey in _EYES:
        is_hole |= (np.hypot((middle[:, 0] - ex) / 0.014, (middle[:, 1] - ey) / 0.007) < 1) & (
            middle[:, 2] > 0.03
        )
    is_hole |= (
        (np.abs(middle[:, 0]) < 0.02)
        & (np.abs(middle[:, 1] - _MOUTH[1]) < 0.004)
        & (middle[:, 2] > 0.03)
    )
    identity = np.stack(
        [0.05 * points * (1, 0, 0), 0.05 * points * (0, 1, 0), 0.05 * points * (0, 0, 1)]
    )
    return FaceModel(
        neutral_m=points.astype(np.float32),
        triangles=triangles_from_quads(quads[~is_hole].astype(np.int32)),
        identity_m=identity.astype(np.float32),
        expression_m=_expressions(points).astype(np.float32),
        expression_names=NAMES,
        landmarks_68=_landmarks(points, np.unique(quads[~is_hole])),
    )


def _expressions(points: np.ndarray) -> np.ndarray:
    """Return movements in the order of `NAMES`."""
    shapes = np.zeros((len(NAMES), *points.shape))
    x, y, z = points.T
    front = z > 0.03
    for name, (ex, ey) in zip(("eyeBlink_R", "eyeBlink_L"), _EYES, strict=True):
        near = np.exp(-(((x - ex) / 0.016) ** 2) - ((y - ey) / 0.01) ** 2) * (y > ey) * front
        shapes[NAMES.index(name), :, 1] = -0.008 * near
    jaw = np.clip((_MOUTH[1] - y) / 0.02, 0.0, 1.0) * front
    shapes[NAMES.index("jawOpen"), :, 1] = -0.03 * jaw
    for name, sign in (("mouthSmile_R", -1.0), ("mouthSmile_L", 1.0)):
        near = np.exp(-(((x - 0.025 * sign) / 0.015) ** 2) - ((y - _MOUTH[1]) / 0.015) ** 2) * front
        shapes[NAMES.index(name)] = 0.01 * near[:, None] * (sign, 0.7, 0.0)
    return shapes


def _landmarks(points: np.ndarray, used: np.ndarray) -> tuple[int, ...]:
    """Return the vertices nearest to where 68 landmarks lie on an average face."""
    places = np.array(
        [(-0.07 + 0.14 * i / 16, 0.035 - 0.1 * np.sin(np.pi * i / 16)) for i in range(17)]
        + [(-0.058 + 0.0105 * i, 0.055 + 0.004 * np.sin(np.pi * i / 4)) for i in range(5)]
        + [(0.016 + 0.0105 * i, 0.055 + 0.004 * np.sin(np.pi * i / 4)) for i in range(5)]
        + [(0.0, 0.03 - 0.01 * i) for i in range(4)]
        + [(-0.014 + 0.007 * i, -0.014) for i in range(5)]
        + [_around(eye, 0.015, 0.008, 6, i) for eye in _EYES for i in range(6)]
        + [_around(_MOUTH, 0.026, 0.012, 12, i) for i in range(12)]
        + [_around(_MOUTH, 0.02, 0.005, 8, i) for i in range(8)]
    )
    seen = used[points[used, 2] > 0.0]
    found = [
        int(seen[np.linalg.norm(points[seen, :2] - place, axis=1).argmin()]) for place in places
    ]
    return tuple(found)


def _around(
    middle: tuple[float, float], across: float, up: float, n: int, i: int
) -> tuple[float, float]:
    """Return a place on an ellipse, from the left of the picture over the top."""
    angle = np.pi - 2.0 * np.pi * i / n
    return middle[0] + across * float(np.cos(angle)), middle[1] + up * float(np.sin(angle))
