"""Where the points of a face go when it blinks, opens its jaw, smiles, and turns.

Points are image space, pixels; the face mesh has 468 points. Expressions are made in the frame of
the face as the photograph shows it: along its eye line, and in depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..arrays import Float64Array, FloatArray, IndexArray, check_indices, check_shape
from ..errors import DegenerateError
from ..landmarks.topology import FACE_OVAL, LEFT_EYE, RIGHT_EYE

N_LANDMARKS = 468
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
_EAR_SIDES = (234, 454)

# fmt: off
# Per eye, each from the outer to the inner corner, corners left out: lid margins, first shell above
# and below, second shell above.
RIGHT_LIDS = ((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155),
              (247, 30, 29, 27, 28, 56, 190), (25, 110, 24, 23, 22, 26, 112),
              (113, 225, 224, 223, 222, 221, 189))
LEFT_LIDS = ((466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382),
             (467, 260, 259, 257, 258, 286, 414), (255, 339, 254, 253, 252, 256, 341),
             (342, 445, 444, 443, 442, 441, 413))
# Lips, corner to corner from the subject's right, corners left out: outer, semi-outer, semi-inner,
# inner.
_LOWER_LIPS = ((146, 91, 181, 84, 17, 314, 405, 321, 375),
               (77, 90, 180, 85, 16, 315, 404, 320, 307),
               (96, 89, 179, 86, 15, 316, 403, 319, 325),
               (95, 88, 178, 87, 14, 317, 402, 318, 324))
_UPPER_LIPS = ((185, 40, 39, 37, 0, 267, 269, 270, 409),
               (184, 74, 73, 72, 11, 302, 303, 304, 408),
               (183, 42, 41, 38, 12, 268, 271, 272, 407),
               (191, 80, 81, 82, 13, 312, 311, 310, 415))
_RIGHT_MOUTH_CORNER, _LEFT_MOUTH_CORNER = (61, 76, 62, 78), (291, 306, 292, 308)
_NOSE = (1, 2, 4, 5, 6, 19, 94, 98, 327, 168, 195, 197, 64, 294, 48, 278)
# fmt: on
_FREE_OF_OVAL = (288, 397, 365, 379, 378, 149, 150, 136, 172, 58)
_JAW_OF_OVAL = {323: 0.0, 361: 0.1, 400: 0.97, 377: 1.0, 152: 1.0}
_LID_MEETING = np.array([0.2, 0.12, 0.12, 0.12, 0.12, 0.2, 0.6])[:, None]
"""Where the lids meet, from the lower (0) to the upper (1); outer to inner corner."""
_SMILE_REACH = 0.24
"""How far around a mouth corner skin follows it, in inter-ocular distances."""
_STEEPEST = 1.5
_CAMERA_DISTANCE = 6.0
"""Distance of the camera in widths of the face: the perspective of a portrait lens."""


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """The head at one moment; as in `MotionCurves`, the shift in pixels."""

    yaw_rad: float = 0.0
    pitch_rad: float = 0.0
    roll_rad: float = 0.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0


class FaceMotion:
    """Moves the points of one face."""

    def __init__(self, landmarks_px: FloatArray, triangles: IndexArray) -> None:
        check_shape("landmarks_px", landmarks_px, (N_LANDMARKS, 3))
        check_shape("triangles", triangles, ("n_triangles", 3))
        check_indices("triangles", triangles, N_LANDMARKS)
        points = landmarks_px.astype(np.float64)
        along = points[LEFT_EYE_OUTER, :2] - points[RIGHT_EYE_OUTER, :2]
        self.inter_ocular_px = float(np.hypot(*along))
        if not self.inter_ocular_px > 1.0:
            raise DegenerateError(
                "landmarks_px must be those of a face, got outer eye corners "
                f"{self.inter_ocular_px:g} px apart"
            )
        sides = points[list(_EAR_SIDES)]
        self.pivot = sides.mean(axis=0)
        self._width_px = float(np.linalg.norm(sides[1, :2] - sides[0, :2]))
        self.points = _without_steep_depth(points)
        self._roll = rotation_2d(math.atan2(along[1], along[0]))
        self._blink = _blink_offsets(self.points)
        self._jaw_share = _harmonic(_jaw_values(), triangles)
        self._smile_shares = tuple(
            _smile_share(self.points, corner, reach_px=_SMILE_REACH * self.inter_ocular_px)
            for corner in (_RIGHT_MOUTH_CORNER[0], _LEFT_MOUTH_CORNER[0])
        )

    def expressed(self, *, blink: float, jaw_rad: float, smile_px: float) -> Float64Array:
        """Return the points (468, 3) with lids closed by a share, the jaw open, a smile."""
        upright = self._to_face(self.points + blink * self._blink)
        right, left = self._smile_shares
        for share, side in ((right, -1.0), (left, 1.0)):
            upright += smile_px * share[:, None] * np.array([0.8 * side, -0.6, 0.35])
        # The jaw turns about the axis through the ears: the chin, in front of it, goes down.
        angle = self._jaw_share * jaw_rad
        y, z = upright[:, 1].copy(), upright[:, 2].copy()
        upright[:, 1] = y * np.cos(angle) - z * np.sin(angle)
        upright[:, 2] = y * np.sin(angle) + z * np.cos(angle)
        return self._from_face(upright)

    def posed(self, points: Float64Array, head: HeadMotion) -> Float64Array:
        """Return points (n, 3) of the photograph after the head has moved."""
        offsets = points - self.pivot
        distance = _CAMERA_DISTANCE * self._width_px
        # Perspective is undone before the turn and done after it: at rest each point stays put.
        offsets[:, :2] *= 1.0 + offsets[:, 2:] / distance
        turned = self._to_upright(offsets) @ _turn(head.yaw_rad, head.pitch_rad).T
        seen = self._from_upright(turned)
        seen[:, :2] /= 1.0 + seen[:, 2:] / distance
        seen[:, :2] = seen[:, :2] @ rotation_2d(head.roll_rad).T
        seen *= head.scale
        return np.asarray(seen + self.pivot + [*head.shift_px, 0.0], np.float64)

    def _to_face(self, points: Float64Array) -> Float64Array:
        """Express points in the face's frame: x along the eyes, y down, origin between the ears."""
        return self._to_upright(points - self.pivot)

    def _from_face(self, points: Float64Array) -> Float64Array:
        """Undo `_to_face`."""
        return np.asarray(self._from_upright(points) + self.pivot, np.float64)

    def _to_upright(self, offsets: Float64Array) -> Float64Array:
        """Take the photograph's own roll out of offsets."""
        return np.concatenate([offsets[:, :2] @ self._roll, offsets[:, 2:]], axis=1)

    def _from_upright(self, offsets: Float64Array) -> Float64Array:
        """Undo `_to_upright`."""
        return np.concatenate([offsets[:, :2] @ self._roll.T, offsets[:, 2:]], axis=1)


def inside_of(loop: tuple[int, ...], triangles: IndexArray) -> IndexArray:
    """Return the triangles with all corners on the loop: the inside of an eye or the mouth."""
    return np.asarray(triangles[np.isin(triangles, loop).all(axis=1)], np.int32)


def rotation_2d(angle_rad: float) -> Float64Array:
    """Return the 2×2 rotation that turns x toward y."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[cos, -sin], [sin, cos]])


def _turn(yaw_rad: float, pitch_rad: float) -> Float64Array:
    """Return the 3×3 rotation: yaw about y, then pitch about x; z points away from the camera."""
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    yaw = np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
    cos, sin = math.cos(pitch_rad), math.sin(pitch_rad)
    pitch = np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])
    return np.asarray(pitch @ yaw, np.float64)


def _without_steep_depth(points: Float64Array) -> Float64Array:
    """Bring points forward until nothing recedes more steeply than a photograph can be turned.

    At the rim of a face the mesh recedes by many pixels within a few: turned, these few pixels,
    half of them background, would be stretched over a cheek.
    """
    gaps = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1)
    calm = points.copy()
    calm[:, 2] = (points[None, :, 2] + _STEEPEST * gaps).min(axis=1)
    return calm


def _blink_offsets(points: Float64Array) -> Float64Array:
    """Return what a full blink adds to each point."""
    offsets = np.zeros_like(points)
    for upper, lower, above, below, higher in (map(list, RIGHT_LIDS), map(list, LEFT_LIDS)):
        meeting = points[lower] + _LID_MEETING * (points[upper] - points[lower])
        down, up = meeting - points[upper], meeting - points[lower]
        offsets[upper], offsets[lower] = down, up
        offsets[above], offsets[higher] = 0.8 * down, 0.3 * down
        offsets[below] = 0.4 * up
    return offsets


def _jaw_values() -> dict[int, float]:
    """Return the share of the jaw's turn that some points make; the rest follows from them."""
    values = dict.fromkeys((*FACE_OVAL, *_NOSE), 0.0)
    for loop in (RIGHT_EYE, LEFT_EYE):
        values |= dict.fromkeys(loop, 0.0)
    for index in _FREE_OF_OVAL:
        del values[index]
    mirrored = dict(zip(FACE_OVAL, (FACE_OVAL[0], *reversed(FACE_OVAL[1:])), strict=True))
    for index, share in _JAW_OF_OVAL.items():
        values[index] = values[mirrored[index]] = share
    values |= dict.fromkeys((*_RIGHT_MOUTH_CORNER, *_LEFT_MOUTH_CORNER), 0.4)
    for lip in _UPPER_LIPS:
        values |= dict.fromkeys(lip, 0.0) | {lip[0]: 0.15, lip[-1]: 0.15}
    for lip in _LOWER_LIPS:
        bow = np.sin(np.linspace(0.0, math.pi, len(lip) + 2)[1:-1]) ** 0.7
        values |= dict(zip(lip, 0.4 + 0.6 * bow, strict=True))
    return values


def _smile_share(points: Float64Array, corner: int, *, reach_px: float) -> Float64Array:
    """Return the share of a mouth corner's way that each point makes: (468,)."""
    gaps = np.linalg.norm(points[:, :2] - points[corner, :2], axis=1)
    return np.asarray(np.exp(-((gaps / reach_px) ** 2)), np.float64)


def _harmonic(values: dict[int, float], triangles: IndexArray) -> Float64Array:
    """Spread values over the mesh as a soap film: each free point is the mean of its neighbours."""
    adjacency = np.zeros((N_LANDMARKS, N_LANDMARKS))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        adjacency[triangles[:, a], triangles[:, b]] = 1.0
        adjacency[triangles[:, b], triangles[:, a]] = 1.0
    system = np.diag(adjacency.sum(axis=1)) - adjacency
    fixed = list(values)
    system[fixed] = 0.0
    system[fixed, fixed] = 1.0
    wanted = np.zeros(N_LANDMARKS)
    wanted[fixed] = list(values.values())
    return np.asarray(np.linalg.solve(system, wanted), np.float64)
