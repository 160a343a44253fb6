"""What a made face looks like: who, with which expression, from where, in which light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float64Array, FloatArray
from .portrait_fit import PortraitFit

_IDENTITY_SPREAD = 0.7
_FRONTAL_SHARE, _FRONTAL_SPREAD_RAD = 0.3, np.deg2rad(14.0)
_MAX_YAW_RAD = np.deg2rad(85.0)
_PITCH_SPREAD_RAD, _MAX_PITCH_RAD = np.deg2rad(13.0), np.deg2rad(42.0)
_ROLL_SPREAD_RAD = np.deg2rad(9.0)
_NEAREST_M, _FARTHEST_M = 0.3, 4.0


@dataclass(frozen=True, slots=True)
class Variation:
    """One made face: weights of the model, pose, camera distance, light.

    `lights` (n, 6): direction in head space and colour; `ambient` (3,); `gaze_px` (2,) in pixels of
    the portrait; `seed` of everything that is painted.
    """

    identity: Float64Array
    expression: Float64Array
    yaw_rad: float
    pitch_rad: float
    roll_rad: float
    distance_m: float
    ambient: Float64Array
    lights: Float64Array
    gaze_px: Float64Array
    seed: int

    @property
    def image_from_head(self) -> Float64Array:
        """The rotation (3, 3) from head space into image space."""
        return rotation_from_angles(self.yaw_rad, self.pitch_rad, self.roll_rad)


def rotation_from_angles(yaw_rad: float, pitch_rad: float, roll_rad: float) -> Float64Array:
    """Return image_from_head: turned to its left, then down, then clockwise as seen."""
    cy, sy = np.cos(yaw_rad), np.sin(yaw_rad)
    cp, sp = np.cos(pitch_rad), np.sin(pitch_rad)
    cr, sr = np.cos(roll_rad), np.sin(roll_rad)
    yaw = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    pitch = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    roll = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(roll @ np.diag([1.0, -1.0, -1.0]) @ pitch @ yaw, np.float64)


def yaw_of(image_from_head: FloatArray) -> float:
    """Return how far the face is turned about its own up axis, to its left, radians."""
    # The last row is the way to the camera as the head sees it, turned around: no roll is in it.
    return float(np.arctan2(image_from_head[2, 0], -image_from_head[2, 2]))


def random_variation(
    rng: np.random.Generator, fit: PortraitFit, names: tuple[str, ...]
) -> Variation:
    """Draw a face like the portrait's, but of another shape, expression, pose and light."""
    if rng.random() < _FRONTAL_SHARE:
        yaw = rng.normal(0.0, _FRONTAL_SPREAD_RAD)
    else:
        yaw = rng.uniform(-_MAX_YAW_RAD, _MAX_YAW_RAD)
    n_identities = len(fit.identity)
    identity = rng.uniform(0.3, 1.0) * fit.identity
    identity = identity + rng.normal(0.0, rng.uniform(0.0, _IDENTITY_SPREAD), n_identities)
    ambient, lights = _random_light(rng)
    return Variation(
        identity=identity,
        expression=random_expression(rng, fit.expression, names),
        yaw_rad=float(yaw),
        pitch_rad=float(np.clip(rng.normal(0, _PITCH_SPREAD_RAD), -_MAX_PITCH_RAD, _MAX_PITCH_RAD)),
        roll_rad=float(rng.normal(0.0, _ROLL_SPREAD_RAD)),
        distance_m=float(np.exp(rng.uniform(np.log(_NEAREST_M), np.log(_FARTHEST_M)))),
        ambient=ambient,
        lights=lights,
        gaze_px=rng.normal(0.0, 2.0, 2) * (rng.random() < 0.5),
        seed=int(rng.integers(2**31)),
    )


def random_expression(
    rng: np.random.Generator, own: FloatArray, names: tuple[str, ...]
) -> Float64Array:
    """Draw weights: a few movements, mostly alike on both sides, some opposed ones left out."""
    weights = np.zeros(len(names))
    kind = rng.random()
    if kind < 0.2:
        weights += own
    index = {name: i for i, name in enumerate(names)}
    bases = sorted({name.removesuffix("_L").removesuffix("_R") for name in names})
    share = 0.02 if kind < 0.3 else rng.uniform(0.05, 0.25)
    for base in bases:
        if rng.random() > share or base in ("mouthClose", "PupilDilate"):
            continue
        amount = rng.beta(1.3, 1.3)
        sides = [index[name] for name in (f"{base}_L", f"{base}_R") if name in index]
        for side in sides:
            weights[side] = np.clip(amount + rng.normal(0.0, 0.1), 0.0, 1.0)
        if len(sides) == 2 and rng.random() < 0.2:
            weights[sides[rng.integers(2)]] *= rng.random()
        if not sides and base in index:
            weights[index[base]] = amount
    _add_blink(rng, weights, index)
    if rng.random() < 0.35:
        weights[index["jawOpen"]] = rng.beta(1.2, 2.0)
    if rng.random() < 0.25:
        smile = rng.beta(1.5, 1.5)
        for name in ("mouthSmile_L", "mouthSmile_R"):
            weights[index[name]] = np.clip(smile + rng.normal(0.0, 0.08), 0.0, 1.0)
    _calmed(weights, index)
    return weights


def _add_blink(rng: np.random.Generator, weights: Float64Array, index: dict[str, int]) -> None:
    """Close the eyes of one face in three, of some only one."""
    if rng.random() < 0.35:
        blink = rng.beta(1.0, 0.7)
        for side in ("eyeBlink_L", "eyeBlink_R"):
            weights[index[side]] = np.clip(blink + rng.normal(0.0, 0.05), 0.0, 1.0)
        if rng.random() < 0.15:
            weights[index["eyeBlink_L" if rng.random() < 0.5 else "eyeBlink_R"]] = 0.0


def _calmed(weights: Float64Array, index: dict[str, int]) -> None:
    """Take back what adds up to more than a face can do."""
    jaw = weights[index["jawOpen"]]
    for name, i in index.items():
        if name.startswith("eyeBlink") or name == "jawOpen":
            continue
        if name.startswith(("mouthShrug", "mouthRoll", "mouthFunnel", "mouthPucker")):
            weights[i] *= 1.0 - 0.6 * jaw
    for ending in ("_L", "_R"):
        blink = weights[index[f"eyeBlink{ending}"]]
        for other in ("eyeLookDown", "eyeSquint", "eyeWide"):
            weights[index[other + ending]] *= 1.0 - blink


def _random_light(rng: np.random.Generator) -> tuple[Float64Array, Float64Array]:
    """Draw the light around and up to two lamps, which shine from the front half."""
    if rng.random() < 0.3:
        return np.ones(3), np.zeros((0, 6))
    ambient = rng.uniform(0.35, 0.9) * (1.0 + rng.normal(0.0, 0.06, 3))
    lamps = []
    for _ in range(rng.integers(1, 3)):
        direction = rng.normal([0.0, 0.3, 0.5], [1.0, 0.6, 0.5])
        direction /= max(float(np.linalg.norm(direction)), 1e-6)
        colour = rng.uniform(0.15, 0.9) * (1.0 + rng.normal(0.0, 0.1, 3))
        lamps.append(np.concatenate([direction, colour]))
    lamps_there = np.array(lamps)
    # Seen from the front about half of each lamp arrives; few faces are burnt out.
    total = float((ambient + 0.6 * lamps_there[:, 3:].sum(axis=0)).mean())
    gain = rng.uniform(0.45, 1.25) / total
    lamps_there[:, 3:] *= gain
    return gain * ambient, lamps_there
